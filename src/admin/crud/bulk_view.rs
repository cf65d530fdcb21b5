//! The pages and messages about changes of many objects.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::bulk_request::{BulkRequest, CHANGE_ALL, DELETE_ALL, Outcome};
use super::diff::of_changes;
use super::entity_admin::EntityAdmin;
use super::form_places;
use super::list_return;
use super::named_object::NamedObject;
use super::response::PageResponse;
use super::widgets;
use crate::domain::form::bulk_edit::{self, NOTHING, SettingAction, TO, is_section};
use crate::domain::form::change_reason;
use crate::domain::form::field::{Field, Kind, Shape};
use crate::domain::form::rows_edit::{self, RowsAction, is_table};
use crate::domain::form::validation_error::{FieldError, Place, ValidationErrors};
use crate::domain::model::policy::Denial;
use crate::registry::SaveError;
use crate::registry::bulk::{Each, PlannedChange};
use crate::store::{Loaded, Result};
use crate::templates::bulk_page::{
    BulkEditPage, BulkPreviewPage, BulkRow, FROM_ALL, PICK, SettingView, TARGET, TableView,
};
use crate::templates::form_page::{ErrorLink, Widget, WidgetKind};
use crate::templates::list_page::Choice;
use crate::templates::{Link, Severity};

/// The prefixes of the inputs of an edit.
const INPUTS: [&str; 3] = [TO, "setting_", "rows_"];
/// The most objects that a message names.
const MAX_NAMED: usize = 5;

/// Returns the form that asks what is to be changed.
pub(super) async fn edit<D: EntityAdmin>(
    request: &BulkRequest<'_, D>,
    conn: &mut PgConnection,
    found: &[Loaded<D::Content>],
    errors: &ValidationErrors,
) -> Result<BulkEditPage> {
    let mut hidden: Vec<_> = found.iter().map(|it| (PICK.to_owned(), it.id.to_string())).collect();
    hidden.extend(request.is_about_all().then(|| (FROM_ALL.to_owned(), "1".to_owned())));
    Ok(BulkEditPage {
        heading: format!("Change {}", counted(request, found.len())),
        action: action(request),
        back: back(request),
        objects: found.iter().map(|it| object(request, it)).collect(),
        hidden,
        problems: errors.errors.iter().map(problem).collect(),
        widgets: value_widgets(request, conn).await?,
        setting: setting(request),
        table: table(request, errors),
        change_reason: widgets::change_reason(&typed(request, change_reason::INPUT), errors),
    })
}

/// Returns the form that reads the rows of one object from a table.
pub(super) fn import<D: EntityAdmin>(request: &BulkRequest<'_, D>, found: &NamedObject<D::Content>) -> BulkEditPage {
    let (options, errors) = (request.entity.options(), ValidationErrors::default());
    let table = table(request, &errors);
    let object = list_return::carry(options, request.context, request.context.at().view(options.kind, found.loaded.id));
    BulkEditPage {
        heading: table.as_ref().map_or_else(String::new, |table| format!("Import {}", table.label.to_lowercase())),
        action: action(request),
        back: Link::new("Cancel", object),
        objects: vec![self::object(request, &found.loaded)],
        hidden: vec![(PICK.to_owned(), found.loaded.id.to_string())],
        table,
        change_reason: widgets::change_reason("", &errors),
        ..BulkEditPage::default()
    }
}

/// Returns an error with a link to its input.
fn problem(error: &FieldError) -> ErrorLink {
    let href = match error.place {
        Place::Field(input) => format!("#id_{input}"),
        _ => String::new(),
    };
    ErrorLink { text: error.message.clone(), href }
}

/// Returns the inputs for the new values of fields.
async fn value_widgets<D: EntityAdmin>(request: &BulkRequest<'_, D>, conn: &mut PgConnection) -> Result<Vec<Widget>> {
    let Some(viewer) = &request.context.viewer else { return Ok(Vec::new()) };
    let sources = widgets::sources(conn, request.entity, viewer, "").await?;
    let fields = request.entity.fields().iter().filter(|field| request.store.fields().contains(&field.name));
    let widget = |field: &Field<D::Content>| {
        let name = format!("{TO}{}", field.name);
        let value = typed(request, &name);
        let blank = Widget { name, label: field.label.to_owned(), value: value.clone(), ..Widget::default() };
        match field.kind {
            Kind::Choice { source, .. } => {
                let choice = |of: &str, label: &str| Choice {
                    value: of.to_owned(),
                    label: label.to_owned(),
                    selected: of == value,
                };
                let none = format!("No {}", field.label.to_lowercase());
                let fixed =
                    [choice("", "No change")].into_iter().chain((!field.required).then(|| choice(NOTHING, &none)));
                let offered = sources.get(&source).into_iter().flatten().map(|it| choice(&it.value, &it.label));
                Some(Widget { look: WidgetKind::Select, choices: fixed.chain(offered).collect(), ..blank })
            }
            Kind::Text { shape: Shape::Suggested(source), max, .. } => {
                let none = if field.required { "" } else { " Enter - to remove it." };
                let help = format!("Leave empty for no change.{none}");
                let suggestions = widgets::suggestions(source);
                Some(Widget {
                    look: WidgetKind::Suggested,
                    help,
                    suggestions,
                    maxlength: max,
                    input_type: "text",
                    ..blank
                })
            }
            _ => None,
        }
    };
    Ok(fields.filter_map(widget).collect())
}

