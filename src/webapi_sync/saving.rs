//! Saves of aggregation profiles: the calls of a save whose note is written, and its end in POEM's database.
//!
//! What the WEB-API has is read first, past every cache, and nothing is sent that is there already. So a save can be
//! sent again at any time.

use super::access::{SaveCalls, TenantAccess};
use super::failure::SaveFailure;
use crate::argo_webapi::failure::CallFailure;
use crate::argo_webapi::report::{self, UsedKind};
use crate::domain::form::validation_error::{ValidationErrors, words};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::aggregation_rules;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::web_api_save::{SaveAction, WebApiSave};
use crate::registry::web_api_saves::{SaveLock, finish, leave};
use crate::registry::{SaveError, Saved, Transaction, aggregation_profiles};
use crate::store::{ReadTx, StoreError, aggregations};

/// The message at the name if only an earlier name of another profile is the same.
const EARLIER_NAME: &str = "Aggregation profile with the same name already exists: it is an earlier name of another \
                            profile, which the ARGO WEB-API keeps.";
/// The message at the metric profile if the WEB-API does not have it.
const NO_METRIC_PROFILE: &str = "This metric profile is no longer on the ARGO WEB-API.";

/// The state of the WEB-API after the calls of a save.
#[derive(Debug, Clone, PartialEq)]
pub enum RemoteState {
    /// The profile is there as the save wants it, with this definition.
    Is(Box<AggregationDefinition>),
    /// The profile is not there, as the save wants it.
    Deleted,
}

/// Makes the calls of a save that holds the lock, and completes it in POEM.
///
/// # Errors
/// Each says what both stores have. After `Unknown` and `NotWrittenDown` the note stays, and the next save, the sync or
/// the start of a server clears it up.
pub async fn run(access: &TenantAccess<'_>, save: &WebApiSave, lock: &SaveLock) -> Result<Saved, SaveFailure> {
    match call(access, save).await {
        Ok(state) => complete(access, save, lock, &state).await,
        Err(failure) => {
            release(access, lock, matches!(failure, SaveFailure::Unknown(_))).await;
            Err(failure)
        }
    }
}

/// Releases the lock; the note stays if the end of the save is not known. An error of the database leaves it, too: it
/// then lasts until its deadline.
async fn release(access: &TenantAccess<'_>, lock: &SaveLock, is_unknown: bool) {
    let released = async {
        let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
        match is_unknown {
            true => leave(&mut tx, lock).await?,
            false => drop(finish(&mut tx, lock).await?),
        }
        tx.commit().await
    };
    if let Err(error) = released.await {
        log::warn!("{}: the note of a save on the ARGO WEB-API stays: {error}", access.tenant.name);
    }
}

/// Writes down in POEM what the WEB-API has.
///
/// # Errors
/// `NotWrittenDown`; `Unknown` if another server has taken over the save; `Save(Gone)` if the object was removed.
pub(super) async fn complete(
    access: &TenantAccess<'_>,
    save: &WebApiSave,
    lock: &SaveLock,
    state: &RemoteState,
) -> Result<Saved, SaveFailure> {
    let written = async {
        let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
        if !finish(&mut tx, lock).await? {
            return Ok(None);
        }
        let saved = match state {
            RemoteState::Deleted => aggregation_profiles::deleted(&mut tx, save).await?,
            RemoteState::Is(definition) if save.action == SaveAction::Add => {
                aggregation_profiles::added(&mut tx, save, definition).await?
            }
            RemoteState::Is(definition) => aggregation_profiles::changed(&mut tx, save, definition).await?,
        };
        tx.commit().await?;
        Ok::<_, SaveError>(Some(saved))
    };
    match written.await {
        Ok(Some(saved)) => Ok(saved),
        Ok(None) => Err(SaveFailure::Unknown(504)),
        Err(SaveError::Gone) => {
            release(access, lock, save.action == SaveAction::Add).await;
            Err(if save.action == SaveAction::Add { SaveFailure::Unknown(502) } else { SaveError::Gone.into() })
        }
        Err(error) => {
            log::error!("{}: a save is on the ARGO WEB-API but not in POEM: {error}", access.tenant.name);
            release(access, lock, true).await;
            Err(SaveFailure::NotWrittenDown)
        }
    }
}

