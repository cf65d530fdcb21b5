//! The widgets of a form, made from the declared fields and the input.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::autocomplete;
use super::entity_admin::EntityAdmin;
use super::new_names;
use super::options::{EntityOptions, SaveOption};
use super::request_context::RequestContext;
use crate::domain::form::field::{Choices, Field, Kind, RowColumn, Shape};
use crate::domain::form::submitted::{Draft, RawValue};
use crate::domain::form::validation_error::{Place, ValidationErrors};
use crate::domain::model::policy::Viewer;
use crate::store::{Result, choices};
use crate::templates::form_page::{self as pages, CellView, FieldsetView, RowView, Widget, WidgetKind};
use crate::templates::list_page::Choice;
use crate::templates::urls::SUGGEST;

/// The number of blank rows at the end of a field of rows.
const BLANK_ROWS: usize = 1;

/// The input and the state of one form.
pub struct FormInput<'a> {
    /// The values of the fields.
    pub draft: &'a Draft,
    /// The errors of the fields.
    pub errors: &'a ValidationErrors,
    /// True for an existing object, false for a new one.
    pub exists: bool,
    /// True if nothing can be typed.
    pub read_only: bool,
    /// The field that needs more blank rows; `None` if no button for it was pressed.
    pub more_rows: Option<&'a str>,
}

/// The choices of selects and pickers, by source.
pub type Sources = HashMap<Choices, Vec<String>>;
pub struct SourceChoice {
    pub value: String,
    pub label: String,
}
impl SourceChoice {
    pub fn plain(s: &str) -> String {
        s.to_owned()
    }
}

/// Loads the choices of every select and picker in one query. Members choose among their own groups.
pub async fn sources<D: EntityAdmin>(
    conn: &mut PgConnection,
    entity: &D,
    viewer: &Viewer,
    group: &str,
) -> Result<Sources> {
    let mut sources = Sources::new();
    let mut asked = Vec::new();
    for field in entity.fields() {
        let source = match field.kind {
            Kind::Choice { source, .. } | Kind::Picks { source, .. } => source,
            _ => continue,
        };
        match source {
            Choices::Groups(kind) if !viewer.is_superuser => {
                sources.insert(source, viewer.groups_of(kind).map(str::to_owned).collect());
            }
            _ => asked.push(source),
        }
    }
    if !asked.is_empty() {
        sources.extend(choices::whole(conn, &asked, Some(group)).await?);
    }
    Ok(sources)
}

/// Returns the fieldsets with their widgets, in the declared order.
pub fn fieldsets<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    form: &FormInput<'_>,
    sources: &Sources,
) -> Vec<FieldsetView> {
    let shown = |set: &super::options::Fieldset| {
        let fields = set.fields.iter().filter_map(|name| entity.fields().iter().find(|field| field.name == *name));
        let widgets: Vec<Widget> = fields
            .filter(|field| is_shown(field, form))
            .map(|field| {
                let shown = widget(context, entity.options(), field, form, sources);
                with_needed(Widget { needs: entity.needed_key(field.name), ..shown }, form)
            })
            .collect();
        FieldsetView {
            legend: set.legend.to_owned(),
            help: set.help.to_owned(),
            only_if: set.only_if.map(|(field, value)| (field.to_owned(), value.to_owned())),
            widgets,
        }
    };
    let sets = entity.options().fieldsets.iter().filter(|set| applies(entity.fields(), set, form));
    sets.map(shown).filter(|set| !set.widgets.is_empty()).collect()
}

/// Returns false for a part that depends on another value of a field that cannot change any more.
fn applies<C>(fields: &[Field<C>], set: &super::options::Fieldset, form: &FormInput<'_>) -> bool {
    let Some((name, value)) = set.only_if else { return true };
    let is_fixed = form.exists && fields.iter().any(|field| field.name == name && field.only_at_first);
    !is_fixed || form.draft.text(name) == value
}

