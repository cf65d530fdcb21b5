//! The results of the search over everything.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;

/// What was found of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchGroup {
    /// «Metrics».
    pub label: String,
    /// All that fit; `found` holds the first of them.
    pub total: i64,
    pub found: Vec<SearchHit>,
    /// The list with this search, and what it looks at; no address where there is none.
    pub more: Link,
}

/// One object that was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchHit {
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
    pub findings: Vec<SearchGroup>,
}

impl Content for SearchPage {
    const TEMPLATE: &'static str = "admin/search";
}
