//! Sends profiles to the ARGO WEB-API, where they are called metric profiles. POEM is their source: a sending comes after
//! the save of the profile, outside its transaction, and the save never fails for it.

use super::access::{SaveCalls, TenantAccess};
use super::failure::SaveFailure;
use super::recovery;
use crate::argo_webapi::failure::CallFailure;
use crate::argo_webapi::report::{self, UsedKind};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::metric_profile_copy::{difference, names, wanted};
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::security::api_token::MissingToken;
use crate::domain::security::keys::{hex, session_hash};
use crate::registry::metric_profile_copies::{self as registry, Sending};
use crate::registry::web_api_saves::{Locked, SaveLock, finish};
use crate::registry::{SaveError, Transaction};
use crate::store::{ReadTx, StoreError, metric_profile_copies, profiles};

/// The message if only an earlier name of another metric profile is the same.
const EARLIER_NAME: &str = "A metric profile with the same name already exists: it is an earlier name of another metric \
                            profile, which the ARGO WEB-API keeps.";

/// What a sending may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// What POEM sent last, and nothing else.
    LastSent,
    /// What the user was shown, by its [`fingerprint`].
    Shown(String),
}

/// The reason why a profile was not sent. `Display` is for users.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    /// Somebody else has changed it there since it was sent, or since it was shown.
    #[error("Changed on the ARGO WEB-API.")]
    ChangedThere,
    /// There is one of this name, which POEM has not sent.
    #[error(
        "The ARGO WEB-API has a metric profile of this name already; send it from the page of the profile to take it over."
    )]
    NotOurs,
    /// It is no longer there.
    #[error(
        "The metric profile is no longer on the ARGO WEB-API; send it from the page of the profile to create it anew."
    )]
    NotThere,
    /// The name is an earlier one of another metric profile.
    #[error("{EARLIER_NAME}")]
    EarlierName,
    /// Aggregation profiles or reports refer to it, so that it is not deleted. Holds their names.
    #[error("It is used by {}. Nothing was deleted.", .0.join(", "))]
    InUse(Vec<String>),
    /// Another save of the tenant is under way.
    #[error("Somebody else is saving to the ARGO WEB-API just now. Please try again.")]
    Busy,
    /// There is no token to present.
    #[error("{0}")]
    NoToken(MissingToken),
    /// The certificates cannot be read.
    #[error("The ARGO WEB-API cannot be called: {0}.")]
    Setup(String),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// It is not known what became of an interrupted save.
    #[error("An interrupted save is not cleared up yet.")]
    NotClearedUp,
    /// POEM refused it, or its database failed.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl From<StoreError> for SendFailure {
    fn from(error: StoreError) -> Self {
        Self::Save(error.into())
    }
}

/// The words of a [`SaveFailure`] are about a save that is lost; here the save is complete.
impl From<SaveFailure> for SendFailure {
    fn from(failure: SaveFailure) -> Self {
        match failure {
            SaveFailure::NoToken(missing) => Self::NoToken(missing),
            SaveFailure::Setup(error) => Self::Setup(error),
            SaveFailure::Call(failure) => Self::Call(failure),
            SaveFailure::Save(error) => Self::Save(error),
            _ => Self::NotClearedUp,
        }
    }
}

impl SendFailure {
    /// Returns true if a user has to decide: trying again changes nothing.
    pub fn needs_a_user(&self) -> bool {
        matches!(self, Self::ChangedThere | Self::NotOurs | Self::NotThere | Self::EarlierName)
    }

    fn is_unreachable(&self) -> bool {
        matches!(self, Self::Call(failure) if failure.is_unreachable())
    }
}

/// Returns the value by which a form names the definition that it showed; of none, too.
pub fn fingerprint(there: Option<&MetricProfileDefinition>) -> String {
    let text = there.and_then(|there| serde_json::to_string(&(&there.id, there.to_send())).ok()).unwrap_or_default();
    hex(&session_hash(&text))
}

/// Returns the metric profile that is, or would become, the copy of a profile: the one with the known id, else one of its
/// names.
pub fn copy_of<'l>(
    list: &'l [MetricProfileDefinition],
    api_id: Option<&str>,
    names: &[String],
) -> Option<&'l MetricProfileDefinition> {
    let by_name = || names.iter().find_map(|name| list.iter().find(|there| there.name == *name));
    list.iter().find(|there| api_id == Some(there.id.as_str())).or_else(by_name)
}

