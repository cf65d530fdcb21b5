//! The table of services.

use serde::Serialize;

use super::list_page::ListPage;
use super::page::Content;

/// A cell of the table of services; it may span several rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServiceCell {
    /// The heading of its column.
    pub label: &'static str,
    /// The text of the cell.
    pub text: String,
    /// The address of the cell's link; empty without a link.
    pub href: String,
    /// The number of rows that the cell spans, from 1.
    pub rowspan: usize,
    /// True if the text wraps between words.
    pub wraps: bool,
}

impl ServiceCell {
    /// Returns a cell of one row, with a link unless the address is empty.
    pub fn of(label: &'static str, text: &str, href: String) -> Self {
        Self { label, text: text.to_owned(), href, rowspan: 1, wraps: false }
    }
}

/// One row of the table of services: only the cells that begin in it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServiceRow {
    /// The cells, from left to right.
    pub cells: Vec<ServiceCell>,
}

/// Content of the template `admin/services`: a table with merged cells, paged by service.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServicesPage {
    /// The list without its rows.
    pub list: ListPage,
    /// The rows of the page that is shown.
    pub rows: Vec<ServiceRow>,
}

impl Content for ServicesPage {
    const TEMPLATE: &'static str = "admin/services";
}
