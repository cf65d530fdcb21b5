//! The page cache. Rendering a page takes PostgreSQL and the templates some ten milliseconds; a cached page costs the one
//! query for the session.
//!
//! A page is cached for one viewer, at one address, in one state of the tenant's data. The stamp of that state is read with
//! the session (or known to the tenant directory, if nobody is logged in), so the next request sees a change, whichever
//! server made it. Only pages of tables whose changes give the tenant a new stamp are cached: not those of users, groups
//! and log entries.

use chrono_tz::Tz;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::model::policy::Viewer;
use crate::templates::page::Html;

/// The memory that the pages of all tenants may take, in bytes. The least frequently used are evicted first.
const MEMORY: u64 = 8 * 1024 * 1024;
/// The usual size of a list.
const USUAL_SIZE: u64 = 16 * 1024;
/// What an entry takes in addition to key and page.
const ENTRY_SIZE: u64 = 200;

/// The cached pages of all tenants.
pub struct PageCache(Cache<PageKey, CachedPage, BySize>);

/// Everything that a page depends on, except the tenant's data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The tenant's id.
    pub tenant: i64,
    pub path: String,
    pub query: String,
    pub viewer: Option<Viewer>,
    pub csrf: String,
    pub timezone: Tz,
    pub namespace: String,
}

impl PageKey {
    /// About the bytes that it takes.
    fn size(&self) -> usize {
        let Self { path, query, viewer, csrf, namespace, .. } = self;
        let groups = viewer.iter().flat_map(|viewer| &viewer.groups).map(|(_, name)| name.len()).sum::<usize>();
        size_of::<Self>() + path.len() + query.len() + csrf.len() + namespace.len() + groups
    }
}

#[derive(Clone)]
struct CachedPage {
    stamp: String,
    html: Html,
}

#[derive(Clone)]
struct BySize;

impl Weighter<PageKey, CachedPage> for BySize {
    fn weight(&self, key: &PageKey, page: &CachedPage) -> u64 {
        ENTRY_SIZE + (key.size() + page.stamp.len() + page.html.size()) as u64
    }
}

impl Default for PageCache {
    fn default() -> Self {
        Self(Cache::with_weighter((MEMORY / USUAL_SIZE) as usize, MEMORY, BySize))
    }
}

impl PageCache {
    /// The page; `None` unless it is cached with this stamp.
    pub fn get(&self, key: &PageKey, stamp: &str) -> Option<Html> {
        self.0.get(key).filter(|page| page.stamp == stamp).map(|page| page.html)
    }

    /// Caches a page that was rendered at this stamp.
    pub fn insert(&self, key: PageKey, stamp: &str, html: &Html) {
        self.0.insert(key, CachedPage { stamp: stamp.to_owned(), html: html.clone() });
    }
}