/// Sends a profile, under the name of a user or of a command. What is there already is not sent.
///
/// # Errors
/// All of [`SendFailure`]; all but `Busy` and those of the database are kept with the copy.
pub async fn send(
    access: &TenantAccess<'_>,
    (id, namespace): (i64, &str),
    by: (Option<i64>, &str),
    consent: &Consent,
) -> Result<(), SendFailure> {
    let (sending, lock) = begin(access, id, by).await?;
    let outcome = call(access, &sending, namespace, consent).await;
    let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
    let outcome = match outcome {
        Ok(definition) => {
            registry::sent(&mut tx, (&lock, &sending), &definition).await?;
            Ok(())
        }
        Err(failure) => {
            let is_gone = matches!(failure, SendFailure::NotThere);
            registry::failed(&mut tx, (&lock, sending.id), &failure.to_string(), is_gone).await?;
            Err(failure)
        }
    };
    tx.commit().await?;
    outcome
}

/// Takes the lock for a profile, after what an interrupted save left behind was cleared up.
async fn begin(
    access: &TenantAccess<'_>,
    id: i64,
    by: (Option<i64>, &str),
) -> Result<(Sending, SaveLock), SendFailure> {
    // A second interrupted save in a row is not waited for.
    for _ in 0..2 {
        let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
        let sending = registry::begin(&mut tx, id, by, access.lifetime()).await?;
        match &sending.locked {
            Locked::Mine(lock) => {
                let lock = lock.clone();
                tx.commit().await?;
                return Ok((sending, lock));
            }
            Locked::Busy => return Err(SendFailure::Busy),
            Locked::Interrupted(lock, noted) => {
                tx.commit().await?;
                recovery::clear_up(access, &noted.save, lock).await?;
            }
        }
    }
    Err(SendFailure::Busy)
}

/// Makes the calls of a sending. Returns the definition as it is there afterwards.
async fn call(
    access: &TenantAccess<'_>,
    sending: &Sending,
    namespace: &str,
    consent: &Consent,
) -> Result<MetricProfileDefinition, SendFailure> {
    let calls = SaveCalls::begin(access).await?;
    let list: Vec<MetricProfileDefinition> = calls.next()?.list().await?;
    let names = names(&sending.content.name, namespace);
    let there = copy_of(&list, sending.copy.api_id.as_deref(), &names);
    let wanted = wanted(&sending.content, namespace, there);
    check_consent(sending, there, &wanted, consent)?;
    match there {
        Some(there) if difference(&wanted, there).is_none() => Ok(there.clone()),
        Some(there) => replace(&calls, &there.id, &wanted).await,
        None => create(&calls, &wanted).await,
    }
}

/// Checks that nothing is replaced that neither POEM has sent nor the user has seen.
fn check_consent(
    sending: &Sending,
    there: Option<&MetricProfileDefinition>,
    wanted: &MetricProfileDefinition,
    consent: &Consent,
) -> Result<(), SendFailure> {
    let is_ours = there.is_some_and(|there| sending.copy.api_id.as_ref() == Some(&there.id));
    match (consent, there) {
        // Nothing is replaced: it is there already, perhaps from an earlier try.
        (_, Some(there)) if difference(wanted, there).is_none() => Ok(()),
        (Consent::Shown(shown), there) if *shown == fingerprint(there) => Ok(()),
        (Consent::Shown(_), _) => Err(SendFailure::ChangedThere),
        (Consent::LastSent, None) if sending.copy.sent.is_some() => Err(SendFailure::NotThere),
        (Consent::LastSent, None) => Ok(()),
        (Consent::LastSent, Some(_)) if !is_ours => Err(SendFailure::NotOurs),
        (Consent::LastSent, Some(there)) => match &sending.copy.sent {
            Some(sent) if difference(sent, there).is_none() => Ok(()),
            _ => Err(SendFailure::ChangedThere),
        },
    }
}

