//! Migrations: one set for the schema public, one for every tenant's schema. Each is a transaction that also writes
//! down that it was applied (in public.migration), so nothing is ever half-applied, and two runs at once take turns.

use std::collections::BTreeMap;

use sqlx::migrate::{Migration, Migrator};
use sqlx::{Connection, PgConnection};

use super::tenant_tx::enter;
use super::{Result, StoreError};
use crate::domain::model::tenant::SchemaName;

static SHARED: Migrator = sqlx::migrate!("migrations/shared");
static TENANT: Migrator = sqlx::migrate!("migrations/tenant");
const BOOKKEEPING: &str = include_str!("../../migrations/bookkeeping.sql");

/// A schema that migrations are applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Public,
    Tenant(SchemaName),
}

/// One migration and whether it was applied in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Like `0001_initial`.
    pub name: String,
    pub version: i64,
    pub applied: bool,
    /// Applied in another form than this POEM has it.
    pub changed: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("schema {schema} is at migration {found}, newer than this POEM knows ({known}): upgrade POEM")]
    Newer { schema: String, found: i64, known: i64 },
    #[error(
        "schema {schema}: migration {name} was applied in another form than this POEM has it: run the POEM that applied it, or restore a backup"
    )]
    Changed { schema: String, name: String },
    #[error("schema {schema}: migration {name} failed and was undone: {cause}")]
    Failed { schema: String, name: String, cause: StoreError },
}

impl Schema {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Tenant(schema) => schema.as_str(),
        }
    }

    /// The newest migration that this POEM knows.
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

/// What keeps a schema at this migration from being used, in a sentence: it is of another age than this POEM, and what
/// its columns mean may differ. `None`: nothing. `found`: the highest that was applied.
pub fn schema_mismatch(schema: &Schema, found: Option<i64>) -> Option<String> {
    match is_behind(schema, found) {
        Ok(false) => None,
        Ok(true) => Some(format!("schema {} has migrations pending: run poem-db -a", schema.as_str())),
        Err(newer) => Some(newer.to_string()),
    }
}

/// Whether migrations are pending in a schema. `found`: the highest that was applied.
///
/// # Errors
/// `Newer`.
pub fn is_behind(schema: &Schema, found: Option<i64>) -> std::result::Result<bool, MigrateError> {
    let known = schema.newest();
    match found {
        Some(found) if found > known => Err(MigrateError::Newer { schema: schema.as_str().to_owned(), found, known }),
        found => Ok(found != Some(known)),
    }
}

/// Like `0001_initial`, as poem-db lists it.
fn name_of(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}

/// Every migration of the schema with its state. Fails with [`MigrateError::Newer`] where the schema is ahead.
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

/// Applies what is pending, telling `progress` each name before ([`Progress::Applying`]) and after.
/// With `fake` it is only written down as applied.
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

/// What [`run`] is doing.
pub enum Progress<'a> {
    Applying(&'a str),
    Applied(&'a str),
}

/// Makes the table that says what was applied where.
async fn prepare(conn: &mut PgConnection) -> Result<()> {
    let mut tx = conn.begin().await?;
    lock(&mut tx).await?;
    sqlx::raw_sql(BOOKKEEPING).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// One migration in one transaction; says whether it was this run that applied it, not another beside it.
async fn apply(conn: &mut PgConnection, schema: &Schema, migration: &Migration, fake: bool) -> Result<bool> {
    let mut tx = conn.begin().await?;
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

/// Applies every migration to a schema that was just created in this transaction: all of it happens, or nothing.
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

/// Held until the transaction ends: two runs take turns, however long. A migration that would then wait long for a
/// table gives up instead of blocking the server.
async fn lock(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(hashtext('poem migrations')); SET LOCAL lock_timeout = '10s'")
        .execute(conn)
        .await?;
    Ok(())
}

/// Version and checksum of what was applied.
async fn applied(conn: &mut PgConnection, schema: &Schema) -> Result<BTreeMap<i64, Vec<u8>>> {
    let rows = sqlx::query!("SELECT version, checksum FROM public.migration WHERE schema_name = $1", schema.as_str())
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.version, row.checksum)).collect())
}

/// Whether this POEM can work with what was applied elsewhere: versions with their checksums.
///
/// # Errors
/// `Newer`; `Changed`.
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
