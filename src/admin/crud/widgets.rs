//! The widgets of a form, made from the declared fields and the input.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::autocomplete;
use super::entity_admin::EntityAdmin;
use super::form_input::by_place;
pub use super::form_input::{FormInput, OfferedChoice, Sources, labels};
use super::new_names;
use super::options::{EntityOptions, SaveOption};
use super::request_context::RequestContext;
use super::row_group_widget;
use crate::domain::form::change_reason;
use crate::domain::form::field::{Choices, Field, Kind, RowColumn, Shape};
use crate::domain::form::row_group::RowGroup;
use crate::domain::form::submitted::{Draft, RawValue};
use crate::domain::form::validation_error::{Place, ValidationErrors};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::policy::{Action, Viewer};
use crate::store::{Result, choices};
use crate::templates::Link;
use crate::templates::form_page::{self as pages, CellView, FieldsetView, MissingChoices, RowView, Widget, WidgetKind};
use crate::templates::list_page::Choice;
use crate::templates::urls::SUGGEST;

/// The source of the names that a group of metrics can have.
const METRIC_NAMES_OF_GROUP: Choices = Choices::Groupable(GroupKind::Metrics);

/// The number of blank rows at the end of a field of rows.
const BLANK_ROWS: usize = 1;

/// Loads the choices of every select and picker in one query. Members choose among their own groups; fixed choices are
/// added, and those that are not in the database left out.
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
                sources.insert(source, viewer.groups_of(kind).map(OfferedChoice::plain).collect());
            }
            METRIC_NAMES_OF_GROUP => asked.extend([source, Choices::Metrics]),
            _ if source.is_stored() => asked.push(source),
            _ => {
                let plain = |fixed: &[&str]| fixed.iter().copied().map(OfferedChoice::plain).collect();
                sources.extend(source.fixed().map(|fixed| (source, plain(fixed))));
            }
        }
    }
    if !asked.is_empty() {
        let stored = choices::whole(conn, &asked, Some(group)).await?;
        let plain = |values: Vec<String>| values.into_iter().map(OfferedChoice::plain).collect();
        sources.extend(stored.into_iter().map(|(source, values)| (source, plain(values))));
    }
    mark_unconfigured(&mut sources);
    Ok(sources)
}

