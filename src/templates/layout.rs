//! What surrounds every page.

use serde::Serialize;

use super::urls::{Addresses, INDEX, SEARCH};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::KINDS;
use crate::domain::model::policy::Viewer;

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
pub struct UserView {
    pub username: String,
    pub is_superuser: bool,
    /// In words, a line a kind, like «probes: ARGO, SSC»; empty for who is in none.
    pub groups: Vec<String>,
}

impl From<&Viewer> for UserView {
    fn from(viewer: &Viewer) -> Self {
        let of_kind = |kind: GroupKind| {
            let names = viewer.groups_of(kind).collect::<Vec<_>>().join(", ");
            (!names.is_empty()).then(|| format!("{kind}: {names}"))
        };
        let groups = GroupKind::ALL.into_iter().filter_map(of_kind).collect();
        Self { username: viewer.username.clone(), is_superuser: viewer.is_superuser, groups }
    }
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Layout {
    /// Of the window: what the page is about.
    pub title: String,
    /// The tenant's name; '' where none is known.
    pub tenant: String,
    /// `None`: a public page, the login page, or an error before anybody was known.
    pub user: Option<UserView>,
    /// Admin | Profiles | Services | …; empty where there is nothing to go to.
    pub navigation: Vec<Link>,
    pub trail: Vec<Crumb>,
    pub messages: Vec<Message>,
    /// For the hidden field of forms; '' where the page has none.
    pub csrf: String,
    /// Where the search over everything is; '' for who may not search.
    pub search: String,
}

impl Layout {
    /// Of the page at `path`, for who is logged in, or for a visitor of the public pages. `trail` is the way from the
    /// index, as labels and addresses; the last step has none. Empty: this is the index.
    pub fn new(title: &str, tenant: &str, viewer: Option<&Viewer>, path: &str, trail: &[(&str, &str)]) -> Self {
        let index = viewer.filter(|_| !trail.is_empty()).map(|_| ("POEM", INDEX));
        let crumb = |(label, href): (&str, &str)| Crumb {
            label: label.to_owned(),
            href: (!href.is_empty()).then(|| href.to_owned()),
        };
        Self {
            title: title.to_owned(),
            tenant: tenant.to_owned(),
            user: viewer.map(UserView::from),
            navigation: navigation(viewer, path),
            trail: index.into_iter().chain(trail.iter().copied()).map(crumb).collect(),
            search: if viewer.is_some() { SEARCH.to_owned() } else { String::new() },
            ..Self::default()
        }
    }
}

/// What stands at the top of every page.
fn navigation(viewer: Option<&Viewer>, path: &str) -> Vec<Link> {
    let at = Addresses { is_public: viewer.is_none() };
    let is_superuser = viewer.is_some_and(|viewer| viewer.is_superuser);
    let index = is_superuser.then(|| Link { current: path == INDEX, ..Link::new("Admin", INDEX) });
    let lists = KINDS.iter().filter(|info| info.in_navigation).filter_map(|info| {
        let href = at.list(info.kind);
        let current = !href.is_empty() && path.starts_with(&href);
        (!href.is_empty()).then(|| Link { current, ..Link::new(info.many, href) })
    });
    index.into_iter().chain(lists).collect()
}
