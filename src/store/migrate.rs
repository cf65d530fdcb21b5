//! Migrations: one set for the schema public, one for every tenant's schema.
//!
//! Each migration runs in a transaction that also records it in public.migration, so it is applied completely or not at
//! all. Concurrent runs wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::migrate::{Migration, Migrator};
use sqlx::{Connection, PgConnection};

use super::tenant_tx::{BEGIN_WRITING, enter};
use super::{Result, StoreError};
use crate::domain::model::tenant::SchemaName;

static SHARED: Migrator = sqlx::migrate!("migrations/shared");
static TENANT: Migrator = sqlx::migrate!("migrations/tenant");
const BOOKKEEPING: &str = include_str!("../../migrations/bookkeeping.sql");

/// A schema that migrations are applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// The schema public, which lists the tenants.
    Public,
    /// The schema of a tenant.
    Tenant(SchemaName),
}

/// A migration and its state in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name with the number, like `0001_initial`.
    pub name: String,
    /// Its number.
    pub version: i64,
    /// It was applied in the schema.
    pub applied: bool,
    /// The applied migration differs from the one of this POEM.
    pub changed: bool,
}

/// The reason why migrations cannot be applied, or a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration was applied that this POEM does not know.
    #[error("schema {schema} is at migration {found}, newer than this POEM knows ({known}): upgrade POEM")]
    Newer {
        /// The name of the schema.
        schema: String,
        /// The highest migration applied in it.
        found: i64,
        /// The highest migration of this POEM.
        known: i64,
    },
    /// A migration was applied with other contents than it has in this POEM.
    #[error(
        "schema {schema}: migration {name} differs from the one that was applied: run the POEM that applied it, or restore a backup"
    )]
    Changed {
        /// The name of the schema.
        schema: String,
        /// The migration's name, like `0001_initial`.
        name: String,
    },
    /// A migration failed; the schema is unchanged by it.
    #[error("schema {schema}: migration {name} failed and was undone: {cause}")]
    Failed {
        /// The name of the schema.
        schema: String,
        /// The migration's name, like `0001_initial`.
        name: String,
        /// The error of its SQL.
        cause: StoreError,
    },
}

impl Schema {
    /// Returns the name of the schema.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Tenant(schema) => schema.as_str(),
        }
    }

    /// Returns the highest migration of this POEM.
    fn newest(&self) -> i64 {
        self.migrations().map(|migration| migration.version).max().unwrap_or(0)
    }

    fn migrations(&self) -> impl Iterator<Item = &'static Migration> {
        match self {
            Self::Public => SHARED.iter(),
            Self::Tenant(_) => TENANT.iter(),
        }
    }
}

/// Returns the names of the tables and views that all migrations of a schema create.
pub fn relations(schema: &Schema) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let bookkeeping = if *schema == Schema::Public { BOOKKEEPING } else { "" };
    let migrations: Vec<_> = schema.migrations().map(|migration| migration.sql.as_str()).collect();
    for line in migrations.into_iter().chain([bookkeeping]).flat_map(str::lines) {
        let line = line.trim_start().replace("IF NOT EXISTS ", "").replace("IF EXISTS ", "");
        let words: Vec<_> = line.split([' ', '(', ';']).collect();
        let name = |name: &str| name.trim_start_matches("public.").to_owned();
        match words[..] {
            ["CREATE", "TABLE" | "VIEW", created, ..] => drop(names.insert(name(created))),
            ["DROP", "TABLE" | "VIEW", dropped, ..] => drop(names.remove(&name(dropped))),
            ["ALTER", "TABLE", old, "RENAME", "TO", new, ..] => {
                names.remove(&name(old));
                names.insert(name(new));
            }
            _ => {}
        }
    }
    names
}

/// Returns a sentence that says why the schema cannot be used; `None` if it can.
///
/// A schema that is older or newer than this POEM cannot be used: the meaning of its columns may differ. `found` is the
/// highest migration that was applied.
pub fn schema_mismatch(schema: &Schema, found: Option<i64>) -> Option<String> {
    match is_behind(schema, found) {
        Ok(false) => None,
        Ok(true) => Some(format!("schema {} has migrations pending: run poem-db -a", schema.as_str())),
        Err(newer) => Some(newer.to_string()),
    }
}

/// Returns true if migrations are pending in a schema; `found` is the highest migration that was applied.
///
/// # Errors
/// `Newer` if the schema is ahead of this POEM.
pub fn is_behind(schema: &Schema, found: Option<i64>) -> std::result::Result<bool, MigrateError> {
    let known = schema.newest();
    match found {
        Some(found) if found > known => Err(MigrateError::Newer { schema: schema.as_str().to_owned(), found, known }),
        found => Ok(found != Some(known)),
    }
}

/// Returns the name of a migration as poem-db lists it, like `0001_initial`.
fn name_of(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}

/// Returns every migration of the schema with its state.
///
/// # Errors
/// `Newer` if the schema is ahead of this POEM; `Store`.
pub async fn state(conn: &mut PgConnection, schema: &Schema) -> std::result::Result<Vec<Step>, MigrateError> {
    let applied = match applied(conn, schema).await {
        Err(StoreError::NotPrepared(_)) => BTreeMap::new(),
        applied => applied?,
    };
    check_not_newer(schema, &applied)?;
    let steps = schema.migrations().map(|migration| {
        let applied = applied.get(&migration.version);
        Step {
            name: name_of(migration),
            version: migration.version,
            applied: applied.is_some(),
            changed: applied.is_some_and(|checksum| !is_unchanged(migration, checksum)),
        }
    });
    Ok(steps.collect())
}

