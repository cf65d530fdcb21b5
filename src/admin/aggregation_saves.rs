//! Saves of aggregation profiles in both stores: noted in POEM, carried out on the ARGO WEB-API, completed in POEM.

use std::time::{Duration, Instant};

use rocket::http::Status;

use super::crud::RequestContext;
use super::crud::remote_store::RemoteRefusal;
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::policy::Viewer;
use crate::registry::aggregation_profiles::{self as registry, Begun, Edit};
use crate::registry::web_api_saves::Locked;
use crate::registry::{SaveError, Saved, Transaction, found_aggregations};
use crate::webapi_sync::failure::SaveFailure;
use crate::webapi_sync::{recovery, saving};

/// The time that a save waits for another one of the tenant.
const LOCK_WAIT: Duration = Duration::from_secs(3);
/// The time between two looks whether the other one has ended.
const LOCK_POLL: Duration = Duration::from_millis(200);
/// The heading of the page of a profile that is no longer there.
pub(super) const MISSING: &str = "This profile is no longer on the ARGO WEB-API";
/// The words on the page of a conflict for who has changed a profile.
const CHANGED_THERE: &str = "somebody else: changed on the ARGO WEB-API";
const MOVED: &str = "somebody else: moved to another group";

type Refusal = RemoteRefusal<AggregationProfileContent>;

/// What a user has submitted.
pub(super) enum SaveRequest<'a> {
    Add { content: &'a AggregationProfileContent, clone_of: Option<i64> },
    Change(Edit<'a>),
    Recreate(Edit<'a>),
    Delete(i64),
}

impl SaveRequest<'_> {
    /// Checks the rights and notes the save.
    async fn begin(&self, tx: &mut Transaction, viewer: &Viewer, lifetime: Duration) -> Result<Begun, SaveError> {
        match self {
            Self::Add { content, clone_of } => registry::begin_add(tx, viewer, (content, *clone_of), lifetime).await,
            Self::Change(edit) => registry::begin_change(tx, viewer, *edit, lifetime).await,
            Self::Recreate(edit) => registry::begin_recreate(tx, viewer, *edit, lifetime).await,
            Self::Delete(id) => registry::begin_delete(tx, viewer, *id, lifetime).await,
        }
    }

    /// Returns the content that was submitted for an object of POEM.
    fn edit(&self) -> Option<&Edit<'_>> {
        match self {
            Self::Change(edit) | Self::Recreate(edit) => Some(edit),
            Self::Add { .. } | Self::Delete(_) => None,
        }
    }
}

/// Saves in both stores, after the other saves of the tenant.
pub(super) async fn save(context: &RequestContext<'_>, request: &SaveRequest<'_>) -> Result<Saved, Refusal> {
    let access = context.web_api().ok_or(SaveError::Gone)?;
    let until = Instant::now() + LOCK_WAIT;
    loop {
        let (mut tx, viewer) = context.write().await?;
        match request.begin(&mut tx, &viewer, access.lifetime()).await? {
            Begun::Saved(saved) => {
                tx.commit().await.map_err(SaveError::from)?;
                return Ok(saved);
            }
            Begun::Moved(group) => {
                let opened = request.edit().map(|edit| edit.opened.clone()).unwrap_or_default();
                let theirs = AggregationProfileContent { group, ..opened };
                return Err(RemoteRefusal::Changed(Box::new(theirs), MOVED));
            }
            Begun::Noted(save, Locked::Mine(lock)) => {
                tx.commit().await.map_err(SaveError::from)?;
                let saved = saving::run(&access, &save, &lock).await;
                context.remote_cache.forget(&access.tenant.schema);
                if let (Err(SaveFailure::Gone), Some(edit)) = (&saved, request.edit()) {
                    mark_missing(context, edit.id).await?;
                }
                return saved.map_err(|failure| refusal(failure, request));
            }
            Begun::Noted(_, Locked::Interrupted(lock, noted)) => {
                tx.commit().await.map_err(SaveError::from)?;
                let cleared = recovery::clear_up(&access, &noted.save, &lock).await;
                cleared.map_err(|failure| refusal(failure, request))?;
            }
            Begun::Noted(_, Locked::Busy) => {
                drop(tx);
                if Instant::now() >= until {
                    return Err(refusal(SaveFailure::Busy, request));
                }
                tokio::time::sleep(LOCK_POLL).await;
            }
        }
    }
}

/// Notes that a profile is no longer on the WEB-API.
async fn mark_missing(context: &RequestContext<'_>, id: i64) -> Result<(), SaveError> {
    let (mut tx, _) = context.write().await?;
    found_aggregations::missing(&mut tx, &[id]).await?;
    Ok(tx.commit().await?)
}

fn refusal(failure: SaveFailure, request: &SaveRequest<'_>) -> Refusal {
    match (failure, request.edit()) {
        (SaveFailure::Invalid(errors), _) => RemoteRefusal::Save(errors.into()),
        (SaveFailure::Save(error), _) => RemoteRefusal::Save(error),
        (SaveFailure::Gone, Some(_)) => RemoteRefusal::Missing(MISSING),
        (SaveFailure::Changed(there), Some(edit)) => {
            let theirs = AggregationProfileContent { definition: *there, ..edit.opened.clone() };
            RemoteRefusal::Changed(Box::new(theirs), CHANGED_THERE)
        }
        (failure, _) => {
            let status = Status::from_code(failure.status()).unwrap_or(Status::BadGateway);
            RemoteRefusal::Failed(status, failure.to_string())
        }
    }
}
