//! The table of services.

use serde::Serialize;

use super::list_page::ListPage;
use super::page::Content;

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