/// Applies the pending migrations; returns the number of those that this run applied.
///
/// Calls `progress` before and after each migration. With `fake`, migrations are only recorded as applied.
///
/// # Errors
/// `Newer`, `Changed`, `Failed`, `Store`.
pub async fn run(
    conn: &mut PgConnection,
    schema: &Schema,
    fake: bool,
    progress: &mut dyn FnMut(Progress<'_>),
) -> std::result::Result<usize, MigrateError> {
    prepare(conn).await?;
    let before = applied(conn, schema).await?;
    check_not_newer(schema, &before)?;
    check_unchanged(schema, &before)?;
    let mut done = 0;
    for migration in schema.migrations().filter(|migration| !before.contains_key(&migration.version)) {
        let name = name_of(migration);
        progress(Progress::Applying(&name));
        let applied_now = apply(conn, schema, migration, fake).await.map_err(|cause| MigrateError::Failed {
            schema: schema.as_str().to_owned(),
            name: name.clone(),
            cause,
        })?;
        progress(Progress::Applied(&name));
        done += usize::from(applied_now);
    }
    Ok(done)
}

/// A step of [`run`], with the name of the migration.
pub enum Progress<'a> {
    /// The migration is about to be applied.
    Applying(&'a str),
    /// The migration was applied.
    Applied(&'a str),
}

/// Creates the table that records the applied migrations, if it does not exist.
async fn prepare(conn: &mut PgConnection) -> Result<()> {
    let mut tx = conn.begin_with(BEGIN_WRITING).await.map_err(StoreError::of_begin)?;
    lock(&mut tx).await?;
    sqlx::raw_sql(BOOKKEEPING).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Applies one migration in one transaction; returns false if a concurrent run has applied it.
async fn apply(conn: &mut PgConnection, schema: &Schema, migration: &Migration, fake: bool) -> Result<bool> {
    let mut tx = conn.begin_with(BEGIN_WRITING).await.map_err(StoreError::of_begin)?;
    lock(&mut tx).await?;
    if applied(&mut tx, schema).await?.contains_key(&migration.version) {
        return Ok(false);
    }
    apply_within(&mut tx, schema, migration, fake).await?;
    tx.commit().await?;
    Ok(true)
}

async fn apply_within(tx: &mut PgConnection, schema: &Schema, migration: &Migration, fake: bool) -> Result<()> {
    if let Schema::Tenant(schema) = schema {
        enter(tx, schema).await?;
    }
    if !fake {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *tx).await?;
    }
    sqlx::query!(
        "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ($1, $2, $3, $4)",
        schema.as_str(),
        migration.version,
        name_of(migration),
        &migration.checksum[..]
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Applies every migration to a schema that was created in this transaction, so that all of it is committed or nothing.
pub async fn run_within(
    tx: &mut PgConnection,
    schema: &Schema,
    progress: &mut dyn FnMut(Progress<'_>),
) -> std::result::Result<(), MigrateError> {
    lock(tx).await?;
    for migration in schema.migrations() {
        let name = name_of(migration);
        progress(Progress::Applying(&name));
        apply_within(tx, schema, migration, false).await.map_err(|cause| MigrateError::Failed {
            schema: schema.as_str().to_owned(),
            name: name.clone(),
            cause,
        })?;
        progress(Progress::Applied(&name));
    }
    Ok(())
}

/// Locks migrations until the end of the transaction: concurrent runs wait for each other without a time limit.
///
/// After that, a statement that waits long for a table fails instead of blocking the queries of the server behind it.
async fn lock(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(hashtext('poem migrations')); SET LOCAL lock_timeout = '10s'")
        .execute(conn)
        .await?;
    Ok(())
}

/// Returns version and checksum of the migrations applied in the schema.
async fn applied(conn: &mut PgConnection, schema: &Schema) -> Result<BTreeMap<i64, Vec<u8>>> {
    let rows = sqlx::query!("SELECT version, checksum FROM public.migration WHERE schema_name = $1", schema.as_str())
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.version, row.checksum)).collect())
}

/// Checks that this POEM can use a schema in which these migrations were applied: versions with their checksums.
///
/// # Errors
/// `Newer` if one is unknown; `Changed` if one differs from that of this POEM.
pub fn check_known(schema: &Schema, applied: &BTreeMap<i64, Vec<u8>>) -> std::result::Result<(), MigrateError> {
    check_not_newer(schema, applied)?;
    check_unchanged(schema, applied)
}

fn check_not_newer(schema: &Schema, applied: &BTreeMap<i64, Vec<u8>>) -> std::result::Result<(), MigrateError> {
    let known = schema.newest();
    match applied.keys().next_back() {
        Some(&found) if found > known => Err(MigrateError::Newer { schema: schema.as_str().to_owned(), found, known }),
        _ => Ok(()),
    }
}

fn is_unchanged(migration: &Migration, checksum: &[u8]) -> bool {
    *checksum == migration.checksum[..]
}

fn check_unchanged(schema: &Schema, applied: &BTreeMap<i64, Vec<u8>>) -> std::result::Result<(), MigrateError> {
    let changed = schema
        .migrations()
        .find(|migration| applied.get(&migration.version).is_some_and(|checksum| !is_unchanged(migration, checksum)));
    match changed {
        Some(migration) => Err(MigrateError::Changed { schema: schema.as_str().to_owned(), name: name_of(migration) }),
        None => Ok(()),
    }
}
