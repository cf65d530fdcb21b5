//! The page of an object that is only read.

use serde::Serialize;

use super::form_page::{FieldsetView, InfoLine};
use super::layout::Link;
use super::object_tabs::ObjectTabs;
use super::page::Content;

/// Content of the template `admin/view`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ViewPage {
    /// The kind of the object: `Metric`.
    pub kind: String,
    /// The object's name.
    pub object: String,
    /// The tag of a metric, which is not in its name; else empty.
    pub tag: String,
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// What else can be done with the object: Clone, Compare with….
    pub tools: Vec<Link>,
    /// The address to try again if another server did not respond; else empty.
    pub retry: String,
    /// What the page says about another server that stores the object as well; usually empty.
    pub notes: Vec<String>,
    /// The fields, as text.
    pub fieldsets: Vec<FieldsetView>,
    /// The information next to the fields.
    pub facts: Vec<InfoLine>,
}

impl Content for ViewPage {
    const TEMPLATE: &'static str = "admin/view";
}
