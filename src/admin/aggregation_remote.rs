//! Aggregation profiles on the ARGO WEB-API: what forms show of them, and their saves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rocket::async_trait;
use rocket::http::Status;
use serde_json::json;

use super::aggregation_uses;
use super::crud::form_input::{OfferedChoice, Sources};
use super::crud::remote_store::{OffersFor, RemoteEdit, RemoteOffers, RemoteRefusal, RemoteStore, RemoteView};
use super::crud::{NamedObject, RequestContext};
use crate::argo_webapi::failure::CallFailure;
use crate::argo_webapi::report::{self, UsedKind};
use crate::domain::form::field::Choices;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::aggregation_definition::{AggregationDefinition, MetricProfileReference};
use crate::domain::model::aggregation_exchange;
use crate::domain::model::aggregation_profile::{self, AggregationProfileContent};
use crate::domain::model::aggregation_rules;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::policy::Viewer;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::aggregation_profiles::{self as registry, Begun, Edit};
use crate::registry::web_api_saves::Locked;
use crate::registry::{SaveError, Saved, Transaction};
use crate::store::aggregation_definitions::{self, StoredDefinition};
use crate::store::web_api_saves::{self, StoredSave};
use crate::templates::form_page::InfoLine;
use crate::webapi_sync::access::TenantAccess;
use crate::webapi_sync::cache::PAGE_TIMEOUT;
use crate::webapi_sync::failure::SaveFailure;
use crate::webapi_sync::{recovery, saving};

/// The time that a save waits for another one of the tenant.
const LOCK_WAIT: Duration = Duration::from_secs(3);
/// The time between two looks whether the other one has ended.
const LOCK_POLL: Duration = Duration::from_millis(50);
/// The number of characters of an id that tell two profiles of one name apart.
const ID_BEGINNING: usize = 8;

/// The most suggestions while typing.
const MOST_SUGGESTIONS: usize = 20;

type Refusal = RemoteRefusal<AggregationProfileContent>;

/// The WEB-API as the other store of aggregation profiles.
pub(super) struct AggregationRemote;

#[async_trait]
impl RemoteStore<AggregationProfileContent> for AggregationRemote {
    async fn view(
        &self,
        context: &RequestContext<'_>,
        of: Option<&NamedObject<AggregationProfileContent>>,
    ) -> Result<RemoteView<AggregationProfileContent>, AppError> {
        let access = access(context)?;
        let (stored, noted) = known(context, of.map(|of| of.loaded.id)).await?;
        let token = match access.token().await? {
            Ok(token) => token,
            Err(missing) => {
                let read_only = unavailable(context, &missing.to_string(), stored.as_ref());
                return Ok(RemoteView { read_only, ..RemoteView::default() });
            }
        };
        let cache = context.remote_cache;
        let definition = async {
            match &stored {
                Some(stored) => cache.definition(&access, &token, &stored.apiid).await.map(Some),
                None => Ok(None),
            }
        };
        let (definition, metric_profiles) = tokio::join!(definition, cache.metric_profiles(&access, &token));
        let facts = match (&definition, &metric_profiles) {
            (Ok(Some(there)), Ok(profiles)) => uses(context, there, profiles).await?,
            _ => Vec::new(),
        };
        let offered = offers(metric_profiles.as_ref().map(Arc::clone).unwrap_or_default());
        let view = RemoteView {
            notes: noted.iter().map(|noted| interrupted(context, noted)).collect(),
            facts,
            offers: Some(offered),
            ..RemoteView::default()
        };
        Ok(match (definition, metric_profiles) {
            (Err(CallFailure::Gone), _) => RemoteView { is_missing: true, ..view },
            (Err(failure), _) | (Ok(None), Err(failure)) => {
                let read_only = unavailable(context, &failure.to_string(), stored.as_ref());
                // Of a profile that was never read, nothing is known to warn of.
                let is_known = stored.is_some_and(|stored| stored.definition.is_some());
                RemoteView { read_only, offers: view.offers.filter(|_| is_known), ..view }
            }
            (Ok(definition), metric_profiles) => RemoteView {
                content: stored.zip(definition).map(|(stored, there)| content(&stored, &there)),
                read_only: match metric_profiles {
                    Ok(_) => String::new(),
                    Err(failure) => format!("The metric profiles cannot be read. {failure}"),
                },
                ..view
            },
        })
    }

