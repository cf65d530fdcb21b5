//! The page about the copy of a profile on the ARGO WEB-API.

use serde::Serialize;

use super::form_page::InfoLine;
use super::layout::Link;
use super::page::Content;

/// The field with the fingerprint of what the page showed.
pub const SHOWN: &str = "shown";
/// The field with what is to be done: [`SEND`] or [`SETTING`].
pub const ACTION: &str = "action";
/// Sends the profile.
pub const SEND: &str = "send";
/// Stores whether the profile is sent on every save: with [`EVERY_SAVE`] it is.
pub const SETTING: &str = "setting";
/// The checkbox “send on every save”.
pub const EVERY_SAVE: &str = "every_save";

/// Content of the template `admin/metric_profile`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MetricProfilePage {
    /// The name of the profile.
    pub object: String,
    /// The link back to the profile.
    pub back: Link,
    /// The address that the forms are posted to.
    pub action: String,
    /// The reason why nothing was sent; empty at first.
    pub failure: String,
    /// The state, in a sentence.
    pub state: String,
    /// When it was sent, since when it has changed, why the last sending failed.
    pub facts: Vec<InfoLine>,
    /// What only POEM has: `SRM, org.sam.SRM-All`.
    pub only_here: Vec<String>,
    /// What only the WEB-API has.
    pub only_there: Vec<String>,
    /// The label of the button that sends; empty if there is nothing to send, or the viewer may not.
    pub send: String,
    /// The fingerprint of what is there.
    pub shown: String,
    /// The profile is sent on every save.
    pub on_every_save: bool,
    /// The viewer may send the profile.
    pub can_change: bool,
}

impl Content for MetricProfilePage {
    const TEMPLATE: &'static str = "admin/metric_profile";
}
