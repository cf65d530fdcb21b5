//! Aggregation profiles on the ARGO WEB-API: what forms show of them, and their saves.

use std::sync::Arc;

use rocket::async_trait;
use serde_json::json;

use super::aggregation_saves::{MISSING, SaveRequest, save};
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
use crate::domain::security::api_token::MissingToken;
use crate::domain::security::secret::Secret;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::aggregation_profiles::{self as registry, Edit};
use crate::registry::{Saved, web_api_token};
use crate::store::aggregation_definitions::{self, StoredDefinition};
use crate::store::web_api_saves::{self, StoredSave};
use crate::templates::form_page::InfoLine;
use crate::webapi_sync::access::TenantAccess;
use crate::webapi_sync::cache::PAGE_TIMEOUT;

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
        let (KnownProfile { stored, noted }, token) = known(context, of.map(|of| of.loaded.id)).await?;
        let token = match token {
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
            (Err(CallFailure::Gone), _) => RemoteView { missing: MISSING, ..view },
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
        let metric_profiles = last_metric_profiles(context).await?;
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

    async fn errors(
        &self,
        context: &RequestContext<'_>,
        (id, opened): (Option<i64>, &AggregationProfileContent),
        content: &AggregationProfileContent,
    ) -> Result<ValidationErrors, AppError> {
        let metric_profiles = last_metric_profiles(context).await?;
        let chosen = metric_profiles.iter().find(|of| of.id == content.definition.metric_profile.id);
        let mut errors = match metric_profiles.is_empty() {
            true => ValidationErrors::default(),
            false => aggregation_rules::check(content, &opened.definition, chosen),
        };
        let mut tx = context.read().await?;
        errors.add_later(registry::name_errors(tx.conn(), (id, &opened.definition), &content.definition).await?);
        tx.commit().await?;
        Ok(errors)
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
        let (known, _) = known(context, Some(of.loaded.id)).await?;
        if known.stored.is_some_and(|stored| stored.missing_since.is_some()) {
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

/// Returns the metric profiles as they were last read; none if they were not.
async fn last_metric_profiles(context: &RequestContext<'_>) -> Result<Arc<Vec<MetricProfileDefinition>>, AppError> {
    let access = access(context)?;
    Ok(match access.token().await? {
        Ok(token) => context.remote_cache.last_metric_profiles(&access, &token).unwrap_or_default(),
        Err(_) => Arc::default(),
    })
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
    let (known, token) = known(context, Some(id)).await?;
    let stored = known.stored.ok_or(NOT_FOUND)?;
    let there = match token {
        Ok(token) => context.remote_cache.definition(&access, &token, &stored.apiid).await.ok(),
        Err(_) => None,
    };
    let definition = there.map_or_else(|| stored.content().definition, |there| AggregationDefinition::clone(&there));
    let file = serde_json::to_string_pretty(&aggregation_exchange::export(&definition));
    Ok((definition.name, file.map_err(|error| AppError::Internal(error.to_string()))?))
}

/// Returns the access to both stores. The entity is used only with `[WEBAPI]`.
fn access<'a>(context: &'a RequestContext<'_>) -> Result<TenantAccess<'a>, AppError> {
    context.web_api().ok_or(NOT_FOUND)
}

/// What POEM has in its database about a profile.
#[derive(Default)]
struct KnownProfile {
    /// The profile; `None` for a new one.
    stored: Option<StoredDefinition>,
    /// The note of a save of it that was interrupted.
    noted: Option<StoredSave>,
}

/// Loads what POEM knows of a profile, and the token.
async fn known(
    context: &RequestContext<'_>,
    id: Option<i64>,
) -> Result<(KnownProfile, Result<Secret, MissingToken>), AppError> {
    let mut tx = context.read().await?;
    let token = web_api_token::find(tx.conn(), context.keys).await?;
    let mut known = KnownProfile::default();
    if let Some(id) = id {
        known.stored = aggregation_definitions::of(tx.conn(), id).await?;
        let noted = web_api_saves::find(tx.conn()).await?;
        known.noted = noted.filter(|noted| noted.left.is_zero() && noted.save.aggregation_id == Some(id));
    }
    tx.commit().await?;
    Ok((known, token))
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
