//! The form of an object: to add, to change, or only to read.

use std::collections::HashSet;

use serde::Serialize;

use super::layout::Link;
use super::list_page::Choice;
use super::object_tabs::ObjectTabs;
use super::page::Content;
use super::row_groups::RowGroupsView;
use crate::domain::form::validation_error::{FieldError, Place, ValidationErrors, words};

/// The look of a field; `templates/widgets` has a macro for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WidgetKind {
    /// A one-line input: text, url, email or password, see [`Widget::input_type`].
    #[default]
    Text,
    /// A text area.
    Long,
    /// A one-line input with suggestions, see [`Widget::suggestions`].
    Suggested,
    /// A drop-down list of [`Widget::choices`].
    Select,
    /// A checkbox, see [`Widget::checked`].
    Checkbox,
    /// A two-sided picker; without JavaScript a list of checkboxes.
    Picker,
    /// A table of inputs; rows can be added and removed.
    Rows,
    /// Groups of rows, see [`Widget::row_groups`].
    Groups,
    /// Text only; a link if [`Widget::href`] is set.
    Shown,
}

/// One input of a row.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CellView {
    /// The name of the input: `tuples-3-metric`. The id of its element is `id_` and this name.
    pub name: String,
    /// The text in the input.
    pub value: String,
    /// The address of the object that is named, in a form that is only read; else empty.
    pub href: String,
    /// True for a fixed key, which is shown as text and sent as a hidden input.
    pub is_fixed: bool,
    /// The errors of this input; empty if it is valid.
    pub errors: Vec<String>,
}

/// One row of a table of inputs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowView {
    /// The inputs, from left to right.
    pub cells: Vec<CellView>,
    /// The errors of the row as a whole; empty if it is valid.
    pub errors: Vec<String>,
    /// True if the row cannot be removed.
    pub is_fixed: bool,
}

/// A column of a table of inputs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ColumnView {
    /// The last part of its inputs' names: `metric` of `tuples-3-metric`.
    pub name: String,
    /// The heading of the column.
    pub label: String,
    /// True if a row must have a value in this column.
    pub required: bool,
    /// The maximum number of characters; 0 for no limit.
    pub maxlength: usize,
    /// The address of the suggestions, as in [`Widget::suggestions`]; empty if there are none.
    pub suggestions: String,
    /// The address that answers which names are new; empty if the form adds no names of this column.
    pub new_names: String,
}

/// A key that rows need while another field has a certain value: a passive metric needs the flag PASSIVE.
///
/// The page's script adds the row when the other field gets that value; the save decides.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequiredKey {
    /// The name of the other field: `mtype`.
    pub field: String,
    /// The value of the other field that makes the key necessary: `Passive`.
    pub value: String,
    /// The text that the first column of one row must have: `PASSIVE`.
    pub key: String,
    /// The text that is added in the second column with the key: `1`.
    pub filled: String,
    /// The warning that is shown while the key is missing.
    pub text: String,
}

/// One field, ready to be shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Widget {
    /// The look, which decides which of the other values are used.
    pub look: WidgetKind,
    /// The name of the input. The ids of its elements are `id_NAME`, `id_NAME_help` and `id_NAME_errors`.
    pub name: String,
    /// The label of the field.
    pub label: String,
    /// The help text below the input; empty if there is none.
    pub help: String,
    /// True if the field must have a value.
    pub required: bool,
    /// The errors of the field; empty if it is valid.
    pub errors: Vec<String>,
    /// The type of a one-line input: "text", "url", "email" or "password".
    pub input_type: &'static str,
    /// The text in the input, or the value of the selected choice.
    pub value: String,
    /// The maximum number of characters; 0 for no limit.
    pub maxlength: usize,
    /// The text before the input that is not part of the value (the namespace of profiles); empty if there is none.
    pub prefix: String,
    /// The address that answers `?q=` with JSON `{"results": [{"value": …, "note": …}]}`; empty if there is none.
    pub suggestions: String,
    /// True if the checkbox is ticked.
    pub checked: bool,
    /// All choices of a select or picker, however many there are.
    pub choices: Vec<Choice>,
    /// What to do if a select has no choices; `None` if it has some.
    pub missing: Option<MissingChoices>,
    /// The columns of a table of inputs.
    pub columns: Vec<ColumnView>,
    /// The rows of a table of inputs. A table that can grow ends with a blank row; numbers in names may have gaps.
    pub rows: Vec<RowView>,
    /// The groups of a field of groups of rows; else `None`.
    pub row_groups: Option<RowGroupsView>,
    /// The key that the rows may need; `None` if there is none.
    pub needs: Option<RequiredKey>,
    /// The address of the link on a text that is only shown, or next to a read-only URL; empty if there is none.
    pub href: String,
    /// True for the first field of a form that is opened to add an object: it has the focus.
    pub autofocus: bool,
    /// True if the value is shown as text (a checkbox as a disabled one) and is not sent.
    pub disabled: bool,
}

/// The reason why a select has no choices, and what to do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MissingChoices {
    /// The sentences.
    pub text: String,
    /// The link to the form that adds a choice; `None` if the viewer may not add one.
    pub add: Option<Link>,
}

