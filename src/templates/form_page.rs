//! The form of an object: to add, to change, or only to read.

use serde::Serialize;

use super::layout::Link;
use super::list_page::Choice;
use super::page::Content;
use crate::domain::form::validation_error::{FieldError, Place, ValidationErrors};

/// How a field is shown; the templates under widgets/ have a macro for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WidgetKind {
    /// input type=text, url, email, password: see `input_type`.
    #[default]
    Text,
    /// textarea
    Long,
    /// A text with suggestions from `suggestions`.
    Suggested,
    Select,
    Checkbox,
    /// Two-sided picker; without JavaScript a list of checkboxes.
    Picker,
    /// A table of inputs with rows to add and remove.
    Rows,
    /// Text only; a link where `href` is set.
    Shown,
}

/// One input of a row.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CellView {
    /// `tuples-3-metric`; its element's id is `id_` and this.
    pub name: String,
    pub value: String,
    /// A fixed key: shown as text, sent as a hidden input.
    pub is_fixed: bool,
    pub errors: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowView {
    pub cells: Vec<CellView>,
    pub errors: Vec<String>,
    /// Fixed rows cannot be removed.
    pub is_fixed: bool,
}

/// A column of rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ColumnView {
    /// `metric` of `tuples-3-metric`.
    pub name: String,
    pub label: String,
    pub required: bool,
    pub maxlength: usize,
    /// '' without.
    pub suggestions: String,
}

/// A key that rows need while another field has a certain value: a passive metric its flag PASSIVE. The page's script
/// warns while it is missing; whether it may be, the save decides.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequiredKey {
    /// The other field, and its value: "mtype", "Passive".
    pub field: String,
    pub value: String,
    /// What stands in the first column of one row: "PASSIVE".
    pub key: String,
    /// The warning.
    pub text: String,
}

/// One field, ready to be shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Widget {
    pub look: WidgetKind,
    /// The element's id is `id_` and this; its help is `id_NAME_help`, its errors `id_NAME_errors`.
    pub name: String,
    pub label: String,
    pub help: String,
    pub required: bool,
    pub errors: Vec<String>,
    /// Of a text: text, url, email or password.
    pub input_type: &'static str,
    pub value: String,
    /// 0: no limit.
    pub maxlength: usize,
    /// Stands before the input, not part of the value (the namespace of profiles); '' without.
    pub prefix: String,
    /// Address that answers `?q=` with JSON `{"results": [{"value": …, "note": …}]}`; '' without.
    pub suggestions: String,
    pub checked: bool,
    /// Of a select or picker. More than a few hundred picks are still all here.
    pub choices: Vec<Choice>,
    pub columns: Vec<ColumnView>,
    /// A table that can grow has a blank one at its end; numbers in names may have gaps.
    pub rows: Vec<RowView>,
    pub needs: Option<RequiredKey>,
    /// Of what is shown only, and beside a read-only URL: leads there; '' where nowhere.
    pub href: String,
    /// Shown as text (a checkbox as it is), not for typing; nothing is sent.
    pub disabled: bool,
}

/// Fields that belong together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FieldsetView {
    /// '' for the first.
    pub legend: String,
    pub help: String,
    /// For the page's script: show only when the field named first has this value ("mtype", "Active").
    pub only_if: Option<(String, String)>,
    pub widgets: Vec<Widget>,
}

/// Something worth knowing about the object beside its fields.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InfoLine {
    /// «Metrics that use it».
    pub label: String,
    /// '' where links say it all.
    pub text: String,
    pub links: Vec<Link>,
}

impl InfoLine {
    /// A fact of links; none where there is no link.
    pub fn of(label: &str, links: Vec<Link>) -> Vec<Self> {
        match links.is_empty() {
            true => Vec::new(),
            false => vec![Self { label: label.to_owned(), text: String::new(), links }],
        }
    }
}

/// One field in a conflict of two who edited the same object.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FieldConflict {
    pub label: String,
    /// When the form was opened.
    pub base: String,
    /// As it stands now.
    pub theirs: String,
    /// As typed.
    pub mine: String,
    /// Both changed it, differently.
    pub both: bool,
}

/// What changed while the form was open.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConflictView {
    /// «bob, today 14:03»; '' where it is not known.
    pub by: String,
    pub clashes: Vec<FieldConflict>,
}

/// An error in the summary at the top.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorLink {
    pub text: String,
    /// `#id_name`; '' where it is about the form as a whole.
    pub href: String,
}

/// Template `admin/form`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FormPage {
    /// «Change metric»; with the object's name in `object`.
    pub heading: String,
    pub object: String,
    /// Where it is posted to.
    pub action: String,
    /// What the save starts from; '' for a new object.
    pub revision: String,
    /// The content when the form was opened, as JSON, for the view of a conflict; '' for a new object.
    pub base: String,
    /// Why nothing can be typed, and whom to ask; '' for a form that can be saved.
    pub read_only: String,
    /// It holds what is saved nowhere: who leaves it is warned.
    pub is_unsaved: bool,
    /// Where what it holds comes from: «Filled with the version 0.1.7. Nothing is saved yet.»; '' as a rule.
    pub notice: String,
    /// «Please correct the errors below.»; '' without errors.
    pub error_heading: String,
    pub error_links: Vec<ErrorLink>,
    pub conflict: Option<ConflictView>,
    pub fieldsets: Vec<FieldsetView>,
    /// Choices of how to save (checkboxes): new version, update metrics.
    pub ticks: Vec<Widget>,
    pub facts: Vec<InfoLine>,
    /// History, Clone.
    pub tools: Vec<Link>,
    /// Leads to the confirmation; `None` for who may not.
    pub delete: Option<Link>,
    /// A secret that is shown this once (the token of a new key); '' else.
    pub secret: String,
}

impl Content for FormPage {
    const TEMPLATE: &'static str = "admin/form";
}

/// The errors at the top of a form, each with the way to its input. `named`: of a field's name the label, '' where none
/// is said, and its first column, where errors of whole rows stand; '' where it has no rows.
pub fn error_links<'a>(errors: &ValidationErrors, named: impl Fn(&str) -> (&'a str, &'a str)) -> Vec<ErrorLink> {
    let in_row = |field: &str, row: usize, column: &str| {
        (format!("{}, row {}", named(field).0, row + 1), format!("#id_{field}-{row}-{column}"))
    };
    let link = |error: &FieldError| {
        let (place, href) = match error.place {
            Place::Form => (String::new(), String::new()),
            Place::Field(name) => (named(name).0.to_owned(), format!("#id_{name}")),
            Place::Row { field, row } => in_row(field, row, named(field).1),
            Place::Cell { field, row, column } => in_row(field, row, column),
        };
        let colon = if place.is_empty() { "" } else { ": " };
        ErrorLink { text: format!("{place}{colon}{}", error.message), href }
    };
    errors.errors.iter().map(link).collect()
}

/// «Please correct the error below.»; '' without any.
pub fn error_heading(errors: &ValidationErrors) -> String {
    let words = match errors.errors.len() {
        0 => "",
        1 => "Please correct the error below.",
        _ => "Please correct the errors below.",
    };
    words.to_owned()
}
