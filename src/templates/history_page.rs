//! The history of an object: its versions or log entries, one version, and two versions side by side.

use serde::Serialize;

use super::form_page::FieldsetView;
use super::layout::Link;
use super::object_tabs::ObjectTabs;
use super::page::Content;

/// One version, or one log entry.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Event {
    /// The value of the radio buttons; empty if the event cannot be compared.
    pub id: String,
    /// The version's label, such as `0.1.7`; empty if versions are told apart by their time.
    pub label: String,
    /// The address of the version's page; empty if there is none.
    pub href: String,
    /// The time in the configured time zone: `2019-03-01 14:05`.
    pub time: String,
    /// The same time for the attribute `datetime=` (RFC 3339).
    pub iso: String,
    /// The name of the user or command that did it; empty if it is not to be shown.
    pub user: String,
    /// The kind of the object, in words, for the recent activity; else empty.
    pub kind: String,
    /// What was done, for the recent activity: "add", "change" or "delete"; else empty.
    pub action: &'static str,
    /// The changes, in words.
    pub message: String,
    /// Why the user did it, as they say; empty if they did not say it, and on public pages.
    pub reason: String,
    /// True for the newest version.
    pub is_current: bool,
}

/// Content of the template `admin/history`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryPage {
    /// The object's name.
    pub object: String,
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// The target of the comparison (GET, `version_id1` and `version_id2`); empty if there is nothing to compare.
    pub compare: String,
    /// The events, newest first.
    pub events: Vec<Event>,
    /// True if the events are named by their labels; else they are named by their times.
    pub is_labelled: bool,
    /// True if the events name users; public pages do not.
    pub names_users: bool,
    /// The number of log entries that are older than those shown; 0 if all are shown.
    pub older: i64,
    /// The text that is shown if there is no event.
    pub empty: String,
}

impl Content for HistoryPage {
    const TEMPLATE: &'static str = "admin/history";
}

/// A part of a text in a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The words, with their white space.
    pub text: String,
    /// True if these words differ from the other side.
    pub marked: bool,
}

/// One field side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The label of the field, with the key for a row: `Description`, `config timeout`.
    pub label: String,
    /// The older value; empty if the field or row was added.
    pub before: Vec<Span>,
    /// The newer value; empty if the field or row was deleted.
    pub after: Vec<Span>,
    /// The kind of change: "changed", "added", "deleted", or "same".
    pub change: &'static str,
}

/// Content of the template `admin/compare`; the older version is on the left.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComparePage {
    /// The object's name.
    pub object: String,
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// The older version.
    pub before: Event,
    /// The newer version.
    pub after: Event,
    /// The fields that differ.
    pub differences: Vec<Difference>,
    /// The fields that are equal; shown folded.
    pub same: Vec<Difference>,
    /// The link that restores the older version; `None` if the viewer may not, or nothing would change.
    pub restore: Option<Link>,
    /// True if `restore` is posted; else it leads to the form, filled with the version (GET).
    pub restore_by_post: bool,
}

impl Content for ComparePage {
    const TEMPLATE: &'static str = "admin/compare";
}

/// Content of the template `admin/log_entry`: one entry of the audit log, complete.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogEntryPage {
    /// The action and the object: `Changed "ams-probe".`
    pub object: String,
    /// Time, user, object, type and words.
    pub facts: Vec<FieldsetView>,
    /// What a change added and removed; else empty.
    pub differences: Vec<Difference>,
    /// The content of an object that was added or deleted; else empty.
    pub content: Vec<FieldsetView>,
    /// The button that restores a deleted object; `None` if it cannot be restored.
    pub restore: Option<Link>,
    /// The log entry that has undone this one; `None` if none has.
    pub undone_by: Option<Link>,
}

impl Content for LogEntryPage {
    const TEMPLATE: &'static str = "admin/log_entry";
}

/// Content of the template `admin/deleted`: an object that was deleted, for a viewer who may restore it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeletedPage {
    /// The kind of the object, in words.
    pub kind: String,
    /// The object's name.
    pub object: String,
    /// The tag next to the name; empty without one.
    pub tag: String,
    /// The name of the user or command that deleted it; empty if unknown.
    pub user: String,
    /// The time of the deletion.
    pub time: String,
    /// The same time for the attribute `datetime=`.
    pub iso: String,
    /// Sentences about what no longer exists, and is left out.
    pub left_out: Vec<String>,
    /// The button that restores the object.
    pub restore: Link,
    /// The link to the form of a new object that is filled with the content.
    pub edit: Link,
    /// The content when it was deleted, read-only, without what no longer exists.
    pub content: Vec<FieldsetView>,
}

impl Content for DeletedPage {
    const TEMPLATE: &'static str = "admin/deleted";
}

/// Content of the template `admin/revision`: one version, read-only.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RevisionPage {
    /// The pages of the object.
    pub tabs: ObjectTabs,
    /// The version: its label, time and author.
    pub event: Event,
    /// The form with the content of the version, read-only.
    pub form: super::form_page::FormPage,
    /// The changes from the previous version; empty for the first.
    pub differences: Vec<Difference>,
    /// The link to the previous version; `None` for the first.
    pub previous: Option<Link>,
    /// The link to the next version; `None` for the newest.
    pub next: Option<Link>,
    /// The link to the comparison with the newest version; `None` for that.
    pub compare: Option<Link>,
    /// The link that restores the version; `None` if the viewer may not, or nothing would change.
    pub restore: Option<Link>,
    /// True if `restore` is posted; else it leads to the form, filled with the version (GET).
    pub restore_by_post: bool,
}

impl Content for RevisionPage {
    const TEMPLATE: &'static str = "admin/revision";
}
