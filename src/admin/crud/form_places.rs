//! The places of a form, to which errors belong: their order on the page, and their names.

use std::collections::HashMap;

use super::entity_admin::EntityAdmin;
use crate::domain::form::change_reason;
use crate::domain::form::field::{Field, Kind};
use crate::domain::form::validation_error::{Place, ValidationErrors};
use crate::templates::form_page::PlaceNames;

/// Sorts the errors in the order of the page.
pub(super) fn sort<D: EntityAdmin>(entity: &D, errors: &mut ValidationErrors) {
    let order: HashMap<&str, usize> = entity
        .options()
        .fieldsets
        .iter()
        .flat_map(|set| set.fields)
        .copied()
        .chain([change_reason::INPUT])
        .zip(0..)
        .collect();
    let position = |name: &str, column: &str| {
        let field = entity.fields().iter().find(|field| field.name == name)?;
        match field.kind {
            Kind::Rows { columns, .. } => columns.iter().position(|known| known.name == column),
            Kind::RowGroups { layout, .. } => Some(usize::from(column == layout.operation.name)),
            _ => None,
        }
    };
    errors.sort(|field, column| {
        let column = column.and_then(|column| position(field, column));
        (order.get(field).copied().unwrap_or_default(), column.unwrap_or_default())
    });
}

/// Returns the names of the field and the column of a place, for its errors.
pub(super) fn named<C>(fields: &[Field<C>], place: Place) -> PlaceNames<'static> {
    let (name, column) = match place {
        Place::Form => return PlaceNames::default(),
        change_reason::PLACE => return PlaceNames { label: change_reason::LABEL, ..PlaceNames::default() },
        Place::Field(name) => (name, ""),
        Place::Row { field, .. } => (field, ""),
        Place::Cell { field, column, .. } => (field, column),
        Place::InGroup { field, column, .. } => (field, column.unwrap_or_default()),
    };
    let Some(field) = fields.iter().find(|field| field.name == name) else { return PlaceNames::default() };
    let (columns, rows) = match field.kind {
        Kind::Rows { columns, .. } => (columns.to_vec(), ""),
        Kind::RowGroups { layout, .. } => match place {
            Place::InGroup { row: Some(_), .. } => (vec![layout.row_name, layout.row_operation], layout.rows),
            _ => (vec![layout.name, layout.operation], ""),
        },
        _ => (Vec::new(), ""),
    };
    PlaceNames {
        label: field.label,
        first_column: columns.first().map_or("", |column| column.name),
        column: columns.iter().find(|known| known.name == column).map_or("", |column| column.label),
        rows,
    }
}
