//! What surrounds every page.

use serde::Serialize;

use crate::domain::policy::Viewer;

/// Where something leads, and its words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    pub label: String,
    pub href: String,
    /// The page that is shown, or what is selected.
    pub current: bool,
}

impl Link {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), current: false }
    }
}

/// One step of the way here; the last one leads nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Crumb {
    pub label: String,
    pub href: Option<String>,
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Success,
    Warning,
    Error,
}

/// What the last action did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    pub tone: Tone,
    pub text: String,
}

/// Who is logged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct User {
    pub username: String,
    pub is_superuser: bool,
    /// In words, like «probes: ARGO»; empty for who is in none.
    pub groups: Vec<String>,
}

impl From<&Viewer> for User {
    fn from(viewer: &Viewer) -> Self {
        let groups = viewer.groups.iter().map(|(kind, name)| format!("{kind}: {name}")).collect();
        Self { username: viewer.username.clone(), is_superuser: viewer.is_superuser, groups }
    }
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Chrome {
    /// Of the window: what the page is about.
    pub title: String,
    /// The tenant's name; '' where none is known.
    pub tenant: String,
    /// `None`: a public page, the login page, or an error before anybody was known.
    pub user: Option<User>,
    /// Admin | Profiles | Services | …; empty where there is nothing to go to.
    pub navigation: Vec<Link>,
    pub trail: Vec<Crumb>,
    pub messages: Vec<Message>,
    /// For the hidden field of forms; '' where the page has none.
    pub csrf: String,
    /// Where the search over everything is; '' for who may not search.
    pub search: String,
}