/// Returns the inputs for one setting; `None` if the objects have none.
fn setting<D: EntityAdmin>(request: &BulkRequest<'_, D>) -> Option<SettingView> {
    let chosen = typed(request, bulk_edit::SECTION);
    let is_offered = |field: &&Field<D::Content>| is_section(field) && request.store.fields().contains(&field.name);
    let sections: Vec<Choice> = (request.entity.fields().iter().filter(is_offered))
        .map(|field| Choice {
            value: field.name.to_owned(),
            label: field.label.to_owned(),
            selected: field.name == chosen,
        })
        .collect();
    let action = typed(request, bulk_edit::ACTION);
    let actions = SettingAction::ALL.map(|it| {
        let (value, label) = it.words();
        Choice { value: value.to_owned(), label: label.to_owned(), selected: value == action }
    });
    (!sections.is_empty()).then(|| SettingView {
        sections,
        actions: actions.into(),
        key: typed(request, bulk_edit::KEY),
        value: typed(request, bulk_edit::VALUE),
    })
}

/// Returns the inputs for a table of rows; `None` if the objects have none.
fn table<D: EntityAdmin>(request: &BulkRequest<'_, D>, errors: &ValidationErrors) -> Option<TableView> {
    let mut fields = request.entity.fields().iter().filter(|field| request.store.fields().contains(&field.name));
    let field = fields.find(|field| is_table(field))?;
    let Kind::Rows { columns, .. } = field.kind else { return None };
    let action = typed(request, rows_edit::ROWS_ACTION);
    let actions = RowsAction::ALL.map(|it| {
        let (value, label) = it.words();
        Choice { value: value.to_owned(), label: label.to_owned(), selected: value == action }
    });
    Some(TableView {
        label: field.label,
        columns: columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", "),
        actions: actions.into(),
        text: typed(request, rows_edit::TABLE),
        errors: errors.of(Place::Field(rows_edit::TABLE)).into_iter().map(str::to_owned).collect(),
    })
}

/// Returns the preview of a change.
pub(super) fn change<D: EntityAdmin>(
    request: &BulkRequest<'_, D>,
    found: &[Loaded<D::Content>],
    planned: Each<PlannedChange>,
) -> BulkPreviewPage {
    let (mut rows, mut refused, mut unchanged, mut hidden) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (it, planned) in found.iter().zip(planned) {
        let row = BulkRow { object: object(request, it), ..BulkRow::default() };
        match planned {
            Ok(planned) if planned.changes.is_empty() => unchanged.push(row.object),
            Ok(planned) => {
                hidden.push((TARGET.to_owned(), format!("{}:{}", it.id, it.revision)));
                rows.push(BulkRow { differences: of_changes(&planned.changes), ..row });
            }
            Err(refusal) => refused.push(BulkRow { refusal: reason(request.entity.fields(), &refusal), ..row }),
        }
    }
    let is_input = |name: &str| INPUTS.iter().any(|prefix| name.starts_with(prefix));
    let input = request.posted.pairs().iter().filter(|(name, value)| is_input(name) && !value.is_empty());
    hidden.extend(input.cloned());
    let what = counted(request, rows.len());
    let button = if rows.is_empty() { String::new() } else { format!("Change {what}") };
    BulkPreviewPage {
        rows,
        refused,
        unchanged,
        button,
        step: CHANGE_ALL,
        ..preview(request, format!("Change {what}?"), hidden)
    }
}

/// Returns the confirmation of a deletion; `refused` has what the viewer may not delete, by id, with the reason.
pub(super) fn deletion<D: EntityAdmin>(
    request: &BulkRequest<'_, D>,
    found: &[Loaded<D::Content>],
    refused: Vec<(i64, String)>,
) -> BulkPreviewPage {
    let reasons: HashMap<i64, String> = refused.into_iter().collect();
    let row = |it: &Loaded<D::Content>| BulkRow {
        object: object(request, it),
        refusal: reasons.get(&it.id).cloned().unwrap_or_default(),
        ..BulkRow::default()
    };
    let (rows, refused): (Vec<_>, Vec<_>) = found.iter().map(row).partition(|row| row.refusal.is_empty());
    let removable = found.iter().filter(|it| !reasons.contains_key(&it.id));
    let hidden = removable.map(|it| (TARGET.to_owned(), format!("{}:{}", it.id, it.revision))).collect();
    let what = counted(request, rows.len());
    BulkPreviewPage {
        button: if rows.is_empty() { String::new() } else { format!("Delete {what}") },
        rows,
        refused,
        consequence: request.store.consequence_of_removal(),
        step: DELETE_ALL,
        is_deletion: true,
        ..preview(request, format!("Delete {what}?"), hidden)
    }
}

