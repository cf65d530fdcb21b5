//! The hourly sync: POEM's aggregation profiles follow the ARGO WEB-API.
//!
//! Everything is read before anything is written, and no database connection is held meanwhile. A failure, or a list
//! that is more likely wrong than right, changes nothing.

use std::collections::{BTreeSet, HashSet};

use super::access::TenantAccess;
use super::failure::SaveFailure;
use super::recovery;
use crate::argo_webapi::calls::TenantCalls;
use crate::argo_webapi::failure::CallFailure;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::security::api_token::MissingToken;
use crate::registry::SaveError;
use crate::registry::aggregation_sync::{self, Followed, Observed};
use crate::store::aggregation_definitions::{self, StoredDefinition};
use crate::store::{ReadTx, StoreError};

/// The reason why the profiles of a tenant were not synchronized.
#[derive(Debug, thiserror::Error)]
pub enum SyncFailure {
    /// There is no token to present.
    #[error("{0}")]
    NoToken(MissingToken),
    /// The certificates cannot be read.
    #[error("The ARGO WEB-API cannot be called: {0}")]
    Setup(String),
    /// A call failed.
    #[error("{0}")]
    Call(CallFailure),
    /// It is not known what became of an interrupted save.
    #[error("An interrupted save is not cleared up. {0}")]
    NotClearedUp(Box<SaveFailure>),
    /// The list is empty, but POEM has profiles: the WEB-API may have failed without saying so. Holds their number.
    #[error("it lists no profiles, but POEM has {0}; nothing was changed")]
    EmptyList(usize),
    /// The list has profiles, but none of those of POEM. Holds the number of the latter.
    #[error("it lists none of the {0} profiles of POEM: does the token belong to another tenant? Nothing was changed")]
    OthersOnly(usize),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncFailure {
    /// Returns true if all could be read, but was not believed.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::EmptyList(_) | Self::OthersOnly(_))
    }
}

/// Clears up an interrupted save, and makes the profiles of the tenant follow the WEB-API.
///
/// # Errors
/// Nothing was changed, except that a save may have been cleared up.
pub async fn synchronize(access: &TenantAccess<'_>) -> Result<Followed, SyncFailure> {
    let token = access.token().await?.map_err(SyncFailure::NoToken)?;
    clear_up(access).await?;
    let known = known(access).await?;
    let calls = access.calls(&token).map_err(|error| SyncFailure::Setup(error.to_string()))?;
    let listed = calls.list().await.map_err(SyncFailure::Call)?;
    check(&known, &listed)?;
    let observed = observe(&calls, known, listed).await.map_err(SyncFailure::Call)?;
    Ok(aggregation_sync::follow(access.pool, &access.tenant.schema, &observed).await?)
}

/// Clears up an interrupted save. One that still has time goes on.
async fn clear_up(access: &TenantAccess<'_>) -> Result<(), SyncFailure> {
    match recovery::clear_up_if_needed(access).await {
        // Its profile was removed from POEM meanwhile, and its note is gone.
        Ok(_) | Err(SaveFailure::Save(SaveError::Gone)) => Ok(()),
        Err(SaveFailure::Call(failure)) => Err(SyncFailure::Call(failure)),
        Err(SaveFailure::NoToken(missing)) => Err(SyncFailure::NoToken(missing)),
        Err(SaveFailure::Setup(error)) => Err(SyncFailure::Setup(error)),
        Err(SaveFailure::Save(SaveError::Store(error))) => Err(SyncFailure::Store(error)),
        Err(failure) => Err(SyncFailure::NotClearedUp(Box::new(failure))),
    }
}

async fn known(access: &TenantAccess<'_>) -> Result<Vec<StoredDefinition>, StoreError> {
    let mut tx = ReadTx::begin(access.pool, &access.tenant.schema).await?;
    let known = aggregation_definitions::stored(tx.conn()).await?;
    tx.commit().await?;
    Ok(known)
}

/// Refuses a list that is more likely wrong than right.
fn check(known: &[StoredDefinition], listed: &[AggregationDefinition]) -> Result<(), SyncFailure> {
    if known.is_empty() {
        return Ok(());
    }
    if listed.is_empty() {
        return Err(SyncFailure::EmptyList(known.len()));
    }
    let ids = ids(listed);
    match known.iter().any(|profile| ids.contains(profile.apiid.as_str())) {
        true => Ok(()),
        false => Err(SyncFailure::OthersOnly(known.len())),
    }
}

/// Asks for each profile that the list lacks: the list may be short, and then it does not say so.
async fn observe(
    calls: &TenantCalls<'_>,
    known: Vec<StoredDefinition>,
    listed: Vec<AggregationDefinition>,
) -> Result<Observed, CallFailure> {
    let (mut found, mut gone) = (Vec::new(), BTreeSet::new());
    let ids = ids(&listed);
    for profile in known.iter().filter(|profile| !ids.contains(profile.apiid.as_str())) {
        match calls.one(&profile.apiid).await {
            Ok(definition) => found.push(definition),
            Err(CallFailure::Gone) => drop(gone.insert(profile.apiid.clone())),
            Err(failure) => return Err(failure),
        }
    }
    found.extend(listed);
    Ok(Observed { known, found, gone })
}

fn ids(listed: &[AggregationDefinition]) -> HashSet<&str> {
    listed.iter().map(|definition| definition.id.as_str()).collect()
}
