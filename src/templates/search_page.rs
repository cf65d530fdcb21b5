//! The results of the search over everything.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;

/// The results of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchGroup {
    /// The heading: `Metrics`.
    pub label: String,
    /// The number of matches; `found` holds the first of them.
    pub total: i64,
    /// The matches that are shown.
    pub found: Vec<SearchHit>,
    /// The link to the list with the same search; its address is empty if the kind has no list.
    pub more: Link,
}

/// One match.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchHit {
    /// The object's name, and its page.
    pub link: Link,
    /// A remark on the object, such as its description; empty if there is none.
    pub note: String,
}

/// Content of the template `admin/search`: the search over everything the viewer may see.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchPage {
    /// The address that the search form is sent to.
    pub action: String,
    /// The text that is searched for; empty at first.
    pub query: String,
    /// The searched fields, in words: `names, descriptions`.
    pub searched: String,
    /// The results, a group for each kind; empty if nothing matches.
    pub findings: Vec<SearchGroup>,
}

impl Content for SearchPage {
    const TEMPLATE: &'static str = "admin/search";
}
