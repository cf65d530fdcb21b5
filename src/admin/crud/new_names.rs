//! New names in a form: marked while the user types, and asked for once before the form is saved. A typing error would
//! otherwise stay in the registry.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use sqlx::PgConnection;

use super::autocomplete;
use super::form_fields::NEW_NAMES;
use super::request_context::RequestContext;
use crate::auth::posted::Posted;
use crate::blocking::PAGES;
use crate::domain::form::field::{Choices, Field, Kind};
use crate::domain::form::rows_edit::is_table;
use crate::domain::form::submitted::Draft;
use crate::domain::form::text;
use crate::domain::model::new_name::{NewName, nearest};
use crate::error::{AppError, NOT_FOUND};
use crate::registry::{SaveError, Saved};
use crate::store::{Loaded, choices};
use crate::templates::form_page::{NewNameView, NewNamesView};

/// The name of the parameter with a name to check, as often as there are names.
const NAME: &str = "name";
/// The most names that one request checks.
const MOST_CHECKED: usize = 50;
/// The most names for which similar ones are searched.
const MOST_COMPARED: usize = 100;

/// Returns what a name of this source is called; `None` if names are not added to it by forms.
fn called(source: Choices) -> Option<&'static str> {
    match source {
        Choices::ServiceFlavours => Some("service flavour"),
        Choices::MetricNames => Some("metric"),
        _ => None,
    }
}

/// Returns the address that checks the names of a column; empty if its names are not added by forms.
pub fn address(source: Choices, suggestions: &str) -> String {
    called(source).map(|_| format!("{suggestions}new/")).unwrap_or_default()
}

/// Returns those of the names `?name=…&name=…` that are new, as JSON `{"new": [{"name": …, "near": …}]}`; `near` is a
/// similar known name or null.
///
/// # Errors
/// 403 without a login, 404 for a source to which forms add no names, and errors of the database.
pub async fn answer(context: &RequestContext<'_>, source: &str) -> Result<String, AppError> {
    context.viewer()?;
    let source = autocomplete::source_of(source).filter(|source| called(*source).is_some()).ok_or(NOT_FOUND)?;
    let names: Vec<String> = context.query_all(NAME).take(MOST_CHECKED).map(text::line).collect();
    let known = known(context, &[source]).await?;
    let known = known.get(&source).map_or(&[][..], Vec::as_slice);
    let new = names.iter().filter(|name| !name.is_empty() && !known.contains(name));
    let new: Vec<_> = new.map(|name| json!({ "name": name, "near": nearest(name, known) })).collect();
    Ok(json!({ "new": new }).to_string())
}

async fn known(context: &RequestContext<'_>, sources: &[Choices]) -> Result<HashMap<Choices, Vec<String>>, AppError> {
    let mut tx = context.read().await?;
    Ok(choices::whole(tx.conn(), sources, None).await?)
}

/// Checks that the user has confirmed all new names of a save, before it is committed.
///
/// # Errors
/// `Unconfirmed` with all new names.
pub fn check(saved: &Saved, posted: &Posted) -> Result<(), SaveError> {
    let confirmed: HashSet<String> =
        posted.get(NEW_NAMES).and_then(|names| serde_json::from_str(names).ok()).unwrap_or_default();
    match saved.new_names.iter().all(|new| confirmed.contains(&new.name)) {
        true => Ok(()),
        false => Err(SaveError::Unconfirmed(saved.new_names.clone())),
    }
}

/// Returns the question whether to add the names, with a similar known name and the first place of each.
pub async fn question<C: 'static>(
    context: &RequestContext<'_>,
    fields: &'static [Field<C>],
    draft: &Draft,
    new: &[NewName],
) -> Result<NewNamesView, AppError> {
    let known = known(context, &[Choices::ServiceFlavours, Choices::MetricNames]).await?;
    let (draft, new) = (draft.clone(), new.to_vec());
    Ok(PAGES.run(move || view(&known, &first_places(fields, &draft), &new)).await)
}

fn view(
    known: &HashMap<Choices, Vec<String>>,
    places: &HashMap<(Choices, String), String>,
    new: &[NewName],
) -> NewNamesView {
    let view = |(number, new): (usize, &NewName)| {
        let similar = known.get(&new.source).filter(|_| number < MOST_COMPARED);
        NewNameView {
            name: new.name.clone(),
            what: called(new.source).unwrap_or_default(),
            near: similar.and_then(|known| nearest(&new.name, known)).unwrap_or_default().to_owned(),
            href: places.get(&(new.source, new.name.clone())).cloned().unwrap_or_default(),
        }
    };
    let names: Vec<&str> = new.iter().map(|new| new.name.as_str()).collect();
    NewNamesView { value: json!(names).to_string(), names: new.iter().enumerate().map(view).collect() }
}

/// Returns the names that edited contents have, and neither the registry nor the contents before, each with a similar known
/// name.
pub async fn in_contents<C>(
    conn: &mut PgConnection,
    fields: &[Field<C>],
    (before, after): (&[Loaded<C>], &[&C]),
) -> Result<Vec<NewNameView>, AppError> {
    let had: HashSet<_> = before.iter().flat_map(|it| names(fields, &it.content)).collect();
    let mut added: Vec<_> = after.iter().flat_map(|content| names(fields, content)).collect();
    added.retain(|name| !had.contains(name));
    if added.is_empty() {
        return Ok(Vec::new());
    }
    let known = choices::whole(conn, &[Choices::ServiceFlavours, Choices::MetricNames], None).await?;
    let is_known = |new: &NewName| known.get(&new.source).is_some_and(|known| known.contains(&new.name));
    added.retain(|new| !is_known(new));
    let mut seen = HashSet::new();
    added.retain(|new| seen.insert(new.clone()));
    Ok(view(&known, &HashMap::new(), &added).names)
}

/// Returns the names in the tables of a content that a save adds to the registry.
fn names<C>(fields: &[Field<C>], content: &C) -> Vec<NewName> {
    let mut found = Vec::new();
    for field in fields.iter().filter(|field| is_table(field)) {
        let Kind::Rows { columns, get, .. } = field.kind else { continue };
        let sources: Vec<_> =
            columns.iter().map(|column| column.suggestions.filter(|of| called(*of).is_some())).collect();
        for row in get(content) {
            let named = sources.iter().zip(row).filter_map(|(source, name)| Some(NewName { source: (*source)?, name }));
            found.extend(named);
        }
    }
    found
}

/// Returns the anchor of the first cell of each name in a column with suggestions, by source and name.
fn first_places<C>(fields: &[Field<C>], draft: &Draft) -> HashMap<(Choices, String), String> {
    let mut places = HashMap::new();
    for field in fields {
        let Kind::Rows { columns, .. } = field.kind else { continue };
        for (row, cells) in draft.rows(field.name).iter().enumerate() {
            for (column, cell) in columns.iter().zip(cells) {
                let Some(source) = column.suggestions else { continue };
                let anchor = || format!("#id_{}-{row}-{}", field.name, column.name);
                places.entry((source, text::line(cell))).or_insert_with(anchor);
            }
        }
    }
    places
}