/// Marks the names of metrics without a configuration, which a group can have as well.
fn mark_unconfigured(sources: &mut Sources) {
    let Some(configured) = sources.remove(&Choices::Metrics) else { return };
    let configured: HashSet<&str> = configured.iter().map(|choice| choice.value.as_str()).collect();
    for choice in sources.get_mut(&METRIC_NAMES_OF_GROUP).into_iter().flatten() {
        if !configured.contains(choice.value.as_str()) {
            choice.label += " (no configuration)";
        }
    }
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

/// Returns the input that asks why the user makes the change; `errors` are those of the form.
pub fn change_reason(typed: &str, errors: &ValidationErrors) -> Widget {
    Widget {
        name: change_reason::INPUT.to_owned(),
        label: change_reason::LABEL.to_owned(),
        help: "Optional: a ticket or the reason, such as “GGUS 12345: the probe times out”. The history shows it."
            .to_owned(),
        errors: messages(errors, change_reason::PLACE),
        value: typed.to_owned(),
        maxlength: change_reason::MAX,
        input_type: "text",
        ..Widget::default()
    }
}

/// Returns the fieldsets of the form with this content, read-only.
pub fn read_only<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, content: &D::Content) -> Vec<FieldsetView> {
    let (draft, nothing) = (Draft::of(entity.fields(), content), ValidationErrors::default());
    let form = FormInput {
        draft: &draft,
        errors: &nothing,
        warnings: &nothing,
        labels: labels(entity.fields(), content),
        exists: true,
        read_only: true,
        more_rows: None,
        focus: None,
    };
    fieldsets(entity, context, &form, &Sources::new())
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

/// Returns false for a password that cannot be entered, since its value is never shown, and for a field that a new object
/// does not have.
fn is_shown<C>(field: &Field<C>, form: &FormInput<'_>) -> bool {
    let is_password = matches!(field.kind, Kind::Text { shape: Shape::Password, .. });
    let is_fixed = form.read_only || (form.exists && field.only_at_first);
    !(is_password && is_fixed) && (form.exists || !(field.read_only || field.only_later))
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
        disabled: form.read_only || field.read_only || (form.exists && field.only_at_first),
        ..Widget::default()
    };
    match field.kind {
        Kind::Text { shape, max, .. } => text(context, options, form.draft.text(field.name), (shape, max), blank),
        Kind::Flag { .. } => Widget { look: WidgetKind::Checkbox, checked: form.draft.flag(field.name), ..blank },
        Kind::Choice { source, .. } => {
            let value = form.draft.text(field.name).to_owned();
            let label = field.label.to_lowercase();
            let article = if label.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
            let prompt = format!("Choose {article} {label}");
            let other = (source, label_of(form, field.name, &value));
            let choices = selection(sources.get(&source), &value, (field.required, &prompt), other);
            let missing = missing(context, source, sources, field.required).filter(|_| !blank.disabled);
            Widget { look: WidgetKind::Select, choices, missing, value, ..blank }
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
        Kind::RowGroups { layout, .. } => {
            let source = chosen_label(layout.offered_by, form, sources);
            let view = row_group_widget::view((field.name, layout), form, sources, source);
            Widget { look: WidgetKind::Groups, row_groups: Some(view), ..blank }
        }
    }
}

/// Returns what to do if there are no groups to choose from; `None` if there are some, and for other choices.
fn missing(
    context: &RequestContext<'_>,
    source: Choices,
    sources: &Sources,
    is_required: bool,
) -> Option<MissingChoices> {
    let Choices::Groups(kind) = source else { return None };
    sources.get(&source).filter(|groups| groups.is_empty())?;
    let info = kind.object_kind().info();
    let may_add = context.allows(info.kind, Action::StartAdding);
    let text = match (may_add, is_required) {
        (true, true) => format!("There are no {} yet. Add one first.", info.plural()),
        (true, false) => format!("There are no {} yet.", info.plural()),
        (false, _) => format!("You are in no {}. Ask a superuser to add you to one.", info.one),
    };
    let add = may_add.then(|| Link::new(format!("Add {}", info.one), context.at().addition(info.kind)));
    Some(MissingChoices { text, add })
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

/// Returns the address of the suggestions of a source.
pub fn suggestions(source: Choices) -> String {
    format!("{SUGGEST}{}/", autocomplete::name_of(source))
}

/// Returns the choices of a select. The current value is among them even if it is not offered (any more).
///
/// `prompt` is the label of the blank choice, which a required field with a value does not have.
///
/// `other` is the source, and the label of the current value if it is not offered.
fn selection(
    offered: Option<&Vec<OfferedChoice>>,
    value: &str,
    (required, prompt): (bool, &str),
    (source, label): (Choices, &str),
) -> Vec<Choice> {
    let names = offered.map_or(&[][..], Vec::as_slice);
    let none = (!required || value.is_empty()).then(|| choice("", prompt, value.is_empty()));
    let is_stray = !value.is_empty() && !names.iter().any(|name| name.value == value);
    let mark = match source {
        _ if offered.is_none() => "",
        Choices::MetricProfiles => " (not on the ARGO WEB-API)",
        Choices::Operations | Choices::EndpointGroups => " (not a choice here)",
        _ => "",
    };
    let stray = is_stray.then(|| choice(value, &format!("{label}{mark}"), true));
    let offered = names.iter().map(|name| choice(&name.value, &name.label, name.value == value));
    none.into_iter().chain(stray).chain(offered).collect()
}

/// Returns the label of a value that the object has; the value itself if it has no other label.
fn label_of<'a>(form: &'a FormInput<'_>, field: &'static str, value: &'a str) -> &'a str {
    form.labels.get(&(field, value.to_owned())).map_or(value, String::as_str)
}

/// Returns the label of the chosen value of a field; empty if nothing is chosen.
fn chosen_label(field: &'static str, form: &FormInput<'_>, sources: &Sources) -> String {
    let value = form.draft.text(field);
    let offered = sources.get(&Choices::MetricProfiles).into_iter().flatten().find(|choice| choice.value == value);
    offered.map_or_else(|| label_of(form, field, value).to_owned(), |choice| choice.label.clone())
}

/// Returns the choices of a picker; picked names are among them even if they are not offered (any more).
fn picks(names: Option<&Vec<OfferedChoice>>, picked: &[String]) -> Vec<Choice> {
    let names = names.map_or(&[][..], Vec::as_slice);
    let known: HashSet<&String> = names.iter().map(|name| &name.value).collect();
    let chosen: HashSet<&String> = picked.iter().collect();
    let stray = picked.iter().filter(|name| !known.contains(name)).map(|name| choice(name, name, true));
    let offered = names.iter().map(|name| choice(&name.value, &name.label, chosen.contains(&name.value)));
    offered.chain(stray).collect()
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
        Some(RawValue::RowGroups(groups)) => {
            let filled = groups.iter().filter(|group| !group.is_empty());
            filled.map(group_in_words).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Returns a group and its rows as text: `compute (OR)` and, in lines below it, `- ARC-CE (AND)`.
pub fn group_in_words(group: &RowGroup) -> String {
    let rows = group.rows.iter().filter(|row| !row.is_empty());
    let lines = rows.map(|row| format!("\n- {} ({})", row.name, row.operation));
    format!("{} ({}){}", group.name, group.operation, lines.collect::<String>())
}
