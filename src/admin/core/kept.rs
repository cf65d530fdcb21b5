//! Pages that were made are kept: making one takes PostgreSQL and the templates some ten milliseconds, finding it again
//! the one query for the session.
//!
//! A page is kept for one viewer, at one address, in one state of the tenant's data. Which state that is, is read with
//! the session (or known from the world, where nobody is logged in), so a change is seen by the very next request,
//! whichever server made it. Kept are only pages of what gives the tenant a new stamp when it changes: not those of
//! users, groups and log entries.

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rocket::http::Status;

use super::about::About;
use super::answer::{Answer, Answered};
use super::visit::{Circumstances, Visit};
use crate::error::AppError;
use crate::pages::page::Html;

/// What the pages of all tenants may take in memory, in bytes. Which goes first is decided by how often it is asked for.
const MEMORY: u64 = 8 * 1024 * 1024;
/// Of a list, as a rule.
const USUAL_SIZE: u64 = 16 * 1024;
/// What an entry takes besides.
const ENTRY_SIZE: u64 = 200;

/// The pages that are kept, of all tenants.
pub struct KeptPages(Cache<Key, Kept, BySize>);

/// The tenant, and everything but its data that the page depends on.
type Key = (i64, Circumstances);

#[derive(Clone)]
struct Kept {
    stamp: String,
    html: Html,
}

#[derive(Clone)]
struct BySize;

impl Weighter<Key, Kept> for BySize {
    fn weight(&self, (_, circumstances): &Key, kept: &Kept) -> u64 {
        ENTRY_SIZE + (circumstances.size() + kept.stamp.len() + kept.html.size()) as u64
    }
}

impl Default for KeptPages {
    fn default() -> Self {
        Self(Cache::with_weighter((MEMORY / USUAL_SIZE) as usize, MEMORY, BySize))
    }
}

impl KeptPages {
    fn get(&self, key: &Key, stamp: &str) -> Option<Html> {
        self.0.get(key).filter(|kept| kept.stamp == stamp).map(|kept| kept.html)
    }
}

/// A page of an entity, kept where whatever it shows stamps.
pub async fn of_entity(about: &About, visit: &Visit<'_>, making: impl Future<Output = Answered>) -> Answered {
    match about.is_public {
        true => page(visit, making).await,
        false => making.await,
    }
}

/// The page as it is kept, or else as it is made now.
///
/// What is made was read after the stamp: it may show a change more than the stamp says, never one less.
pub async fn page(visit: &Visit<'_>, making: impl Future<Output = Answered>) -> Answered {
    let Some(circumstances) = visit.circumstances() else { return making.await };
    let key = (visit.tenant.state.id, circumstances);
    if let Some(html) = visit.pages.get(&key, &visit.stamp) {
        return Ok(Answer::Ready(html));
    }
    match making.await? {
        Answer::Page(page) if page.status == Status::Ok => {
            let unmade = || AppError::Internal("the template of a page fails".to_owned());
            let html = page.render(visit.rocket).ok_or_else(unmade)?;
            visit.pages.0.insert(key, Kept { stamp: visit.stamp.clone(), html: html.clone() });
            Ok(Answer::Ready(html))
        }
        other => Ok(other),
    }
}
