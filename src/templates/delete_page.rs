//! The confirmation of a deletion.

use serde::Serialize;

use super::form_page::InfoLine;
use super::layout::Link;
use super::page::Content;

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
    pub affected: Vec<InfoLine>,
    /// The object was changed after the confirmation was asked for.
    pub is_stale: bool,
}

impl Content for DeletePage {
    const TEMPLATE: &'static str = "admin/delete";
}
