//! The rights of POEM's role, and the properties of the database that POEM needs. These queries only read catalogs.

use sqlx::PgConnection;

use super::Result;

/// The properties of the database, and the role's rights on it as a whole.
#[derive(Debug, Clone)]
pub struct DatabaseAccess {
    /// The name of the database.
    pub database: String,
    /// The role whose rights count, after `SET ROLE` as well.
    pub role: String,
    /// The encoding; POEM needs `UTF8`.
    pub encoding: String,
    /// The server is a standby: it does not write.
    pub is_standby: bool,
    /// Transactions are read-only, whatever the reason.
    pub is_read_only: bool,
    /// Triggers run. A superuser may have switched them off (`session_replication_role`), and stamps with them.
    pub has_triggers: bool,
    /// The role may use the schema public.
    pub may_use_public: bool,
    /// The role may create tables in the schema public.
    pub may_create_in_public: bool,
    /// The role may create schemas, one for each tenant.
    pub may_create_schemas: bool,
}

impl DatabaseAccess {
    /// Reads them.
    pub async fn read(conn: &mut PgConnection) -> Result<Self> {
        Ok(sqlx::query_as!(
            Self,
            r#"SELECT current_database()::text AS "database!", current_user::text AS "role!",
                      current_setting('server_encoding') AS "encoding!",
                      pg_is_in_recovery() AS "is_standby!",
                      current_setting('transaction_read_only') = 'on' AS "is_read_only!",
                      current_setting('session_replication_role') <> 'replica' AS "has_triggers!",
                      has_schema_privilege('public', 'USAGE') AS "may_use_public!",
                      has_schema_privilege('public', 'CREATE') AS "may_create_in_public!",
                      has_database_privilege(current_database(), 'CREATE') AS "may_create_schemas!""#
        )
        .fetch_one(conn)
        .await?)
    }

    /// Returns a sentence that says why POEM cannot work in this database at all; `None` if it can.
    pub fn unusable(&self) -> Option<String> {
        let Self { database, encoding, .. } = self;
        (encoding != "UTF8").then(|| {
            format!(
                "the database {database} has the encoding {encoding}, and POEM needs UTF8: \
                 run CREATE DATABASE \"{database}_utf8\" ENCODING 'UTF8' TEMPLATE template0, and set [DATABASE] Name"
            )
        })
    }

    /// Returns the statements that give the role the rights to create POEM's tables; empty if it has them.
    pub fn missing_grants(&self) -> Vec<String> {
        let Self { database, role, .. } = self;
        let grants = [
            (
                self.may_use_public && self.may_create_in_public,
                format!("GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\""),
            ),
            (self.may_create_schemas, format!("GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\"")),
        ];
        grants.into_iter().filter(|(is_granted, _)| !is_granted).map(|(_, grant)| grant).collect()
    }
}

/// A table, view or sequence, with the role's rights on it.
#[derive(Debug, Clone)]
pub struct RelationAccess {
    /// The name.
    pub name: String,
    /// It is a sequence.
    pub is_sequence: bool,
    /// The role may read it.
    pub may_read: bool,
    /// The role may write it; true for views.
    pub may_write: bool,
    /// The role owns it, which migrations need.
    pub is_owned: bool,
}

/// Returns the tables, views and sequences of a schema by name.
pub async fn relations(conn: &mut PgConnection, schema: &str) -> Result<Vec<RelationAccess>> {
    Ok(sqlx::query_as!(
        RelationAccess,
        r#"SELECT c.relname::text AS "name!", c.relkind = 'S' AS "is_sequence!",
                  CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'USAGE')
                                 ELSE has_table_privilege(c.oid, 'SELECT') END AS "may_read!",
                  CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'USAGE')
                                 WHEN 'v' THEN true
                                 ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                      AND has_table_privilege(c.oid, 'DELETE') END AS "may_write!",
                  pg_has_role(c.relowner, 'USAGE') AS "is_owned!"
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'S')
           ORDER BY c.relname::text COLLATE "C""#,
        schema
    )
    .fetch_all(conn)
    .await?)
}

/// Returns true if the role may use a schema; false also if there is no such schema.
pub async fn may_use_schema(conn: &mut PgConnection, schema: &str) -> Result<bool> {
    let may_use = sqlx::query_scalar!(
        r#"SELECT coalesce(has_schema_privilege(oid, 'USAGE'), false) AS "may_use!"
           FROM pg_catalog.pg_namespace WHERE nspname = $1"#,
        schema
    );
    Ok(may_use.fetch_optional(conn).await?.unwrap_or(false))
}