    async fn view_again(
        &self,
        context: &RequestContext<'_>,
    ) -> Result<RemoteView<AggregationProfileContent>, AppError> {
        let access = access(context)?;
        let metric_profiles = match access.token().await? {
            Ok(token) => context.remote_cache.last_metric_profiles(&access, &token).unwrap_or_default(),
            Err(_) => Arc::default(),
        };
        Ok(RemoteView { offers: Some(offers(metric_profiles)), ..RemoteView::default() })
    }

    fn is_complete(&self, opened: &AggregationProfileContent) -> bool {
        opened.definition != AggregationDefinition::default()
    }

    fn copy_of(&self, original: &AggregationProfileContent) -> Option<AggregationProfileContent> {
        let definition = original.definition.to_send();
        let is_known = !definition.metric_operation.is_empty();
        is_known.then(|| AggregationProfileContent { apiid: String::new(), definition, ..original.clone() })
    }

    fn is_same(&self, known: &AggregationProfileContent, submitted: &AggregationProfileContent) -> bool {
        let mut submitted_definition = submitted.definition.clone();
        if submitted_definition.namespace.is_empty() {
            submitted_definition.namespace.clone_from(&known.definition.namespace);
        }
        known.group == submitted.group && known.definition.is_equal(&submitted_definition)
    }

    async fn import(
        &self,
        context: &RequestContext<'_>,
        content: &AggregationProfileContent,
        file: &str,
    ) -> Result<Result<AggregationProfileContent, ValidationErrors>, AppError> {
        let (definition, named) = match aggregation_exchange::import(&content.definition, file) {
            Ok(read) => read,
            Err(error) => return Ok(Err(ValidationErrors::of_form(error.to_string()))),
        };
        let mut filled = AggregationProfileContent { definition, ..content.clone() };
        if !named.is_none() {
            let metric_profiles = metric_profiles(context).await?;
            let found = metric_profiles.iter().find(|of| of.id == named.id);
            let Some(found) = found.or_else(|| metric_profiles.iter().find(|of| of.name == named.name)) else {
                let words = format!("“{}” is not a metric profile on the ARGO WEB-API.", named.name);
                return Ok(Err(ValidationErrors::at(aggregation_profile::METRIC_PROFILE, words)));
            };
            filled.definition.metric_profile = MetricProfileReference {
                name: found.name.clone(),
                id: found.id.clone(),
                ..filled.definition.metric_profile
            };
        }
        Ok(Ok(filled))
    }

    async fn add(
        &self,
        context: &RequestContext<'_>,
        content: &AggregationProfileContent,
        clone_of: Option<i64>,
    ) -> Result<Saved, Refusal> {
        save(context, &SaveRequest::Add { content, clone_of }).await
    }

    async fn change(
        &self,
        context: &RequestContext<'_>,
        id: i64,
        edit: RemoteEdit<'_, AggregationProfileContent>,
    ) -> Result<Saved, Refusal> {
        let RemoteEdit { opened, content, anew } = edit;
        let edit = Edit { id, opened, content };
        save(context, &if anew { SaveRequest::Recreate(edit) } else { SaveRequest::Change(edit) }).await
    }

    async fn before_deletion(
        &self,
        context: &RequestContext<'_>,
        of: &NamedObject<AggregationProfileContent>,
    ) -> Result<Vec<InfoLine>, AppError> {
        let line = |label: &str, text: String| InfoLine { label: label.to_owned(), text, links: Vec::new() };
        let group = &of.loaded.content.group;
        let mut lines = Vec::new();
        if !group.is_empty() {
            lines.push(line("Group", group.clone()));
        }
        let (stored, _) = known(context, Some(of.loaded.id)).await?;
        if stored.is_some_and(|stored| stored.missing_since.is_some()) {
            lines.push(line("ARGO WEB-API", "It is not there; it is removed from POEM only.".to_owned()));
            return Ok(lines);
        }
        lines.push(line("ARGO WEB-API", "It is deleted there, too.".to_owned()));
        lines.extend(reports(context, &of.loaded.content.apiid).await?.map(|text| line("Reports", text)));
        Ok(lines)
    }

    async fn delete(&self, context: &RequestContext<'_>, id: i64) -> Result<Saved, Refusal> {
        save(context, &SaveRequest::Delete(id)).await
    }
}

