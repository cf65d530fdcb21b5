//! The page about the tenant and this POEM.

use serde::Serialize;

use super::index_page::IndexRow;
use super::layout::Link;
use super::page::Content;
use super::sync_line::SyncLine;

/// Content of the template `admin/about`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AboutPage {
    /// The name of the tenant.
    pub tenant: String,
    /// The host that leads to the tenant.
    pub host: String,
    /// The namespace of the tenant's profiles; empty if none is configured.
    pub namespace: String,
    /// The link to those who run the service; `None` if no contact is configured.
    pub contact: Option<Link>,
    /// The usernames of those who may do everything; empty on the page for visitors, which names no users.
    pub superusers: Vec<String>,
    /// The lists that the viewer may open, with the number of their objects.
    pub counts: Vec<IndexRow>,
    /// The states of the feeds that fill VOs, service types and services.
    pub sync: Vec<SyncLine>,
}

impl Content for AboutPage {
    const TEMPLATE: &'static str = "admin/about";
}
