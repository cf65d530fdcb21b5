//! Aggregation profiles as they were found on the ARGO WEB-API: by the sync, by the clearing up of a save, or by a superuser
//! who takes them over. Many are written with a few statements.

use std::collections::HashMap;

use super::audit_log::record_additions;
use super::groups::{chosen_group, record_move};
use super::{SaveError, Saved, Transaction};
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::aggregation_profile::AggregationProfileContent;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Denial, Viewer};
use crate::domain::model::wording;
use crate::store::aggregation_definitions::{self as definitions, StoredDefinition};
use crate::store::{StoreError, version_writes, versions};

const KIND: ObjectKind = ObjectKind::Aggregation;

/// The message of a version that POEM found on the WEB-API.
const CHANGED_REMOTELY: &str = "Changed on the ARGO WEB-API.";

/// Writes down definitions as they are on the WEB-API now, each with the profile as POEM knew it. Those that somebody else
/// has changed get a version of no user.
pub async fn found(
    tx: &mut Transaction,
    found: &[(&StoredDefinition, &AggregationDefinition)],
) -> Result<(), StoreError> {
    let ids: Vec<i64> = found.iter().map(|(known, _)| known.id).collect();
    let now: Vec<_> = found.iter().map(|(known, definition)| (known.id, *definition)).collect();
    definitions::set_definitions(tx.write_tx(), &now).await?;
    let versioned = versions::with_versions(tx.conn(), KIND, &ids).await?;
    let changed = found
        .iter()
        .filter(|(known, definition)| !known.definition.as_ref().is_some_and(|known| known.is_equal(definition)));
    let contents: Vec<_> = changed
        .map(|(known, definition)| {
            let earlier = known.content();
            let content = AggregationProfileContent { definition: (*definition).clone(), ..known.content() };
            let message = match versioned.contains(&known.id) {
                false => wording::INITIAL.to_owned(),
                true => format!("{CHANGED_REMOTELY} {}", earlier.changes(&content).in_words()),
            };
            (known.id, content, message)
        })
        .collect();
    let kept: Vec<_> = contents.iter().map(|(id, content, message)| (*id, content, message.clone())).collect();
    version_writes::insert_aggregation_versions(tx.write_tx(), &kept, (None, "")).await
}

/// Writes down a definition that was found on the WEB-API in place of what a save wanted.
///
/// # Errors
/// `Gone` if it was removed from POEM.
pub async fn overtaken(tx: &mut Transaction, id: i64, definition: &AggregationDefinition) -> Result<(), SaveError> {
    let known = definitions::of(tx.conn(), id).await?.ok_or(SaveError::Gone)?;
    Ok(found(tx, &[(&known, definition)]).await?)
}

/// Writes down that profiles are no longer on the WEB-API.
pub async fn missing(tx: &mut Transaction, ids: &[i64]) -> Result<(), StoreError> {
    definitions::set_missing(tx.write_tx(), ids).await
}

/// Adds profiles of the WEB-API to a group, given by id and name, or to none, with their initial versions. Those that POEM
/// knows are left out. Returns the others by their ids in POEM.
pub(super) async fn add_found(
    tx: &mut Transaction,
    found: &[&AggregationDefinition],
    (group_id, group): (Option<i64>, &str),
    by: (Option<i64>, &str),
) -> Result<Vec<(i64, AggregationProfileContent)>, StoreError> {
    let by_apiid: HashMap<&str, &AggregationDefinition> = found.iter().map(|of| (of.id.as_str(), *of)).collect();
    let ids = definitions::insert(tx.write_tx(), found, group_id).await?;
    let content = |(id, apiid): (i64, String)| {
        let definition = AggregationDefinition::clone(by_apiid.get(apiid.as_str())?);
        Some((id, AggregationProfileContent { group: group.to_owned(), apiid, definition }))
    };
    let added: Vec<_> = ids.into_iter().filter_map(content).collect();
    let kept: Vec<_> = added.iter().map(|(id, content)| (*id, content, wording::INITIAL.to_owned())).collect();
    version_writes::insert_aggregation_versions(tx.write_tx(), &kept, by).await?;
    Ok(added)
}

/// Adds profiles of the WEB-API that POEM does not know, in a group or in none. Known ones are left out.
///
/// # Errors
/// `Denied` unless the viewer is a superuser; `Rejected` for an unknown group.
pub async fn take_over(
    tx: &mut Transaction,
    viewer: &Viewer,
    found: &[AggregationDefinition],
    group: &str,
) -> Result<Vec<Saved>, SaveError> {
    if !viewer.is_superuser {
        return Err(SaveError::Denied(Denial::Never));
    }
    let mut errors = ValidationErrors::default();
    let group_id = chosen_group(tx, GroupKind::Aggregations, group, &mut errors).await?;
    errors.check()?;
    let (found, by): (Vec<_>, _) = (found.iter().collect(), (Some(viewer.id), viewer.username.as_str()));
    let added = add_found(tx, &found, (group_id, group), by).await?;
    let logged: Vec<_> =
        added.iter().map(|(id, content)| (*id, content.definition.shown_name().to_owned(), content)).collect();
    record_additions(tx, viewer, KIND, &logged).await?;
    if !added.is_empty() {
        record_move(tx, GroupKind::Aggregations, "", group).await?;
    }
    Ok(logged.into_iter().map(|(id, name, _)| Saved::plain(id, &name)).collect())
}
