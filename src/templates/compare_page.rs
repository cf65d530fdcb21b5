//! The comparison of two objects, and the choice of the second one.

use serde::Serialize;

use super::history_page::Difference;
use super::layout::Link;
use super::page::Content;

/// Content of the template `admin/compare_objects`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CompareObjectsPage {
    /// The beginning of the heading: `Compare metrics`.
    pub kind: String,
    /// The object on the left.
    pub left: Link,
    /// The object on the right.
    pub right: Link,
    /// The link to the same comparison with the sides swapped.
    pub swap: Link,
    /// The link to the choice of another object for the right side; `None` on public pages.
    pub another: Option<Link>,
    /// The fields that differ.
    pub differences: Vec<Difference>,
    /// The fields that are equal; shown folded.
    pub same: Vec<Difference>,
}

impl Content for CompareObjectsPage {
    const TEMPLATE: &'static str = "admin/compare_objects";
}

/// Content of the template `admin/compare_with`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CompareWithPage {
    /// The beginning of the heading: `Compare the metric`.
    pub kind: String,
    /// The objects of the kind, in the middle of a sentence: `metrics`.
    pub many: String,
    /// The object.
    pub object: Link,
    /// The id of the object, which the form of the search sends.
    pub id: String,
    /// The target of the search (GET, `a` and `q`).
    pub action: String,
    /// The searched text; empty without a search.
    pub search: String,
    /// The comparisons with objects of the same name, and with the original of a clone.
    pub related: Vec<Link>,
    /// The comparisons with the objects that the search has found.
    pub found: Vec<Link>,
    /// There may be more than the search shows.
    pub is_cut: bool,
}

impl Content for CompareWithPage {
    const TEMPLATE: &'static str = "admin/compare_with";
}
