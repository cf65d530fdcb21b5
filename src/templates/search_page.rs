//! The results of the search over everything.

use serde::Serialize;

use super::layout::Link;
use super::list_page::Paging;
use super::page::Content;
use crate::domain::model::search_text::TextPart;

/// The results of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchGroup {
    /// The heading: `Metrics`.
    pub label: String,
    /// The number of matches; `found` holds the first of them, or a page.
    pub total: i64,
    /// The matches that are shown.
    pub found: Vec<SearchHit>,
    /// The link to all matches of this kind.
    pub more: Link,
}

/// One match.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchHit {
    /// The page of the object.
    pub href: String,
    /// The object's name.
    pub label: Vec<TextPart>,
    /// A remark on the object, such as its description; empty if there is none, or `found_in` says more.
    pub note: String,
    /// The texts in which the words were found that are not in the name.
    pub found_in: Vec<FoundPlace>,
}

/// A text of an object in which words were found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FoundPlace {
    /// The words for the place: `in parameter`; empty if the text needs none.
    pub place: String,
    /// The key of a setting, the service flavour of a tuple; empty for all other places.
    pub key: Vec<TextPart>,
    /// The text; of a setting its value, which may be empty.
    pub text: Vec<TextPart>,
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
    /// True if the text was too long, so that only its beginning is searched for.
    pub is_cut: bool,
    /// The results, a group for each kind; empty if nothing matches.
    pub findings: Vec<SearchGroup>,
    /// The way back from the results of one kind; `None` if all kinds are shown.
    pub all_kinds: Option<Link>,
    /// The pages of the results of one kind; `None` if all kinds are shown.
    pub paging: Option<Paging>,
}

impl Content for SearchPage {
    const TEMPLATE: &'static str = "admin/search";
}
