//! The line of the ARGO WEB-API above the list of aggregation profiles, and the taking over of profiles that POEM lacks.

use std::collections::HashSet;

use super::aggregation_remote::with_id;
use super::crud::request_context::refused;
use super::crud::{PageResponse, PageResult, RequestContext};
use crate::auth::posted::Posted;
use crate::domain::form::field::Choices;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::found_aggregations;
use crate::store::{aggregations, choices};
use crate::templates::list_page::{Choice, RemoteLine, TakeOverForm};
use crate::templates::urls::TAKE_OVER;
use crate::webapi_sync::access::SaveCalls;

/// The fields of the form: the ids of the profiles, and the group.
const PROFILE: &str = "profile";
const GROUP: &str = "group";
/// The most names in the line; further ones are counted. The form has them all.
const MOST_NAMES: usize = 10;

/// Returns the line above the list: what is wrong with the WEB-API, or which of its profiles POEM lacks.
pub async fn line(context: &RequestContext<'_>) -> Result<Option<RemoteLine>, AppError> {
    let words = |text: String| Ok(Some(RemoteLine { text, take_over: None }));
    let access = context.web_api().ok_or(NOT_FOUND)?;
    let token = match access.token().await? {
        Ok(token) => token,
        Err(missing) => return words(missing.to_string()),
    };
    let there = match context.remote_cache.definitions(&access, &token).await {
        Ok(there) => there,
        Err(failure) => return words(failure.to_string()),
    };
    let mut tx = context.read().await?;
    let known: HashSet<String> = aggregations::list(tx.conn()).await?.into_iter().map(|row| row.apiid).collect();
    let mut unknown: Vec<&AggregationDefinition> = there.iter().filter(|of| !known.contains(&of.id)).collect();
    unknown.sort_by_key(|of| (of.name.to_lowercase(), &of.name, &of.id));
    if there.is_empty() && !known.is_empty() {
        return words("The ARGO WEB-API lists no profiles.".to_owned());
    }
    if unknown.is_empty() {
        return Ok(None);
    }
    let take_over = match context.viewer()?.is_superuser {
        true => {
            let source = Choices::Groups(GroupKind::Aggregations);
            let groups = choices::whole(tx.conn(), &[source], None).await?.remove(&source).unwrap_or_default();
            Some(TakeOverForm {
                action: TAKE_OVER.to_owned(),
                profiles: unknown.iter().map(|of| choice(of, &unknown)).collect(),
                groups,
            })
        }
        false => None,
    };
    tx.commit().await?;
    Ok(Some(RemoteLine { text: sentence(&unknown), take_over }))
}

/// `2 profiles on the ARGO WEB-API are not in POEM: A, B.`
fn sentence(unknown: &[&AggregationDefinition]) -> String {
    let names: Vec<String> = unknown.iter().take(MOST_NAMES).map(|of| choice(of, unknown).label).collect();
    let more = match unknown.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let profiles =
        if unknown.len() == 1 { "profile on the ARGO WEB-API is" } else { "profiles on the ARGO WEB-API are" };
    format!("{} {profiles} not in POEM: {}{more}.", unknown.len(), names.join(", "))
}

fn choice(of: &AggregationDefinition, unknown: &[&AggregationDefinition]) -> Choice {
    let is_doubled = unknown.iter().filter(|other| other.name == of.name).count() > 1;
    let label = if is_doubled { with_id(&of.name, &of.id) } else { of.name.clone() };
    Choice { value: of.id.clone(), label, selected: true }
}

/// Adds the profiles that are ticked in the form, as they are on the WEB-API now. For superusers.
pub async fn take_over(context: &RequestContext<'_>, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let list = context.at().list(ObjectKind::Aggregation);
    let wanted: HashSet<&str> =
        posted.pairs().iter().filter(|(name, _)| name == PROFILE).map(|(_, value)| value.as_str()).collect();
    if wanted.is_empty() {
        return Ok(PageResponse::refusal(list, "No profile was chosen. Nothing was taken over.".to_owned()));
    }
    let found = match read(context).await? {
        Ok(found) => found,
        Err(failure) => return Ok(PageResponse::refusal(list, failure)),
    };
    let chosen: Vec<AggregationDefinition> =
        found.iter().filter(|of| wanted.contains(of.id.as_str())).cloned().collect();
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let group = posted.get(GROUP).unwrap_or_default();
    let added = found_aggregations::take_over(&mut tx, &viewer, &chosen, group).await.map_err(refused)?;
    tx.commit().await?;
    let lines = match added.as_slice() {
        [] => {
            return Ok(PageResponse::refusal(
                list,
                "The chosen profiles are in POEM already, or no longer on the ARGO WEB-API.".to_owned(),
            ));
        }
        added => added.iter().map(|saved| format!("The aggregation “{}” was added.", saved.name)).collect(),
    };
    Ok(PageResponse::redirect(list, lines))
}

/// Reads the profiles anew; the inner error is for the user.
async fn read(context: &RequestContext<'_>) -> Result<Result<Vec<AggregationDefinition>, String>, AppError> {
    let access = context.web_api().ok_or(NOT_FOUND)?;
    let calls = match SaveCalls::begin(&access).await {
        Ok(calls) => calls,
        Err(failure) => return Ok(Err(failure.to_string())),
    };
    Ok(match calls.next() {
        Ok(calls) => calls.list().await.map_err(|failure| failure.to_string()),
        Err(failure) => Err(failure.to_string()),
    })
}