/// Fills a blank row with the key that the rows lack, after a save was refused: the next one then succeeds.
fn with_needed(mut widget: Widget, form: &FormInput<'_>) -> Widget {
    let Some(needs) = &widget.needs else { return widget };
    let is_needed = !form.read_only && !form.errors.is_empty() && form.draft.text(&needs.field) == needs.value;
    let has_it = |row: &RowView| row.cells.first().is_some_and(|cell| cell.value.eq_ignore_ascii_case(&needs.key));
    if !is_needed || widget.rows.iter().any(has_it) {
        return widget;
    }
    if let Some([key, value]) = widget.rows.last_mut().and_then(|row| row.cells.first_chunk_mut()) {
        needs.key.clone_into(&mut key.value);
        needs.filled.clone_into(&mut value.value);
        widget.help = format!("The row {} is added below: save again.", needs.key);
    }
    widget
}

/// Returns false for a password that cannot be entered: its value is never shown.
fn is_shown<C>(field: &Field<C>, form: &FormInput<'_>) -> bool {
    let is_password = matches!(field.kind, Kind::Text { shape: Shape::Password, .. });
    let is_fixed = form.read_only || (form.exists && field.only_at_first);
    !(is_password && is_fixed)
}

fn widget<C>(
    context: &RequestContext<'_>,
    options: &EntityOptions,
    field: &Field<C>,
    form: &FormInput<'_>,
    sources: &Sources,
) -> Widget {
    let blank = Widget {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        help: field.help.to_owned(),
        required: field.required,
        errors: messages(form.errors, Place::Field(field.name)),
        disabled: form.read_only || (form.exists && field.only_at_first),
        ..Widget::default()
    };
    match field.kind {
        Kind::Text { shape, max, .. } => text(context, options, form.draft.text(field.name), (shape, max), blank),
        Kind::Flag { .. } => Widget { look: WidgetKind::Checkbox, checked: form.draft.flag(field.name), ..blank },
        Kind::Choice { source, .. } => {
            let value = form.draft.text(field.name).to_owned();
            let prompt = format!("Choose a {}", field.label.to_lowercase());
            let choices = selection(sources.get(&source), &value, (field.required, &prompt));
            Widget { look: WidgetKind::Select, choices, value, ..blank }
        }
        Kind::Picks { source, .. } => {
            let choices = picks(sources.get(&source), form.draft.picks(field.name));
            Widget { look: WidgetKind::Picker, choices, ..blank }
        }
        Kind::Rows { columns, fixed, .. } => {
            let rows = rows(field.name, (columns, fixed), form);
            let columns = columns.iter().map(column).collect();
            Widget { look: WidgetKind::Rows, columns, rows, ..blank }
        }
    }
}

fn text(
    context: &RequestContext<'_>,
    options: &EntityOptions,
    value: &str,
    (shape, max): (Shape, usize),
    blank: Widget,
) -> Widget {
    let is_link = value.starts_with("http://") || value.starts_with("https://");
    let widget = Widget { value: value.to_owned(), maxlength: max, input_type: "text", ..blank };
    match shape {
        Shape::Line if options.namespaced == Some(widget.name.as_str()) => {
            Widget { prefix: context.prefix(), ..widget }
        }
        Shape::Line => widget,
        Shape::Long => Widget { look: WidgetKind::Long, ..widget },
        Shape::Url => {
            Widget { input_type: "url", href: if is_link { value.to_owned() } else { String::new() }, ..widget }
        }
        Shape::Email => Widget { input_type: "email", ..widget },
        Shape::Password => Widget { input_type: "password", value: String::new(), ..widget },
        Shape::Suggested(source) => Widget { look: WidgetKind::Suggested, suggestions: suggestions(source), ..widget },
    }
}

fn suggestions(source: Choices) -> String {
    format!("{SUGGEST}{}/", autocomplete::name_of(source))
}

/// Returns the choices of a select. The current value is among them even if it is not offered (any more).
///
/// `prompt` is the label of the blank choice, which a required field with a value does not have.
fn selection(names: Option<&Vec<String>>, value: &str, (required, prompt): (bool, &str)) -> Vec<Choice> {
    let names = names.map_or(&[][..], Vec::as_slice);
    let none = (!required || value.is_empty()).then(|| choice("", prompt, value.is_empty()));
    let stray = (!value.is_empty() && !names.iter().any(|name| name == value)).then(|| choice(value, value, true));
    none.into_iter().chain(stray).chain(names.iter().map(|name| choice(name, name, name == value))).collect()
}

