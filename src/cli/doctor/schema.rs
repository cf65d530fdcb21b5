//! The schemas: their migrations, and the rights on their tables.

use sqlx::PgConnection;

use super::{Check, Findings};
use crate::store::StoreError;
use crate::store::access;
use crate::store::migrate::{self, MigrateError, Schema};

/// Checks the migrations of a schema. Returns true if all of them were applied, unchanged or not.
pub(super) async fn check_migrations(findings: &mut Findings, conn: &mut PgConnection, schema: &Schema) -> bool {
    let name = schema.as_str();
    match migrate::state(conn, schema).await {
        Err(error) => findings.wrong(Check::Migrations, error.to_string()),
        Ok(steps) => {
            for step in steps.iter().filter(|step| step.changed) {
                let changed = MigrateError::Changed { schema: name.to_owned(), name: step.name.clone() };
                findings.wrong(Check::Migrations, changed.to_string());
            }
            let pending: Vec<_> = steps.iter().filter(|step| !step.applied).map(|step| step.name.as_str()).collect();
            if pending.is_empty() {
                findings.ok(format!("schema {name}: all migrations applied"));
                return true;
            }
            let remedy = if name == "public" { "poem-db -c" } else { "poem-db -a" };
            let message = format!("schema {name}: pending: {}; run {remedy}", pending.join(", "));
            findings.wrong(Check::Migrations, message);
        }
    }
    false
}

/// Checks that every table of the migrations is there, and that the role may read and write it.
pub(super) async fn check_tables(findings: &mut Findings, conn: &mut PgConnection, schema: &Schema) {
    let name = schema.as_str();
    match tables(conn, schema).await {
        Err(error) => findings.wrong(Check::Tables, format!("schema {name}: {error}")),
        Ok(None) => {
            let message =
                format!("schema {name}: no right to use it: run, as its owner, GRANT USAGE ON SCHEMA {name} TO …");
            findings.wrong(Check::Tables, message);
        }
        Ok(Some(Tables { missing, forbidden, foreign })) => {
            if missing.is_empty() && forbidden.is_empty() {
                findings.ok(format!("schema {name}: all tables can be read and written"));
            }
            if !missing.is_empty() {
                let message = format!("schema {name}: missing: {}; restore a backup", missing.join(", "));
                findings.wrong(Check::Tables, message);
            }
            if !forbidden.is_empty() {
                let message = format!(
                    "schema {name}: no right to read and write {}: run, as the owner, \
                     GRANT ALL ON ALL TABLES IN SCHEMA {name} TO …, likewise for ALL SEQUENCES",
                    forbidden.join(", ")
                );
                findings.wrong(Check::Tables, message);
            }
            if !foreign.is_empty() {
                let message = format!("schema {name}: poem-db -a will fail: other roles own {}", foreign.join(", "));
                findings.note(Check::Owner, message);
            }
        }
    }
}

/// The tables of a schema that are not as they should be.
struct Tables {
    missing: Vec<String>,
    forbidden: Vec<String>,
    foreign: Vec<String>,
}

/// Returns the tables of a schema that are not as they should be; `None` if the role may not use the schema.
async fn tables(conn: &mut PgConnection, schema: &Schema) -> Result<Option<Tables>, StoreError> {
    if !access::may_use_schema(conn, schema.as_str()).await? {
        return Ok(None);
    }
    let expected = migrate::relations(schema);
    let mut found = access::relations(conn, schema.as_str()).await?;
    let missing =
        expected.iter().filter(|name| !found.iter().any(|relation| relation.name == **name)).cloned().collect();
    // In the schema public there may be tables of others.
    found.retain(|relation| expected.contains(&relation.name) || (relation.is_sequence && *schema != Schema::Public));
    let names = |is_it: fn(&access::RelationAccess) -> bool| {
        found.iter().filter(|relation| is_it(relation)).map(|relation| relation.name.clone()).collect()
    };
    Ok(Some(Tables {
        missing,
        forbidden: names(|relation| !(relation.may_read && relation.may_write)),
        foreign: names(|relation| !relation.is_owned),
    }))
}