/// Fields that belong together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FieldsetView {
    /// The heading; empty for the first fieldset.
    pub legend: String,
    /// The help text below the heading; empty if there is none.
    pub help: String,
    /// A field and its value (`mtype`, `Active`): the page's script hides the fieldset for other values.
    pub only_if: Option<(String, String)>,
    /// The fields, in order.
    pub widgets: Vec<Widget>,
}

/// The number of links in a line about objects that have a page.
const SUMMARY: usize = 5;

/// A line of information about the object, in addition to its fields.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InfoLine {
    /// The label: `Metrics that use it`.
    pub label: String,
    /// The text; empty if the links are enough.
    pub text: String,
    /// The objects that the line is about; empty if the text is enough.
    pub links: Vec<Link>,
}

impl InfoLine {
    /// Returns one line with the links, or no line if there is no link.
    pub fn of(label: &str, links: Vec<Link>) -> Vec<Self> {
        match links.is_empty() {
            true => Vec::new(),
            false => vec![Self { label: label.to_owned(), text: String::new(), links }],
        }
    }

    /// Returns one line with the first links and one that leads to all, or no line if there is no link. `all` is the
    /// address of all; if it is empty, the line has them.
    pub fn summary(label: &str, mut links: Vec<Link>, all: String) -> Vec<Self> {
        let total = links.len();
        if !all.is_empty() && total > SUMMARY {
            links.truncate(SUMMARY);
            links.push(Link::new(format!("All {total}"), all));
        }
        Self::of(label, links)
    }
}

/// A secret that is shown only once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SecretView {
    /// The secret.
    pub text: String,
    /// The line for a shell that tries it; empty if there is no such line.
    pub usage: String,
    /// The link to the list, for those who have copied it.
    pub done: Link,
}

/// The button that makes a new secret for an object whose secret was shown only once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Renewal {
    /// The address that the button posts to.
    pub action: String,
    /// The time when the current secret was made, for the field [`RENEWED`].
    pub made: String,
}

/// The hidden field with the time of the secret that a [`Renewal`] replaces: of two submits, only the first makes one.
pub const RENEWED: &str = "_made";

/// One field in the comparison of a save conflict.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FieldConflict {
    /// The label of the field.
    pub label: String,
    /// The value when the form was opened.
    pub base: String,
    /// The value that is saved now.
    pub theirs: String,
    /// The value that was typed.
    pub mine: String,
    /// True if both changed the field, to different values.
    pub both: bool,
}

/// The changes that were saved while the form was open.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConflictView {
    /// The sentence about the last save: `Saved by bob, 2019-03-01 14:03.`; empty if unknown.
    pub by: String,
    /// The fields that were changed by either side.
    pub fields: Vec<FieldConflict>,
}

/// A name that a save would add to the registry.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewNameView {
    /// The name.
    pub name: String,
    /// What it names: `metric`.
    pub what: &'static str,
    /// A known name that is similar; empty if there is none.
    pub near: String,
    /// The anchor of the input with the name; empty if there is none.
    pub href: String,
}

/// The question whether to add new names.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewNamesView {
    /// The value of the checkbox that confirms them.
    pub value: String,
    /// The names.
    pub names: Vec<NewNameView>,
}

/// An error in the summary at the top of a form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorLink {
    /// The error, with the label of its field.
    pub text: String,
    /// The anchor of the field (`#id_name`); empty for an error of the form as a whole.
    pub href: String,
}

/// A federated login that asks for an account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClaimView {
    /// The identifier of the person.
    pub identity: String,
    /// The facts about the person and their login.
    pub facts: Vec<InfoLine>,
}

/// The federated logins that ask for an account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClaimsView {
    /// The address of the decision.
    pub action: String,
    /// The logins, the first one first.
    pub claims: Vec<ClaimView>,
}

/// The field with the identifier of the person in a decision about a federated login.
pub const CLAIM_IDENTITY: &str = "identity";
/// The field with the decision about a federated login: [`CLAIM_LINK`] or [`CLAIM_REFUSE`].
pub const CLAIM_DECISION: &str = "decision";
/// The decision that the account is the person's.
pub const CLAIM_LINK: &str = "link";
/// The decision that the account is not the person's.
pub const CLAIM_REFUSE: &str = "refuse";

