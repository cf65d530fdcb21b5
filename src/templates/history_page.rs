//! What happened to an object: its versions or log entries, one of them, and two side by side.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;

/// One version, or one log entry.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Event {
    /// What the radio buttons send; '' where it cannot be compared.
    pub id: String,
    /// The version's label («0.1.7»), or '' where time alone tells.
    pub label: String,
    /// The page of the version; '' where there is none.
    pub href: String,
    /// In the server's time zone, «2019-03-01 14:05».
    pub time: String,
    /// For `datetime=`.
    pub iso: String,
    pub user: String,
    /// Of the last actions: what kind of object it was, in words; '' else.
    pub kind: String,
    /// What changed, in words.
    pub message: String,
    pub is_current: bool,
}

/// Template `admin/history`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryPage {
    /// The object's name.
    pub object: String,
    pub back: Link,
    /// Target of the comparison (GET, `version_id1` and `version_id2`); '' where nothing can be compared.
    pub compare: String,
    /// Newest first.
    pub events: Vec<Event>,
    /// The events have labels, which then name them; else their times do.
    pub is_labelled: bool,
    /// Log entries that are older than those shown; 0 where all are.
    pub older: i64,
    pub empty: String,
}

impl Content for HistoryPage {
    const TEMPLATE: &'static str = "admin/history";
}

/// A stretch of text in a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    pub text: String,
    /// These words differ from the other side.
    pub marked: bool,
}

/// One field side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// «Description», «config timeout».
    pub label: String,
    pub before: Vec<Span>,
    pub after: Vec<Span>,
    /// "changed", "added", "deleted", or "same".
    pub change: &'static str,
}

/// Template `admin/compare`: the older on the left.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComparePage {
    pub object: String,
    pub back: Link,
    pub before: Event,
    pub after: Event,
    pub differences: Vec<Difference>,
    /// Fields that are equal, shown folded.
    pub same: Vec<Difference>,
}

impl Content for ComparePage {
    const TEMPLATE: &'static str = "admin/compare";
}

/// Template `admin/revision`: a version as it was.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RevisionPage {
    pub event: Event,
    /// The form as it was, read-only.
    pub form: super::form_page::FormPage,
    /// What changed against the version before; empty for the first.
    pub differences: Vec<Difference>,
    pub previous: Option<Link>,
    pub next: Option<Link>,
    /// Leads to the form filled with it (GET), or posts (`restore_by_post`); `None` for who may not.
    pub restore: Option<Link>,
    pub restore_by_post: bool,
}

impl Content for RevisionPage {
    const TEMPLATE: &'static str = "admin/revision";
}
