//! The page of the objects that use an object.

use serde::Serialize;

use super::layout::Link;
use super::object_tabs::ObjectTabs;
use super::page::Content;

/// Objects of one kind that use an object.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UseSection {
    /// The heading: `Profiles`.
    pub label: String,
    /// The headings of the columns; the first one is that of the objects.
    pub columns: Vec<&'static str>,
    /// The objects, as far as they are shown.
    pub rows: Vec<UseRow>,
    /// The number of further objects.
    pub more: usize,
    /// The list that has all of them; `None` if there is no such list.
    pub list: Option<Link>,
}

/// An object that uses another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UseRow {
    /// The object; without an address if it has no page for the viewer.
    pub object: Link,
    /// The texts of the other columns.
    pub cells: Vec<String>,
}

/// Content of the template `admin/used_by`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UsedByPage {
    /// The kind of the object: `Metric`.
    pub kind: String,
    /// The object's name.
    pub object: String,
    /// The tag of a metric, which is not in its name; else empty.
    pub tag: String,
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// What uses it; sections without objects are left out.
    pub sections: Vec<UseSection>,
    /// The sentence that is shown if nothing uses it.
    pub none: String,
}

impl Content for UsedByPage {
    const TEMPLATE: &'static str = "admin/used_by";
}