/// Content of the template `admin/form`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FormPage {
    /// The heading without the object's name: `Change metric`.
    pub heading: String,
    /// The object's name; empty for a new object.
    pub object: String,
    /// The tag of a metric, which is not in its name; else empty.
    pub tag: String,
    /// The address that the form is posted to.
    pub action: String,
    /// The revision that the form was opened with; empty for a new object.
    pub revision: String,
    /// The content when the form was opened, as JSON, for the view of a conflict; empty for a new object.
    pub base: String,
    /// The reason why the form is read-only, and whom to ask; empty for a form that can be saved.
    pub read_only: String,
    /// True if the form holds unsaved input; the browser then warns before the page is left.
    pub is_unsaved: bool,
    /// The origin of the values in the form, if they are not the saved ones; usually empty.
    pub notice: String,
    /// The address to try again if another server did not respond; else empty.
    pub retry: String,
    /// What the page says about another server that stores the object as well; usually empty.
    pub notes: Vec<String>,
    /// True if the form can be filled from a file.
    pub can_import: bool,
    /// The heading of the choice to create an object again on another server, which no longer has it, or to remove it here;
    /// usually empty.
    pub missing: &'static str,
    /// The heading of the errors: `Please correct the errors below.`; empty without errors.
    pub error_heading: String,
    /// The errors, each with a link to its field.
    pub error_links: Vec<ErrorLink>,
    /// The changes of others, after a save conflict; else `None`.
    pub conflict: Option<ConflictView>,
    /// The question whether to add new names; `None` if there is none.
    pub new_names: Option<NewNamesView>,
    /// The fields.
    pub fieldsets: Vec<FieldsetView>,
    /// The options of the save, as checkboxes: new version, update metrics.
    pub ticks: Vec<Widget>,
    /// The input that asks why the user makes the change; `None` if the form does not.
    pub change_reason: Option<Widget>,
    /// The information next to the fields.
    pub facts: Vec<InfoLine>,
    /// The pages of the object; empty for a new object.
    pub tabs: ObjectTabs,
    /// What else can be done with the object: Clone, Compare with….
    pub tools: Vec<Link>,
    /// The link to the confirmation of the deletion; `None` if the viewer may not delete.
    pub delete: Option<Link>,
    /// A secret that is shown only once (the token of a new key); `None` if there is none.
    pub secret: Option<SecretView>,
    /// True if the form of a new object has a button that saves it and opens the next one.
    pub can_add_another: bool,
    /// The button that makes a new secret, if the form that made the current one was sent twice; else `None`.
    pub renewal: Option<Renewal>,
    /// The federated logins that ask for the account; `None` if there are none, or the object is no account.
    pub claims: Option<ClaimsView>,
}

impl Content for FormPage {
    const TEMPLATE: &'static str = "admin/form";
}

/// The names by which the summary of errors calls a field.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlaceNames<'a> {
    /// The label of the field; empty for an error that is shown without.
    pub label: &'a str,
    /// The name of its first column, whose inputs show the errors of whole rows; empty if the field has no rows.
    pub first_column: &'a str,
    /// The label of the column that was asked for; empty if there is none.
    pub column: &'a str,
    /// The middle part of the names of inputs in the rows of a group; empty if the field has no groups.
    pub rows: &'a str,
}

/// Returns the errors at the top of a form, each with a link to its input. `named` names the field and the
/// column of a place.
pub fn error_links<'a>(errors: &ValidationErrors, named: impl Fn(Place) -> PlaceNames<'a>) -> Vec<ErrorLink> {
    let wrong: HashSet<Place> = errors.errors.iter().map(|error| error.place).collect();
    // A message of the field names its empty cells already.
    let is_said = |error: &&FieldError| match error.place {
        Place::Cell { field, .. } => error.message == words::REQUIRED && wrong.contains(&Place::Field(field)),
        _ => false,
    };
    let in_row = |field: &str, row: usize, column: &str| format!("#id_{field}-{row}-{column}");
    let link = |error: &FieldError| {
        let names = named(error.place);
        let (place, href) = match error.place {
            Place::Form => (String::new(), String::new()),
            Place::Field(name) => (names.label.to_owned(), format!("#id_{name}")),
            Place::Row { field, row } => {
                (format!("{}, row {}", names.label, row + 1), in_row(field, row, names.first_column))
            }
            Place::Cell { field, row, column } => {
                (format!("{}, row {}, {}", names.label, row + 1, names.column), in_row(field, row, column))
            }
            Place::InGroup { field, group, row, column } => in_group(field, group, (row, column), names),
        };
        let colon = if place.is_empty() { "" } else { ": " };
        ErrorLink { text: format!("{place}{colon}{}", error.message), href }
    };
    errors.errors.iter().filter(|error| !is_said(error)).map(link).collect()
}

/// Returns the words for a place in a group of rows, and its anchor. Errors of a whole row or group are at its name.
fn in_group(
    field: &str,
    group: usize,
    (row, column): (Option<usize>, Option<&str>),
    names: PlaceNames<'_>,
) -> (String, String) {
    let input = column.unwrap_or(names.first_column);
    let (in_row, href) = match row {
        Some(row) => (format!(", row {}", row + 1), format!("#id_{field}-{group}-{}-{row}-{input}", names.rows)),
        None => (String::new(), format!("#id_{field}-{group}-{input}")),
    };
    let of_column = column.map(|_| format!(", {}", names.column)).unwrap_or_default();
    (format!("{}, group {}{in_row}{of_column}", names.label, group + 1), href)
}

/// Returns the heading of the errors: `Please correct the error below.`; empty without errors.
pub fn error_heading(errors: &ValidationErrors) -> String {
    let words = match errors.errors.len() {
        0 => "",
        1 => "Please correct the error below.",
        _ => "Please correct the errors below.",
    };
    words.to_owned()
}
