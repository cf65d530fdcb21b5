//! The help: how to do things, the words of POEM, and the keys of the keyboard. Its texts are in the template.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page::Content;

/// Content of the template `admin/help`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HelpPage {
    /// The addresses of lists, and of the forms that add to them (`add_probe`); empty if the viewer has no such page.
    pub at: BTreeMap<String, String>,
}

impl Content for HelpPage {
    const TEMPLATE: &'static str = "admin/help";
}