async fn replace(
    calls: &SaveCalls<'_>,
    id: &str,
    wanted: &MetricProfileDefinition,
) -> Result<MetricProfileDefinition, SendFailure> {
    match calls.next()?.replace(id, wanted).await {
        Ok(()) => Ok(read_back(calls, id, wanted).await),
        Err(CallFailure::Gone) => Err(SendFailure::NotThere),
        Err(CallFailure::NameTaken(_)) => Err(SendFailure::EarlierName),
        Err(failure) if failure.may_have_written() => {
            let there: MetricProfileDefinition = calls.next()?.one(id).await?;
            if difference(wanted, &there).is_none() { Ok(there) } else { Err(failure.into()) }
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn create(
    calls: &SaveCalls<'_>,
    wanted: &MetricProfileDefinition,
) -> Result<MetricProfileDefinition, SendFailure> {
    match calls.next()?.create(wanted).await {
        Ok(id) => Ok(read_back(calls, &id, wanted).await),
        Err(CallFailure::NameTaken(_)) => {
            let list: Vec<MetricProfileDefinition> = calls.next()?.list().await?;
            let is_there = list.iter().any(|there| there.name == wanted.name);
            Err(if is_there { SendFailure::NotOurs } else { SendFailure::EarlierName })
        }
        Err(failure) if failure.may_have_written() => {
            let list: Vec<MetricProfileDefinition> = calls.next()?.list().await?;
            let made = list.into_iter().find(|there| difference(wanted, there).is_none());
            made.ok_or(SendFailure::Call(failure))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Returns the definition as it is there after it was written; as it was written if that cannot be read. An old WEB-API
/// does not keep all of it.
async fn read_back(calls: &SaveCalls<'_>, id: &str, wanted: &MetricProfileDefinition) -> MetricProfileDefinition {
    let written = MetricProfileDefinition { id: id.to_owned(), ..wanted.clone() };
    let Ok(calls) = calls.next() else { return written };
    match calls.one::<MetricProfileDefinition>(id).await {
        Ok(there) if there.name == wanted.name => there,
        _ => written,
    }
}

/// A profile that was not sent.
#[derive(Debug)]
pub struct NotSent {
    /// Its name.
    pub name: String,
    /// The reason.
    pub failure: SendFailure,
}

/// Sends the profiles of a tenant that have changed since they were sent, if they are sent on every save. Returns those
/// that were not sent. After a call without an answer, the others are left to the next time.
///
/// # Errors
/// Those of the database.
pub async fn send_marked(
    access: &TenantAccess<'_>,
    namespace: &str,
    by: (Option<i64>, &str),
) -> Result<Vec<NotSent>, StoreError> {
    let mut not_sent = Vec::new();
    for id in marked(access).await? {
        let Err(failure) = send(access, (id, namespace), by, &Consent::LastSent).await else { continue };
        let mut tx = ReadTx::begin(access.pool, &access.tenant.schema).await?;
        let name = profiles::content(tx.conn(), id).await?.map(|loaded| loaded.content.name).unwrap_or_default();
        let is_unreachable = failure.is_unreachable();
        not_sent.push(NotSent { name, failure });
        if is_unreachable {
            break;
        }
    }
    Ok(not_sent)
}

/// Returns the ids of the profiles that [`send_marked`] sends.
///
/// # Errors
/// Those of the database.
pub async fn marked(access: &TenantAccess<'_>) -> Result<Vec<i64>, StoreError> {
    let mut tx = ReadTx::begin(access.pool, &access.tenant.schema).await?;
    let marked = metric_profile_copies::marked(tx.conn()).await?;
    tx.commit().await?;
    Ok(marked)
}

/// Deletes the copy of a profile on the WEB-API, unless aggregation profiles or reports refer to it there.
///
/// # Errors
/// All of [`SendFailure`].
pub async fn delete(access: &TenantAccess<'_>, id: i64, by: (Option<i64>, &str)) -> Result<(), SendFailure> {
    let (sending, lock) = begin(access, id, by).await?;
    let outcome = delete_there(access, &sending).await;
    let mut tx = Transaction::begin(access.pool, &access.tenant.schema).await?;
    match &outcome {
        Ok(()) => registry::deleted(&mut tx, &lock, sending.id).await?,
        Err(_) => drop(finish(&mut tx, &lock).await?),
    }
    tx.commit().await?;
    outcome
}

async fn delete_there(access: &TenantAccess<'_>, sending: &Sending) -> Result<(), SendFailure> {
    let Some(id) = sending.copy.api_id.as_deref() else { return Ok(()) };
    let calls = SaveCalls::begin(access).await?;
    let reading = calls.next()?;
    let (aggregations, reports) = tokio::join!(reading.list::<AggregationDefinition>(), reading.reports());
    let users = aggregations?.into_iter().filter(|of| of.metric_profile.id == id);
    let mut users: Vec<String> = users.map(|of| format!("the aggregation profile {}", of.name)).collect();
    let reports = reports?.unwrap_or_default();
    users.extend(report::using(&reports, UsedKind::Metric, id).into_iter().map(|name| format!("the report {name}")));
    if !users.is_empty() {
        return Err(SendFailure::InUse(users));
    }
    match calls.next()?.delete::<MetricProfileDefinition>(id).await {
        Ok(()) | Err(CallFailure::Gone) => Ok(()),
        Err(failure) if failure.may_have_written() => match calls.next()?.one::<MetricProfileDefinition>(id).await {
            Err(CallFailure::Gone) => Ok(()),
            _ => Err(failure.into()),
        },
        Err(failure) => Err(failure.into()),
    }
}
