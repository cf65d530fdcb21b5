//! The hourly sync of aggregation profiles: writes down what was read on the ARGO WEB-API, in one transaction.
//!
//! Some time passes between reading there and writing here. What a user saves meanwhile wins: a profile that is not as
//! it was before the first call is left to the next sync.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgPool;

use super::{Transaction, found_aggregations};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::tenant::SchemaName;
use crate::domain::model::web_api_save::{SaveAction, WebApiSave};
use crate::store::aggregation_definitions::{self as definitions, StoredDefinition};
use crate::store::{StoreError, web_api_saves};

/// The profiles of both sides.
#[derive(Debug)]
pub struct Observed {
    /// The profiles of POEM, before the first call.
    pub known: Vec<StoredDefinition>,
    /// The definitions that the WEB-API has.
    pub found: Vec<AggregationDefinition>,
    /// The ids on the WEB-API of profiles of POEM that are not there.
    pub gone: BTreeSet<String>,
}

/// What was written down. Profiles are named as they are now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The profiles that POEM did not know.
    pub added: Vec<String>,
    /// The profiles whose name or definition differed, or that are back.
    pub changed: Vec<String>,
    /// All profiles of POEM that are not on the WEB-API.
    pub missing: Vec<String>,
    /// The number of those that were marked as missing just now.
    pub marked: usize,
    /// The number of profiles on the WEB-API.
    pub found: usize,
    /// The number of profiles in POEM.
    pub listed: usize,
}

impl Followed {
    /// Returns true if POEM was up to date.
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.marked == 0
    }
}

/// Makes POEM follow the WEB-API. Nothing is deleted, and the activity log gets no entries.
///
/// # Errors
/// The database fails; nothing was changed.
pub async fn follow(pool: &PgPool, schema: &SchemaName, observed: &Observed) -> Result<Followed, StoreError> {
    let mut tx = Transaction::begin(pool, schema).await?;
    let noted = web_api_saves::find(tx.conn()).await?.map(|noted| noted.save);
    let stored = definitions::stored(tx.conn()).await?;
    let (before, now) = (by_apiid(&observed.known), by_apiid(&stored));
    let mut followed = Followed { found: observed.found.len(), ..Followed::default() };
    let (mut seen, mut new, mut renewed, mut gone) = (BTreeSet::new(), Vec::new(), Vec::new(), Vec::new());
    for definition in &observed.found {
        if !seen.insert(&definition.id) || is_being_saved(noted.as_ref(), definition) {
            continue;
        }
        match (before.get(definition.id.as_str()), now.get(definition.id.as_str())) {
            (None, None) => {
                new.push(definition);
                followed.added.push(definition.shown_name().to_owned());
            }
            (Some(before), Some(now)) if before == now => {
                renewed.push((*now, definition));
                if differs(now, definition) {
                    followed.changed.push(definition.shown_name().to_owned());
                }
            }
            _ => {}
        }
    }
    for apiid in &observed.gone {
        let (before, now) = (before.get(apiid.as_str()), now.get(apiid.as_str()));
        if let Some(now) = now.filter(|now| before == Some(now) && now.missing_since.is_none())
            && noted.as_ref().is_none_or(|save| save.aggregation_id != Some(now.id))
        {
            gone.push(now.id);
        }
    }
    found_aggregations::add_found(&mut tx, &new, (None, ""), (None, "")).await?;
    found_aggregations::found(&mut tx, &renewed).await?;
    found_aggregations::missing(&mut tx, &gone).await?;
    followed.marked = gone.len();
    let stored = definitions::stored(tx.conn()).await?;
    tx.commit().await?;
    followed.listed = stored.len();
    followed.missing = stored.into_iter().filter(|row| row.missing_since.is_some()).map(|row| row.name).collect();
    Ok(followed)
}

fn by_apiid(stored: &[StoredDefinition]) -> HashMap<&str, &StoredDefinition> {
    stored.iter().map(|row| (row.apiid.as_str(), row)).collect()
}

/// Returns true if the save under way may be about this profile: it writes it down itself.
fn is_being_saved(noted: Option<&WebApiSave>, definition: &AggregationDefinition) -> bool {
    noted.is_some_and(|save| {
        let is_new =
            save.action == SaveAction::Add && save.wanted.as_ref().is_some_and(|wanted| wanted.name == definition.name);
        is_new || save.apiid == definition.id
    })
}

fn differs(known: &StoredDefinition, definition: &AggregationDefinition) -> bool {
    known.name != definition.shown_name()
        || known.missing_since.is_some()
        || !known.definition.as_ref().is_some_and(|known| known.is_equal(definition))
}