/// Returns the service flavours of the metric profile `?metric_profile=ID` whose names contain `?q=`, as JSON; all of them
/// with `?all=1`. Empty if the WEB-API does not have it, or does not respond.
pub async fn service_flavours(context: &RequestContext<'_>) -> Result<String, AppError> {
    context.viewer()?;
    let (id, typed) = (context.query("metric_profile").unwrap_or_default(), context.search().to_lowercase());
    let most = if context.query("all").is_some() { usize::MAX } else { MOST_SUGGESTIONS };
    let metric_profiles = metric_profiles(context).await?;
    let chosen = metric_profiles.iter().find(|of| of.id == id);
    let names = chosen.map(MetricProfileDefinition::service_flavours).unwrap_or_default();
    let found = names.into_iter().filter(|name| name.to_lowercase().contains(&typed)).take(most);
    let results: Vec<_> = found.map(|name| json!({ "value": name, "note": "" })).collect();
    Ok(json!({ "results": results }).to_string())
}

/// Returns the metric profiles, as pages read them; none if they cannot be read.
async fn metric_profiles(context: &RequestContext<'_>) -> Result<Arc<Vec<MetricProfileDefinition>>, AppError> {
    let access = access(context)?;
    Ok(match access.token().await? {
        Ok(token) => context.remote_cache.metric_profiles(&access, &token).await.unwrap_or_default(),
        Err(_) => Arc::default(),
    })
}

/// Returns the file of a profile: as it is on the WEB-API, or as POEM last knew it.
pub async fn export(context: &RequestContext<'_>, id: i64) -> Result<(String, String), AppError> {
    context.viewer()?;
    let access = access(context)?;
    let (stored, _) = known(context, Some(id)).await?;
    let stored = stored.ok_or(NOT_FOUND)?;
    let there = match access.token().await? {
        Ok(token) => context.remote_cache.definition(&access, &token, &stored.apiid).await.ok(),
        Err(_) => None,
    };
    let definition = there.map_or_else(|| stored.content().definition, |there| AggregationDefinition::clone(&there));
    let file = serde_json::to_string_pretty(&aggregation_exchange::export(&definition));
    Ok((definition.name, file.map_err(|error| AppError::Internal(error.to_string()))?))
}

