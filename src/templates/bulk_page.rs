//! The pages about many objects of a list: what is to be changed, and what will be.

use serde::Serialize;

use super::form_page::{ErrorLink, NewNameView, Widget};
use super::history_page::Difference;
use super::layout::Link;
use super::list_page::Choice;
use super::page::Content;

/// The input with the id of an object that is chosen.
pub const PICK: &str = "pick";
/// The checkbox that chooses all objects that match the search and filters of the list.
pub const ALL: &str = "all";
/// The hidden input of the later steps if all objects that match were chosen.
pub const FROM_ALL: &str = "_all";
/// The input with the id and the revision of an object that a preview has shown.
pub const TARGET: &str = "target";
/// The button with the next step.
pub const STEP: &str = "_step";

/// The setting that can be changed in many objects.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SettingView {
    /// The fields of rows that have settings.
    pub sections: Vec<Choice>,
    /// What is done to the setting.
    pub actions: Vec<Choice>,
    /// The key, as typed.
    pub key: String,
    /// The value, as typed.
    pub value: String,
}

/// The table of rows that can be added, removed, or replace all others.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TableView {
    /// The label of the field of rows.
    pub label: &'static str,
    /// The names of the columns, separated by commas.
    pub columns: String,
    /// What is done with the rows.
    pub actions: Vec<Choice>,
    /// The table, as typed.
    pub text: String,
    /// What is wrong with the table; empty at first.
    pub errors: Vec<String>,
}

/// Content of the template `admin/bulk_edit`: what is to be changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BulkEditPage {
    /// The heading: `Change 5 metrics`.
    pub heading: String,
    /// The address that the form is posted to.
    pub action: String,
    /// The link that leads back to the list.
    pub back: Link,
    /// The objects.
    pub objects: Vec<Link>,
    /// The hidden inputs, as name and value.
    pub hidden: Vec<(String, String)>,
    /// What is wrong with the input; empty at first.
    pub problems: Vec<ErrorLink>,
    /// The fields of one value.
    pub widgets: Vec<Widget>,
    /// The setting; `None` if the objects have none.
    pub setting: Option<SettingView>,
    /// The table of rows; `None` if the objects have none.
    pub table: Option<TableView>,
    /// The input that asks why the user makes the change.
    pub change_reason: Widget,
}

impl Content for BulkEditPage {
    const TEMPLATE: &'static str = "admin/bulk_edit";
}

/// An object of a preview.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BulkRow {
    /// The object.
    pub object: Link,
    /// What changes; empty for a deletion.
    pub differences: Vec<Difference>,
    /// Why it is left out; empty if it is not.
    pub refusal: String,
}

/// Content of the template `admin/bulk_preview`: what will be changed or deleted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BulkPreviewPage {
    /// The heading: `Change 5 metrics?`
    pub heading: String,
    /// The address that the form is posted to.
    pub action: String,
    /// The link that leads back to the list.
    pub back: Link,
    /// The hidden inputs: the objects with their revisions, and the input of the form before.
    pub hidden: Vec<(String, String)>,
    /// The objects that will be changed or deleted.
    pub rows: Vec<BulkRow>,
    /// The objects that are left out, with the reason.
    pub refused: Vec<BulkRow>,
    /// The objects that have the wanted values already.
    pub unchanged: Vec<Link>,
    /// The names that the registry does not have yet, and would get.
    pub new_names: Vec<NewNameView>,
    /// What a deletion leaves as it is; empty for a change.
    pub consequence: &'static str,
    /// The label of the button; empty if there is nothing to do.
    pub button: String,
    /// The step that the button begins.
    pub step: &'static str,
    /// True for a deletion.
    pub is_deletion: bool,
    /// The input that asks why the user makes the change.
    pub change_reason: Widget,
}

impl Content for BulkPreviewPage {
    const TEMPLATE: &'static str = "admin/bulk_preview";
}