/// Returns the choices of a picker; picked names are among them even if they are not offered (any more).
fn picks(names: Option<&Vec<String>>, picked: &[String]) -> Vec<Choice> {
    let names = names.map_or(&[][..], Vec::as_slice);
    let known: std::collections::HashSet<&String> = names.iter().collect();
    let chosen: std::collections::HashSet<&String> = picked.iter().collect();
    let stray = picked.iter().filter(|name| !known.contains(name)).map(|name| choice(name, name, true));
    names.iter().map(|name| choice(name, name, chosen.contains(name))).chain(stray).collect()
}

fn choice(value: &str, label: &str, selected: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), selected }
}

fn column(column: &RowColumn) -> pages::ColumnView {
    pages::ColumnView {
        name: column.name.to_owned(),
        label: column.label.to_owned(),
        required: column.required,
        maxlength: column.max,
        suggestions: column.suggestions.map(suggestions).unwrap_or_default(),
        new_names: column
            .suggestions
            .map(|source| new_names::address(source, &suggestions(source)))
            .unwrap_or_default(),
    }
}

fn rows(name: &'static str, (columns, fixed): (&[RowColumn], &[&str]), form: &FormInput<'_>) -> Vec<RowView> {
    let typed = form.draft.rows(name);
    let by_place = by_place(form.errors);
    let of = |place| by_place.get(&place).cloned().unwrap_or_default();
    let row = |(number, texts): (usize, &Vec<String>)| {
        let is_fixed = texts.first().is_some_and(|first| fixed.contains(&first.as_str()));
        let cell = |(place, (column, text)): (usize, (&RowColumn, &String))| CellView {
            name: format!("{name}-{number}-{}", column.name),
            value: text.clone(),
            href: String::new(),
            is_fixed: is_fixed && place == 0,
            errors: of(Place::Cell { field: name, row: number, column: column.name }),
        };
        RowView {
            cells: columns.iter().zip(texts).enumerate().map(cell).collect(),
            errors: of(Place::Row { field: name, row: number }),
            is_fixed,
        }
    };
    let blank = vec![String::new(); columns.len()];
    let blanks = match (form.read_only, form.more_rows == Some(name)) {
        (true, _) => 0,
        (false, true) => BLANK_ROWS + 3,
        (false, false) => BLANK_ROWS,
    };
    typed.iter().chain(std::iter::repeat_n(&blank, blanks)).enumerate().map(row).collect()
}

/// Indexes the messages by place: a search for every cell would be too slow in a form of thousands of rows.
fn by_place(errors: &ValidationErrors) -> HashMap<Place, Vec<String>> {
    let mut by_place: HashMap<Place, Vec<String>> = HashMap::new();
    for error in &errors.errors {
        by_place.entry(error.place).or_default().push(error.message.clone());
    }
    by_place
}

fn messages(errors: &ValidationErrors, place: Place) -> Vec<String> {
    errors.of(place).into_iter().map(str::to_owned).collect()
}

/// Returns the save options as checkboxes.
pub fn ticks(declared: &[SaveOption], is_set: impl Fn(&str) -> bool) -> Vec<Widget> {
    let tick = |tick: &SaveOption| Widget {
        look: WidgetKind::Checkbox,
        name: tick.name.to_owned(),
        label: tick.label.to_owned(),
        help: tick.help.to_owned(),
        checked: is_set(tick.name),
        ..Widget::default()
    };
    declared.iter().map(tick).collect()
}

/// Returns the value of a field as text, a line for each row or pick, for a comparison; empty for `None`.
pub fn in_words(typed: Option<&RawValue>) -> String {
    match typed {
        None => String::new(),
        Some(RawValue::Text(text)) => text.clone(),
        Some(RawValue::Flag(on)) => if *on { "yes" } else { "no" }.to_owned(),
        Some(RawValue::Picks(picks)) => picks.join("\n"),
        Some(RawValue::Rows(rows)) => {
            let filled = rows.iter().filter(|row| row.iter().any(|text| !text.is_empty()));
            filled.map(|row| row.join("  ")).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
        }
    }
}
