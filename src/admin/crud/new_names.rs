//! New names in a form: marked while the user types, and asked for once before the form is saved. A typing error would
//! otherwise stay in the registry.

use std::collections::HashMap;

use serde_json::json;

use super::autocomplete;
use super::form_fields::NEW_NAMES;
use super::request_context::RequestContext;
use crate::auth::posted::Posted;
use crate::domain::form::field::{Choices, Field, Kind};
use crate::domain::form::submitted::Draft;
use crate::domain::form::text;
use crate::domain::model::new_name::{NewName, nearest};
use crate::error::{AppError, NOT_FOUND};
use crate::registry::{SaveError, Saved};
use crate::store::choices;
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
    let confirmed: Vec<String> =
        posted.get(NEW_NAMES).and_then(|names| serde_json::from_str(names).ok()).unwrap_or_default();
    match saved.new_names.iter().all(|new| confirmed.contains(&new.name)) {
        true => Ok(()),
        false => Err(SaveError::Unconfirmed(saved.new_names.clone())),
    }
}

/// Returns the question whether to add the names, with a similar known name and the first place of each.
pub async fn question<C>(
    context: &RequestContext<'_>,
    fields: &[Field<C>],
    draft: &Draft,
    new: &[NewName],
) -> Result<NewNamesView, AppError> {
    let known = known(context, &[Choices::ServiceFlavours, Choices::MetricNames]).await?;
    let view = |(number, new): (usize, &NewName)| {
        let similar = known.get(&new.source).filter(|_| number < MOST_COMPARED);
        NewNameView {
            name: new.name.clone(),
            what: called(new.source).unwrap_or_default(),
            near: similar.and_then(|known| nearest(&new.name, known)).unwrap_or_default().to_owned(),
            href: first_place(fields, draft, new),
        }
    };
    let names: Vec<&str> = new.iter().map(|new| new.name.as_str()).collect();
    Ok(NewNamesView { value: json!(names).to_string(), names: new.iter().enumerate().map(view).collect() })
}

/// Returns the anchor of the first cell with the name; empty if there is none.
fn first_place<C>(fields: &[Field<C>], draft: &Draft, new: &NewName) -> String {
    for field in fields {
        let Kind::Rows { columns, .. } = field.kind else { continue };
        let Some(column) = columns.iter().position(|column| column.suggestions == Some(new.source)) else { continue };
        let is_it = |row: &Vec<String>| row.get(column).is_some_and(|cell| text::line(cell) == new.name);
        if let Some(row) = draft.rows(field.name).iter().position(is_it) {
            return format!("#id_{}-{row}-{}", field.name, columns[column].name);
        }
    }
    String::new()
}
