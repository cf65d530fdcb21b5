//! The pages that are neither list nor form: the index, the confirmation of a deletion, the services, the search, errors.

use serde::Serialize;

use super::chrome::Link;
use super::form::Fact;
use super::history::Event;
use super::list::ListPage;
use super::page::Content;

/// What an entity has in the index.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexRow {
    pub list: Link,
    /// `None` for who may not, and where nothing can be added.
    pub add: Option<Link>,
    /// How many there are.
    pub count: i64,
}

/// A block of the index: Poem, Logs, Authentication and Authorization, API Key Permissions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexBlock {
    pub label: String,
    pub rows: Vec<IndexRow>,
}

/// Template `admin/index`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexPage {
    pub blocks: Vec<IndexBlock>,
    /// The newest ten: `label` is the object, `message` what was done.
    pub recent: Vec<Event>,
}

impl Content for IndexPage {
    const TEMPLATE: &'static str = "admin/index";
}

/// Template `admin/delete`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeletePage {
    /// «probe», «group of metrics».
    pub kind: String,
    pub object: String,
    pub action: String,
    pub back: Link,
    pub revision: String,
    /// What else is affected («Metrics that lose their probe»); empty where nothing is.
    pub affected: Vec<Fact>,
    /// The object was changed after the confirmation was asked for.
    pub is_stale: bool,
}

impl Content for DeletePage {
    const TEMPLATE: &'static str = "admin/delete";
}

/// A cell of the services table that may stretch over rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServiceCell {
    pub text: String,
    pub href: String,
    pub rowspan: usize,
}

/// One row of the services table: only the cells that begin here.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServiceRow {
    pub cells: Vec<ServiceCell>,
}

/// Template `admin/services`: area, name, type, metrics, probes with merged cells, paged by service.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServicesPage {
    /// All but its rows.
    pub list: ListPage,
    pub rows: Vec<ServiceRow>,
}

impl Content for ServicesPage {
    const TEMPLATE: &'static str = "admin/services";
}

/// What was found of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Findings {
    /// «Metrics».
    pub label: String,
    /// All that fit; `found` holds the first of them.
    pub total: i64,
    pub found: Vec<Found>,
    /// The list with this search, and what it looks at; no address where there is none.
    pub more: Link,
}

/// One object that was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Found {
    pub link: Link,
    /// «Production, group ARGO».
    pub note: String,
}

/// Template `admin/search`: over everything the viewer may see.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchPage {
    pub action: String,
    pub query: String,
    /// What is searched, in words: «names, descriptions».
    pub searched: String,
    pub findings: Vec<Findings>,
}

impl Content for SearchPage {
    const TEMPLATE: &'static str = "admin/search";
}

/// Template `error`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    pub code: u16,
    /// «Not Found».
    pub reason: String,
    pub message: String,
}

impl Content for ErrorPage {
    const TEMPLATE: &'static str = "error";
}