/// Returns what both previews have.
fn preview<D: EntityAdmin>(
    request: &BulkRequest<'_, D>,
    heading: String,
    mut hidden: Vec<(String, String)>,
) -> BulkPreviewPage {
    hidden.extend(request.is_about_all().then(|| (FROM_ALL.to_owned(), "1".to_owned())));
    BulkPreviewPage {
        heading,
        action: action(request),
        back: back(request),
        hidden,
        change_reason: widgets::change_reason(&typed(request, change_reason::INPUT), &ValidationErrors::default()),
        ..BulkPreviewPage::default()
    }
}

/// Leads back to the list, which says what was done and what was left out.
pub(super) fn done<D: EntityAdmin>(request: &BulkRequest<'_, D>, verb: &str, outcome: &Outcome) -> PageResponse {
    let mut lines = vec![format!("{verb} {}.", counted(request, outcome.saved.len()))];
    if outcome.unchanged > 0 {
        let unchanged = counted(request, outcome.unchanged);
        let state = if verb == "Deleted" { "did not exist any more" } else { "had the wanted values already" };
        lines.push(format!("{unchanged} {state}."));
    }
    lines.extend(outcome.refused.iter().take(MAX_NAMED).map(|(name, reason)| format!("Left out {name}: {reason}")));
    lines.extend(more(outcome.refused.len()).map(|more| format!("Left out {more} more.")));
    if !outcome.joined.is_empty() {
        let names = outcome.joined.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = more(outcome.joined.len()).map(|more| format!(" and {more} more")).unwrap_or_default();
        lines.push(format!("Left out, because they match only since the preview: {names}{more}."));
    }
    let side_effects: Vec<&String> = outcome.saved.iter().flat_map(|saved| &saved.side_effects).collect();
    lines.extend(side_effects.iter().take(MAX_NAMED).map(|line| (*line).clone()));
    lines.extend(more(side_effects.len()).map(|more| format!("… and {more} more.")));
    let is_whole = outcome.refused.is_empty() && outcome.joined.is_empty();
    let tone = if is_whole { Severity::Success } else { Severity::Warning };
    let address = list_return::address(request.entity.options(), request.context);
    PageResponse::Redirect { address, flash_lines: lines, tone }
}

/// Returns the number of things that are not named; `None` if all are.
fn more(all: usize) -> Option<usize> {
    all.checked_sub(MAX_NAMED).filter(|more| *more > 0)
}

/// Returns why a change is refused, for people: all errors, each with the label of its field.
pub(super) fn reason<C>(fields: &[Field<C>], refusal: &SaveError) -> String {
    match refusal {
        SaveError::Rejected(errors) => {
            let words = errors.errors.iter().map(|error| match form_places::named(fields, error.place).label {
                "" => error.message.clone(),
                label => format!("{label}: {}", error.message),
            });
            words.collect::<Vec<_>>().join(" ")
        }
        SaveError::Denied(Denial::ForeignObject(group)) if group.is_empty() => {
            "It is in no group; only a superuser can change it.".to_owned()
        }
        SaveError::Denied(Denial::ForeignObject(group)) => format!("You are not a member of its group {group}."),
        SaveError::Stale => "Someone has changed it since the preview.".to_owned(),
        SaveError::Gone => "It was deleted.".to_owned(),
        refusal => refusal.to_string(),
    }
}

/// Returns `5 metrics`.
fn counted<D: EntityAdmin>(request: &BulkRequest<'_, D>, number: usize) -> String {
    let info = request.entity.options().kind.info();
    if number == 1 { format!("1 {}", info.one) } else { format!("{number} {}", info.plural()) }
}

fn object<D: EntityAdmin>(request: &BulkRequest<'_, D>, it: &Loaded<D::Content>) -> Link {
    let (name, tag) = request.entity.heading(&it.content);
    let label = if tag.is_empty() { name } else { format!("{name} ({tag})") };
    Link::new(label, request.context.at().view(request.entity.options().kind, it.id))
}

fn typed<D: EntityAdmin>(request: &BulkRequest<'_, D>, name: &str) -> String {
    request.posted.get(name).unwrap_or_default().to_owned()
}

fn action<D: EntityAdmin>(request: &BulkRequest<'_, D>) -> String {
    let options = request.entity.options();
    list_return::carry(options, request.context, request.context.at().bulk(options.kind))
}

fn back<D: EntityAdmin>(request: &BulkRequest<'_, D>) -> Link {
    Link::new("Cancel", list_return::address(request.entity.options(), request.context))
}
