//! An object as JSON.

use serde::Serialize;

use super::object_tabs::ObjectTabs;
use super::page::Content;

/// Content of the template `admin/json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JsonPage {
    /// The kind of the object: `Metric`.
    pub kind: String,
    /// The name of the object.
    pub object: String,
    /// The tag of a metric; empty without one.
    pub tag: String,
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// The content, indented; empty if it is too long for a page.
    pub json: String,
    /// The length of the content, in bytes.
    pub bytes: usize,
    /// The address of the file with the content.
    pub download: String,
    /// The line for a shell that requests the object from the REST API; empty if the API does not have it.
    pub curl: String,
}

impl Content for JsonPage {
    const TEMPLATE: &'static str = "admin/json";
}