/// Makes the calls of a save.
async fn call(access: &TenantAccess<'_>, save: &WebApiSave) -> Result<RemoteState, SaveFailure> {
    let calls = SaveCalls::begin(access).await?;
    match (save.action, &save.wanted) {
        (SaveAction::Add, Some(wanted)) => {
            create(access, &calls, wanted).await.map(|there| RemoteState::Is(Box::new(there)))
        }
        (SaveAction::Change, Some(wanted)) => {
            replace(access, &calls, save, wanted).await.map(|there| RemoteState::Is(Box::new(there)))
        }
        (SaveAction::Delete, _) => delete(&calls, save).await.map(|()| RemoteState::Deleted),
        _ => Err(SaveFailure::Unknown(502)),
    }
}

async fn create(
    access: &TenantAccess<'_>,
    calls: &SaveCalls<'_>,
    wanted: &AggregationDefinition,
) -> Result<AggregationDefinition, SaveFailure> {
    let reading = calls.next()?;
    let (list, metric_profiles) =
        tokio::join!(reading.list::<AggregationDefinition>(), reading.list::<MetricProfileDefinition>());
    let (list, metric_profiles) = (list?, metric_profiles?);
    if let Some(there) = named(access, &list, wanted).await? {
        return Ok(there);
    }
    let sent = checked(access, wanted, &AggregationDefinition::default(), &metric_profiles)?;
    match calls.next()?.create(&sent).await {
        Ok(id) => Ok(AggregationDefinition { id, ..sent }),
        Err(CallFailure::NameTaken(_)) => {
            let list = calls.next()?.list().await?;
            match named(access, &list, wanted).await? {
                Some(there) => Ok(there),
                None => Err(ValidationErrors::at("name", EARLIER_NAME).into()),
            }
        }
        Err(CallFailure::UnknownReference(_)) => Err(ValidationErrors::at("metric_profile", NO_METRIC_PROFILE).into()),
        Err(failure) if failure.may_have_written() => {
            let found: Vec<AggregationDefinition> = look(&failure, calls.next()?.list().await)?;
            let earlier = |id: &str| list.iter().any(|known| known.id == id);
            let made = found.into_iter().find(|there| there.is_equal(&sent) && !earlier(&there.id));
            made.ok_or(SaveFailure::Call(failure))
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn replace(
    access: &TenantAccess<'_>,
    calls: &SaveCalls<'_>,
    save: &WebApiSave,
    wanted: &AggregationDefinition,
) -> Result<AggregationDefinition, SaveFailure> {
    let opened = save.before.clone().unwrap_or_default();
    let reading = calls.next()?;
    let (current, metric_profiles) =
        tokio::join!(reading.one::<AggregationDefinition>(&save.apiid), reading.list::<MetricProfileDefinition>());
    let current = current?;
    let is_wanted =
        |there: &AggregationDefinition| there.is_equal(wanted) || there.is_equal(&with_namespace(access, wanted));
    if is_wanted(&current) {
        return Ok(current);
    }
    if !current.is_equal(&opened) {
        return Err(SaveFailure::Changed(Box::new(current)));
    }
    let sent = checked(access, wanted, &opened, &metric_profiles?)?;
    let written = AggregationDefinition { id: save.apiid.clone(), ..sent.clone() };
    match calls.next()?.replace(&save.apiid, &sent).await {
        Ok(()) => Ok(written),
        Err(CallFailure::NameTaken(_)) => {
            let list: Vec<AggregationDefinition> = calls.next()?.list().await?;
            let is_there = list.iter().any(|there| there.name == sent.name && there.id != save.apiid);
            let message = if is_there { words::exists("Aggregation", "Name") } else { EARLIER_NAME.to_owned() };
            Err(ValidationErrors::at("name", message).into())
        }
        Err(CallFailure::UnknownReference(_)) => Err(ValidationErrors::at("metric_profile", NO_METRIC_PROFILE).into()),
        Err(failure) if failure.may_have_written() => {
            let there: AggregationDefinition = look(&failure, calls.next()?.one(&save.apiid).await)?;
            if there.is_equal(&sent) {
                Ok(there)
            } else if there.is_equal(&current) {
                Err(SaveFailure::Call(failure))
            } else {
                Err(SaveFailure::Changed(Box::new(there)))
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn delete(calls: &SaveCalls<'_>, save: &WebApiSave) -> Result<(), SaveFailure> {
    if let Ok(Some(reports)) = calls.next()?.reports().await {
        let users = report::using(&reports, UsedKind::Aggregation, &save.apiid);
        if !users.is_empty() {
            return Err(SaveFailure::InUse(users.into_iter().map(str::to_owned).collect()));
        }
    }
    match calls.next()?.delete::<AggregationDefinition>(&save.apiid).await {
        Ok(()) | Err(CallFailure::Gone) => Ok(()),
        Err(failure) if failure.may_have_written() => {
            match calls.next()?.one::<AggregationDefinition>(&save.apiid).await {
                Err(CallFailure::Gone) => Ok(()),
                looked => look(&failure, looked).and(Err(SaveFailure::Call(failure))),
            }
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Returns what was found after a call that may have had its effect.
///
/// # Errors
/// `Gone`; `Unknown` if looking failed, too.
fn look<T>(failure: &CallFailure, looked: Result<T, CallFailure>) -> Result<T, SaveFailure> {
    looked.map_err(|looked| match looked {
        CallFailure::Gone => SaveFailure::Gone,
        _ => SaveFailure::Unknown(failure.status()),
    })
}

/// Returns the profile of this name on the WEB-API if it is the one that is wanted and POEM does not know it: an earlier
/// try has created it. `None` if there is none of this name.
///
/// # Errors
/// `Invalid` if the name is taken; those of the database.
async fn named(
    access: &TenantAccess<'_>,
    list: &[AggregationDefinition],
    wanted: &AggregationDefinition,
) -> Result<Option<AggregationDefinition>, SaveFailure> {
    let wanted = with_namespace(access, wanted);
    let mut is_taken = false;
    for there in list.iter().filter(|there| there.name == wanted.name) {
        is_taken = true;
        if there.is_equal(&wanted) && !is_known(access, &there.id).await.map_err(SaveFailure::of_store)? {
            return Ok(Some(there.clone()));
        }
    }
    match is_taken {
        true => Err(ValidationErrors::at("name", words::exists("Aggregation", "Name")).into()),
        false => Ok(None),
    }
}

/// Returns true if POEM has a profile with this id.
async fn is_known(access: &TenantAccess<'_>, apiid: &str) -> Result<bool, StoreError> {
    let mut tx = ReadTx::begin(access.pool, &access.tenant.schema).await?;
    Ok(aggregations::id_by_apiid(tx.conn(), apiid).await?.is_some())
}

/// Returns what is sent, after the rules that need the metric profile.
fn checked(
    access: &TenantAccess<'_>,
    wanted: &AggregationDefinition,
    opened: &AggregationDefinition,
    metric_profiles: &[MetricProfileDefinition],
) -> Result<AggregationDefinition, SaveFailure> {
    let metric_profile = metric_profiles.iter().find(|of| of.id == wanted.metric_profile.id);
    let content = AggregationProfileContent { definition: wanted.clone(), ..AggregationProfileContent::default() };
    aggregation_rules::check(&content, opened, metric_profile).check()?;
    let mut sent = with_namespace(access, wanted);
    if let Some(metric_profile) = metric_profile {
        sent.metric_profile.name.clone_from(&metric_profile.name);
    }
    Ok(sent)
}

/// Returns the definition with the tenant's schema as its namespace, if it has none.
pub(super) fn with_namespace(access: &TenantAccess<'_>, wanted: &AggregationDefinition) -> AggregationDefinition {
    let mut wanted = wanted.clone();
    if wanted.namespace.is_empty() {
        wanted.namespace = access.tenant.schema.to_string();
    }
    wanted
}
