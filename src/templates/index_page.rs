//! The index: every list with its number of objects, and the recent activity.

use serde::Serialize;

use super::history_page::Event;
use super::layout::Link;
use super::page::Content;
use super::sync_line::SyncLine;
use super::waiting_line::WaitingLine;

/// The line of an entity in the index.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexRow {
    /// The link to the list.
    pub list: Link,
    /// The link to the form of a new object; `None` if the viewer may not add one, or nothing can be added.
    pub add: Option<Link>,
    /// The number of objects.
    pub count: i64,
}

/// A block of the index: Registry, Users and groups, API keys, Activity log.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexBlock {
    /// The heading of the block.
    pub label: String,
    /// The entities in the block, in order.
    pub rows: Vec<IndexRow>,
}

/// A step of those who begin with an empty tenant.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FirstStep {
    /// What to do.
    pub label: String,
    /// What it is for.
    pub hint: &'static str,
    /// The address of the form that does it; empty if it is not done in the browser.
    pub href: String,
    /// True if it was done.
    pub is_done: bool,
}

/// A line of the block “Needs attention”.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AttentionLine {
    /// The number of objects.
    pub count: i64,
    /// What they need, in words, with the address of their list.
    pub link: Link,
}

/// The recent activity of a day.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RecentDay {
    /// The day in words: “Today”, “Monday, 3 November 2025”.
    pub label: String,
    /// The log entries, newest first: `label` is the object, `message` is what was done.
    pub events: Vec<Event>,
}

/// Content of the template `admin/index`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IndexPage {
    /// The first steps in a new tenant; empty if all are done.
    pub first_steps: Vec<FirstStep>,
    /// The blocks, in order.
    pub blocks: Vec<IndexBlock>,
    /// The states of the feeds that fill VOs, service types and services.
    pub sync: Vec<SyncLine>,
    /// The accounts that wait for a superuser; usually empty.
    pub waiting: Vec<WaitingLine>,
    /// What needs attention; empty if nothing does.
    pub attention: Vec<AttentionLine>,
    /// The ten newest log entries, by day, newest first.
    pub recent: Vec<RecentDay>,
    /// The address of all log entries.
    pub log: String,
}

impl Content for IndexPage {
    const TEMPLATE: &'static str = "admin/index";
}
