//! Turns the rows of the tables of POEM 2.3 into the rows of a dump, so that one parser reads both.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::error::DumpError;
use super::models::Model;
use crate::domain::model::group_kind::GroupKind;

/// A many-to-many field, whose values are in a table of their own.
struct Link {
    table: String,
    owner: Model,
    field: String,
    member: Model,
}

/// The keys of the members, by owning model, field and key of the owner.
type Members = HashMap<(Model, String, i64), Vec<Value>>;

/// Makes the rows of a dump of the rows of tables: name of the table, and its rows as objects by column.
///
/// # Errors
/// A table that POEM 2.3 does not have.
pub(super) fn rows(tables: Vec<(&str, Vec<Value>)>) -> Result<Vec<Value>, DumpError> {
    let links = links();
    let mut members = Members::new();
    let mut models = Vec::new();
    for (table, rows) in tables {
        let model = Model::ALL.into_iter().find(|model| table_of(*model) == table);
        match (model, links.iter().find(|link| link.table == table)) {
            (Some(model), _) => models.push((model, rows)),
            (None, Some(link)) => rows.iter().for_each(|row| link.collect(row, &mut members)),
            (None, None) => return Err(DumpError::Table(table.to_owned())),
        }
    }
    let in_table = |(model, rows): (Model, Vec<Value>)| rows.into_iter().map(move |row| (model, row));
    let rows = models.into_iter().flat_map(in_table);
    Ok(rows.map(|(model, columns)| row(model, columns, &links, &mut members)).collect())
}

/// The name of a model's table.
fn table_of(model: Model) -> String {
    match model {
        Model::ContentType => "django_content_type".to_owned(),
        Model::LogEntry => "django_admin_log".to_owned(),
        _ => model.label().replace('.', "_"),
    }
}

/// The name of a model without its application, as Django names columns that refer to it.
fn name_of(model: Model) -> &'static str {
    model.label().split_once('.').map_or("", |(_, name)| name)
}

/// The many-to-many fields that are read: the objects of the groups, and the groups of the users.
fn links() -> Vec<Link> {
    let of_kind = |kind| {
        let (group, member) = (Model::of_group(kind), Model::of_member(kind));
        [Link::new(group, kind.as_str().to_owned(), member), Link::new(Model::User, format!("groupsof{kind}"), group)]
    };
    GroupKind::ALL.into_iter().flat_map(of_kind).collect()
}

impl Link {
    fn new(owner: Model, field: String, member: Model) -> Self {
        Self { table: format!("{}_{field}", table_of(owner)), owner, field, member }
    }

    fn collect(&self, row: &Value, members: &mut Members) {
        let column = |model| &row[format!("{}_id", name_of(model))];
        if let Some(owner) = column(self.owner).as_i64() {
            let key = (self.owner, self.field.clone(), owner);
            members.entry(key).or_default().push(column(self.member).clone());
        }
    }
}

/// The row of a dump. A foreign key's column has `_id` behind the name of its field.
fn row(model: Model, columns: Value, links: &[Link], members: &mut Members) -> Value {
    let Value::Object(mut columns) = columns else { return columns };
    let key = columns.shift_remove("id").or_else(|| columns.shift_remove("name")).unwrap_or_default();
    let mut fields: Map<String, Value> =
        columns.into_iter().map(|(column, value)| (field_of(model, column), value)).collect();
    for link in links.iter().filter(|link| link.owner == model) {
        let owner = key.as_i64().unwrap_or_default();
        let keys = members.remove(&(model, link.field.clone(), owner)).unwrap_or_default();
        fields.insert(link.field.clone(), Value::Array(keys));
    }
    json!({"model": model.label(), "pk": key, "fields": fields})
}

fn field_of(model: Model, column: String) -> String {
    let is_field = |name: &str| model.fields().contains(&name);
    match column.strip_suffix("_id") {
        Some(field) if !is_field(&column) && is_field(field) => field.to_owned(),
        _ => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_table_is_a_row_of_a_dump() {
        let tables = vec![
            ("reversion_version", vec![json!({"id": 7, "object_id": "3", "content_type_id": 9, "revision_id": 4})]),
            ("poem_vo", vec![json!({"name": "ops"})]),
            ("poem_service", vec![json!({"id": "100", "service_id": "10"})]),
        ];
        let expected = [
            json!({"model": "reversion.version", "pk": 7,
                   "fields": {"object_id": "3", "content_type": 9, "revision": 4}}),
            json!({"model": "poem.vo", "pk": "ops", "fields": {}}),
            json!({"model": "poem.service", "pk": "100", "fields": {"service_id": "10"}}),
        ];
        assert_eq!(rows(tables).unwrap(), expected);
    }

    #[test]
    fn many_to_many_fields_come_from_their_tables() {
        let tables = vec![
            ("poem_groupofmetrics", vec![json!({"id": 1, "name": "ARGO"}), json!({"id": 2, "name": "SSC"})]),
            (
                "poem_groupofmetrics_metrics",
                vec![
                    json!({"id": 1, "groupofmetrics_id": 1, "metrics_id": 5}),
                    json!({"id": 2, "groupofmetrics_id": 1, "metrics_id": 6}),
                ],
            ),
            ("poem_custuser", vec![json!({"id": 3, "username": "alice"})]),
            ("poem_custuser_groupsofprobes", vec![json!({"id": 1, "custuser_id": 3, "groupofprobes_id": 8})]),
        ];
        let rows = rows(tables).unwrap();
        assert_eq!(rows[0]["fields"], json!({"name": "ARGO", "metrics": [5, 6]}));
        assert_eq!(rows[1]["fields"]["metrics"], json!([]));
        let groups =
            ["aggregations", "metrics", "probes", "profiles"].map(|kind| &rows[2]["fields"][format!("groupsof{kind}")]);
        assert_eq!(groups, [&json!([]), &json!([]), &json!([8]), &json!([])]);
    }

    #[test]
    fn an_unknown_table_is_named() {
        let error = rows(vec![("poem_sites", vec![])]).unwrap_err();
        assert_eq!(error.to_string(), "the table poem_sites is unknown");
    }
}
