//! Clears up a save whose end POEM does not know: after a crash, a lost response, or a database that was away. The
//! WEB-API is looked at, and the save is completed or dropped.

use std::time::Duration;

use super::access::{SaveCalls, TenantAccess};
use super::failure::SaveFailure;
use super::saving::{RemoteState, complete, with_namespace};
use crate::argo_webapi::failure::CallFailure;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::web_api_save::{SaveAction, WebApiSave};
use crate::registry::web_api_saves::{Locked, SaveLock, finish, leave, take_over};
use crate::registry::{SaveError, Transaction, found_aggregations};
use crate::store::{ReadTx, StoreError, aggregation_definitions, aggregations, web_api_saves};

/// What became of an interrupted save.
#[derive(Debug)]
enum Verdict {
    /// It reached the WEB-API.
    Completed(RemoteState),
    /// It did not, or it was overtaken.
    Dropped,
    /// It did not, but somebody else has changed the profile: that is its state now.
    Overtaken(Box<AggregationDefinition>),
    /// It did not, and the profile is no longer there.
    Missing,
}

/// Clears up the interrupted save of the tenant, if there is one. Returns the time after which it can be cleared up, if
/// a save is still under way.
///
/// # Errors
/// The WEB-API or the database cannot be asked; the note stays.
pub async fn clear_up_if_needed(access: &TenantAccess<'_>) -> Result<Option<Duration>, SaveFailure> {
    let mut reading = ReadTx::begin(access.pool, &access.tenant.schema).await.map_err(SaveFailure::of_store)?;
    let noted = web_api_saves::find(reading.conn()).await.map_err(SaveFailure::of_store)?;
    reading.commit().await.map_err(SaveFailure::of_store)?;
    match noted {
        None => return Ok(None),
        Some(noted) if !noted.left.is_zero() => return Ok(Some(noted.left)),
        Some(_) => {}
    }
    let taken = async {
        let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
        let taken = take_over(&mut tx, access.lifetime()).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(taken)
    };
    match taken.await.map_err(SaveFailure::of_store)? {
        Some(Locked::Interrupted(lock, noted)) => clear_up(access, &noted.save, &lock).await.map(|()| None),
        Some(_) => Ok(Some(access.lifetime())),
        None => Ok(None),
    }
}

/// Clears up the save of this note, which the lock holds.
///
/// # Errors
/// The WEB-API or the database cannot be asked; the note stays.
pub async fn clear_up(access: &TenantAccess<'_>, save: &WebApiSave, lock: &SaveLock) -> Result<(), SaveFailure> {
    let verdict = match look(access, save).await {
        Ok(verdict) => verdict,
        Err(failure) => {
            end(access, lock, true, None).await.map_err(SaveFailure::Save)?;
            return Err(failure);
        }
    };
    log::info!(
        "{}: an interrupted save by {} on the ARGO WEB-API: {}",
        access.tenant.name,
        save.username,
        words(&verdict)
    );
    match verdict {
        Verdict::Completed(state) => complete(access, save, lock, &state).await.map(drop),
        Verdict::Dropped => end(access, lock, false, None).await.map_err(SaveFailure::Save),
        verdict => end(access, lock, false, Some((save, &verdict))).await.map_err(SaveFailure::Save),
    }
}

fn words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Completed(_) => "it is there, and is completed",
        Verdict::Dropped => "it is not there, and is dropped",
        Verdict::Overtaken(_) => "somebody else has changed the profile since",
        Verdict::Missing => "the profile is no longer there",
    }
}

/// Asks the WEB-API what became of the save.
async fn look(access: &TenantAccess<'_>, save: &WebApiSave) -> Result<Verdict, SaveFailure> {
    if save.action == SaveAction::Send {
        return Ok(Verdict::Dropped);
    }
    let calls = SaveCalls::begin(access).await?;
    let wanted = save.wanted.as_ref().map(|wanted| with_namespace(access, wanted));
    if save.action == SaveAction::Add {
        let list: Vec<AggregationDefinition> = calls.next()?.list().await.map_err(SaveFailure::Call)?;
        for there in list {
            let is_wanted = wanted.as_ref().is_some_and(|wanted| there.is_equal(wanted));
            if is_wanted && is_new(access, &there.id).await.map_err(SaveFailure::of_store)? {
                return Ok(Verdict::Completed(RemoteState::Is(Box::new(there))));
            }
        }
        return Ok(Verdict::Dropped);
    }
    let there = match calls.next()?.one::<AggregationDefinition>(&save.apiid).await {
        Ok(there) => there,
        Err(CallFailure::Gone) if save.action == SaveAction::Delete => {
            return Ok(Verdict::Completed(RemoteState::Deleted));
        }
        Err(CallFailure::Gone) => return Ok(Verdict::Missing),
        Err(failure) => return Err(SaveFailure::Call(failure)),
    };
    let is = |other: &Option<AggregationDefinition>| other.as_ref().is_some_and(|other| there.is_equal(other));
    Ok(match save.action {
        SaveAction::Change if is(&wanted) => Verdict::Completed(RemoteState::Is(Box::new(there))),
        SaveAction::Change if !is(&save.before) => Verdict::Overtaken(Box::new(there)),
        _ => Verdict::Dropped,
    })
}

/// Returns true unless somebody has added the profile to POEM already; the hourly sync adds it without a group.
async fn is_new(access: &TenantAccess<'_>, apiid: &str) -> Result<bool, StoreError> {
    let mut tx = ReadTx::begin(access.pool, &access.tenant.schema).await?;
    match aggregations::id_by_apiid(tx.conn(), apiid).await? {
        None => Ok(true),
        Some(id) => Ok(aggregation_definitions::of(tx.conn(), id).await?.is_some_and(|known| known.group.is_empty())),
    }
}

/// Ends the clearing up. The note stays with `is_unknown`; else what was found is written down.
async fn end(
    access: &TenantAccess<'_>,
    lock: &SaveLock,
    is_unknown: bool,
    found: Option<(&WebApiSave, &Verdict)>,
) -> Result<(), SaveError> {
    let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
    match is_unknown {
        true => leave(&mut tx, lock).await?,
        false => {
            if !finish(&mut tx, lock).await? {
                return Ok(());
            }
        }
    }
    if let Some((WebApiSave { aggregation_id: Some(id), .. }, verdict)) = found {
        let written = match verdict {
            Verdict::Overtaken(definition) => found_aggregations::overtaken(&mut tx, *id, definition).await,
            Verdict::Missing => found_aggregations::missing(&mut tx, &[*id]).await.map_err(SaveError::from),
            _ => Ok(()),
        };
        match written {
            Ok(()) | Err(SaveError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    Ok(())
}
