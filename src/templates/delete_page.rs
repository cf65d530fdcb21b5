//! The confirmation page of a deletion.

use serde::Serialize;

use super::form_page::{InfoLine, Widget};
use super::layout::Link;
use super::page::Content;

/// A choice on the confirmation page: a checkbox.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeletionTick {
    /// The name of the checkbox.
    pub name: String,
    /// Its label.
    pub label: String,
}

/// The name of the checkbox that also deletes the metric profile on the ARGO WEB-API.
pub const DELETE_COPY: &str = "_delete_copy";

/// Content of the template `admin/delete`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeletePage {
    /// The kind of the object, in words: `probe`, `group of metrics`.
    pub kind: String,
    /// The object's name.
    pub object: String,
    /// The address that the form is posted to.
    pub action: String,
    /// The link that cancels the deletion.
    pub back: Link,
    /// The revision that the confirmation is for.
    pub revision: String,
    /// The other objects that are affected, such as metrics that lose their probe; empty if there are none.
    pub affected: Vec<InfoLine>,
    /// The choice that is offered; `None` if there is none.
    pub tick: Option<DeletionTick>,
    /// The input that asks why the user deletes the object; `None` if the page does not.
    pub change_reason: Option<Widget>,
    /// True if the object was changed after the confirmation was shown.
    pub is_stale: bool,
    /// The reason why it was not deleted; empty at first.
    pub failure: String,
}

impl Content for DeletePage {
    const TEMPLATE: &'static str = "admin/delete";
}
