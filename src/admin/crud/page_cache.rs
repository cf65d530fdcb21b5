//! The page cache. Rendering a page takes PostgreSQL and the templates about ten milliseconds; a cached page costs only
//! the query for the session.
//!
//! A page is cached for one viewer, one address and one state of the tenant's data. The stamp of that state is read
//! with the session (or from the tenant directory, without a login), so the next request sees every change, whichever
//! server made it. Only pages of tables whose changes give the tenant a new stamp are cached: not those of users,
//! groups and log entries.

use std::sync::Arc;

use chrono_tz::Tz;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::model::policy::Viewer;
use crate::domain::web::branding::Branding;
use crate::templates::html::Html;

/// The maximum size of the pages of all tenants, in bytes. The least frequently used are evicted first.
const MEMORY: u64 = 8 * 1024 * 1024;
/// The typical size of a list, in bytes, from which the number of entries is estimated.
const USUAL_SIZE: u64 = 16 * 1024;
/// The size of an entry in addition to its key and page, in bytes.
const ENTRY_SIZE: u64 = 200;

/// The cached pages of all tenants. A clone shares them.
#[derive(Clone)]
pub struct PageCache(Arc<Cache<PageKey, CachedPage, BySize>>);

/// Everything that a page depends on, except the tenant's data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The tenant's id.
    pub tenant: i64,
    /// The path of the address.
    pub path: String,
    /// The parameters of the address that the page depends on, encoded in a fixed order: others make no other page.
    pub query: String,
    /// The user with their rights, also if they look at a public page; `None` without a login.
    pub viewer: Option<Viewer>,
    /// The CSRF token in the page's forms; empty on public pages.
    pub csrf: String,
    /// The time zone in which times are shown.
    pub timezone: Tz,
    /// The namespace before the names of profiles; empty if none is configured.
    pub namespace: String,
    /// The looks of the tenant's pages.
    pub branding: Branding,
    /// The ARGO WEB-API is configured.
    pub has_web_api: bool,
}

impl PageKey {
    /// Returns the approximate size in bytes.
    fn size(&self) -> usize {
        let Self { path, query, viewer, csrf, namespace, branding, .. } = self;
        let groups = viewer.iter().flat_map(|viewer| &viewer.groups).map(|(_, name)| name.len()).sum::<usize>();
        size_of::<Self>() + path.len() + query.len() + csrf.len() + namespace.len() + branding.size() + groups
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
        Self(Arc::new(Cache::with_weighter((MEMORY / USUAL_SIZE) as usize, MEMORY, BySize)))
    }
}

impl PageCache {
    /// Returns the page; `None` if it is not cached, or with another stamp.
    pub fn get(&self, key: &PageKey, stamp: &str) -> Option<Html> {
        self.0.get(key).filter(|page| page.stamp == stamp).map(|page| page.html)
    }

    /// Caches a page that was rendered at this stamp; it replaces an older one.
    pub fn insert(&self, key: PageKey, stamp: &str, html: &Html) {
        self.0.insert(key, CachedPage { stamp: stamp.to_owned(), html: html.clone() });
    }
}