/// What a user has submitted.
enum SaveRequest<'a> {
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
async fn save(context: &RequestContext<'_>, request: &SaveRequest<'_>) -> Result<Saved, Refusal> {
    let access = access(context).map_err(|_| SaveError::Gone)?;
    let until = Instant::now() + LOCK_WAIT;
    loop {
        let (mut tx, viewer) = context.write().await?;
        match request.begin(&mut tx, &viewer, access.lifetime()).await? {
            Begun::Saved(saved) => {
                tx.commit().await.map_err(SaveError::from)?;
                return Ok(saved);
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
    registry::missing(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

fn refusal(failure: SaveFailure, request: &SaveRequest<'_>) -> Refusal {
    match (failure, request.edit()) {
        (SaveFailure::Invalid(errors), _) => RemoteRefusal::Save(errors.into()),
        (SaveFailure::Save(error), _) => RemoteRefusal::Save(error),
        (SaveFailure::Gone, Some(_)) => RemoteRefusal::Missing,
        (SaveFailure::Changed(there), Some(edit)) => {
            RemoteRefusal::Changed(Box::new(AggregationProfileContent { definition: *there, ..edit.opened.clone() }))
        }
        (failure, _) => {
            let status = Status::from_code(failure.status()).unwrap_or(Status::BadGateway);
            RemoteRefusal::Failed(status, failure.to_string())
        }
    }
}

/// Returns the access to both stores. The entity is used only with `[WEBAPI]`.
fn access<'a>(context: &'a RequestContext<'_>) -> Result<TenantAccess<'a>, AppError> {
    context.web_api().ok_or(NOT_FOUND)
}

/// Loads what POEM knows of a profile, and the note of a save of it that was interrupted.
async fn known(
    context: &RequestContext<'_>,
    id: Option<i64>,
) -> Result<(Option<StoredDefinition>, Option<StoredSave>), AppError> {
    let Some(id) = id else { return Ok((None, None)) };
    let mut tx = context.read().await?;
    let stored = aggregation_definitions::of(tx.conn(), id).await?;
    let noted = web_api_saves::find(tx.conn()).await?;
    tx.commit().await?;
    Ok((stored, noted.filter(|noted| noted.left.is_zero() && noted.save.aggregation_id == Some(id))))
}

/// Returns the content as it is on the WEB-API, in the group that POEM has.
fn content(stored: &StoredDefinition, there: &AggregationDefinition) -> AggregationProfileContent {
    AggregationProfileContent { definition: there.clone(), ..stored.content() }
}

/// Returns what is known of the POEM profile that the metric profile was made from.
async fn uses(
    context: &RequestContext<'_>,
    definition: &AggregationDefinition,
    metric_profiles: &[MetricProfileDefinition],
) -> Result<Vec<InfoLine>, AppError> {
    let Some(of) = metric_profiles.iter().find(|of| of.id == definition.metric_profile.id) else {
        return Ok(Vec::new());
    };
    let mut tx = context.read().await?;
    let line = aggregation_uses::line(tx.conn(), context, of).await?;
    tx.commit().await?;
    Ok(line.into_iter().collect())
}

fn interrupted(context: &RequestContext<'_>, noted: &StoredSave) -> String {
    let (by, time) = (&noted.save.username, context.time(noted.started).0);
    format!("A save by {by} at {time} was interrupted. POEM is finding out what became of it.")
}

/// Returns why nothing can be changed, and how old what is shown is.
fn unavailable(context: &RequestContext<'_>, reason: &str, stored: Option<&StoredDefinition>) -> String {
    match stored {
        None => format!("{reason} No aggregation can be added meanwhile."),
        Some(StoredDefinition { definition_read: Some(read), .. }) => {
            let time = context.time(*read).0;
            format!("{reason} This is what it said on {time}. Nothing can be changed meanwhile.")
        }
        Some(_) => format!("{reason} POEM has not read this profile yet."),
    }
}

/// Returns the offers for a content, with these metric profiles.
fn offers(metric_profiles: Arc<Vec<MetricProfileDefinition>>) -> OffersFor<AggregationProfileContent> {
    Arc::new(move |content| {
        let chosen = metric_profiles.iter().find(|of| of.id == content.definition.metric_profile.id);
        let flavours = chosen.map(MetricProfileDefinition::service_flavours).unwrap_or_default();
        let sources = Sources::from([
            (Choices::MetricProfiles, names(&metric_profiles)),
            (Choices::ProfileServices, flavours.into_iter().map(OfferedChoice::plain).collect()),
        ]);
        RemoteOffers { sources, warnings: aggregation_rules::warnings(content, chosen).messages }
    })
}

/// Returns the metric profiles by name, case ignored; of one name with the beginnings of their ids.
fn names(metric_profiles: &[MetricProfileDefinition]) -> Vec<OfferedChoice> {
    let mut sorted: Vec<_> = metric_profiles.iter().collect();
    sorted.sort_by_key(|of| (of.name.to_lowercase(), &of.name, &of.id));
    let label =
        |of: &&MetricProfileDefinition| match metric_profiles.iter().filter(|other| other.name == of.name).count() {
            0 | 1 => of.name.clone(),
            _ => with_id(&of.name, &of.id),
        };
    sorted.iter().map(|of| OfferedChoice { value: of.id.clone(), label: label(of) }).collect()
}

/// Returns a name with the beginning of the id, which tells two of one name apart.
pub(super) fn with_id(name: &str, id: &str) -> String {
    format!("{name} ({}…)", id.chars().take(ID_BEGINNING).collect::<String>())
}

/// Returns what the confirmation says about the reports that use a profile; `None` if the configuration has no reports.
async fn reports(context: &RequestContext<'_>, apiid: &str) -> Result<Option<String>, AppError> {
    let access = access(context)?;
    if access.config.reports.is_none() {
        return Ok(None);
    }
    let unreadable = || Some("POEM could not look whether reports use it.".to_owned());
    let Ok(token) = access.token().await? else { return Ok(unreadable()) };
    let Ok(calls) = access.calls(&token) else { return Ok(unreadable()) };
    let found = calls.within(PAGE_TIMEOUT).reports().await;
    Ok(match found {
        Ok(Some(reports)) => match report::using(&reports, UsedKind::Aggregation, apiid).join(", ") {
            none if none.is_empty() => Some("No report uses it.".to_owned()),
            names => Some(format!("{names}. It is not deleted while a report uses it.")),
        },
        Ok(None) => None,
        Err(_) => unreadable(),
    })
}
