//! Profiles: import. (The admin edits them.)

use sqlx::PgPool;

use crate::domain::log_entry::{Action, ObjectKind};
use crate::domain::profile::ProfileContent;
use crate::domain::tenant::SchemaName;
use crate::store::log_entries::NewLogEntry;
use crate::store::profiles::ProfileRow;
use crate::store::{StoreError, TenantTx, log_entries, metrics, profiles};

/// What an import did to one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub name: String,
    pub version: String,
    pub is_new: bool,
    /// What changed, in words; '' where nothing did.
    pub changes: String,
}

/// Stores the profiles, all or none: VO, description and tuples of one that exists become those given; unknown metric
/// names join the registry. With `only_into_empty` a tenant that has any profile is left alone: `None`.
/// `command` is who the log names.
pub async fn import(
    pool: &PgPool,
    schema: &SchemaName,
    wanted: &[ProfileContent],
    only_into_empty: bool,
    command: &str,
) -> Result<Option<Vec<Imported>>, StoreError> {
    let mut tx = TenantTx::write(pool, schema).await?;
    if only_into_empty && profiles::any(tx.conn()).await? {
        return Ok(None);
    }
    let before = profiles::list(tx.conn(), None).await?;
    let names: Vec<String> = wanted.iter().flat_map(|p| &p.tuples).map(|tuple| tuple.metric.clone()).collect();
    metrics::register_names(tx.conn(), &names).await?;
    let mut imported = Vec::with_capacity(wanted.len());
    for profile in wanted {
        let old = before.iter().find(|row| row.name == profile.name && row.version == profile.version);
        imported.push(import_one(&mut tx, profile, old, command).await?);
    }
    tx.commit().await?;
    Ok(Some(imported))
}

async fn import_one(
    tx: &mut TenantTx,
    profile: &ProfileContent,
    old: Option<&ProfileRow>,
    command: &str,
) -> Result<Imported, StoreError> {
    let description = profile.description.as_deref();
    let (id, is_new) = profiles::put(tx.conn(), &profile.name, &profile.version, &profile.vo, description).await?;
    let (added, removed) = profiles::set_tuples(tx.conn(), id, &profile.tuples).await?;
    let changes = changes(profile, old, added, removed);
    if !is_new && !changes.is_empty() {
        profiles::raise_revision(tx.conn(), id).await?;
    }
    if is_new || !changes.is_empty() {
        let entry = NewLogEntry {
            action: if is_new { Action::Add } else { Action::Change },
            object_kind: ObjectKind::Profile,
            object_id: id.to_string(),
            object_name: &profile.name,
            message: &changes,
            user_id: None,
            username: command,
        };
        log_entries::insert(tx.conn(), entry).await?;
    }
    Ok(Imported { name: profile.name.clone(), version: profile.version.clone(), is_new, changes })
}

/// «Changed VO and description. Added 3 metric instances. Deleted 1 metric instance.»
fn changes(profile: &ProfileContent, old: Option<&ProfileRow>, added: u64, removed: u64) -> String {
    let vo = old.is_some_and(|old| old.vo != profile.vo).then_some("VO");
    let description = old.is_some_and(|old| old.description != profile.description).then_some("description");
    let fields: Vec<&str> = vo.into_iter().chain(description).collect();
    let counted = |verb: &str, count: u64| match count {
        0 => None,
        1 => Some(format!("{verb} 1 metric instance.")),
        _ => Some(format!("{verb} {count} metric instances.")),
    };
    let fields = (!fields.is_empty()).then(|| format!("Changed {}.", fields.join(" and ")));
    let sentences: Vec<String> =
        fields.into_iter().chain(counted("Added", added)).chain(counted("Deleted", removed)).collect();
    sentences.join(" ")
}
