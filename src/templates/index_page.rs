//! The index: every list with its number of objects, and the recent activity.

use serde::Serialize;

use super::history_page::Event;
use super::layout::Link;
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
