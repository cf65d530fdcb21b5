//! The names of the registry, with their uses.

use serde::Serialize;

use super::list_page::ListPage;
use super::page::Content;

/// A name with its uses.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NameRow {
    /// The name.
    pub name: String,
    /// The uses in words: `2 metrics, 5 tuples`; empty without any.
    pub uses: String,
    /// The group or the description; may be empty.
    pub more: String,
    /// True if the name can be removed.
    pub is_unused: bool,
}

/// Content of the template `admin/names`: a list from which unused names can be removed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NamesPage {
    /// The list without its rows.
    pub list: ListPage,
    /// The explanation above the list.
    pub help: &'static str,
    /// The rows of the page that is shown.
    pub rows: Vec<NameRow>,
}

impl Content for NamesPage {
    const TEMPLATE: &'static str = "admin/names";
}
