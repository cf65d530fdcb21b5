//! The layout of every page: title, navigation, breadcrumbs, messages and account menu.

use serde::Serialize;

use super::urls::{Addresses, INDEX, LOG_ENTRIES, LOGIN, METRIC_NAMES, SERVICE_FLAVOURS};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::KINDS;
use crate::domain::model::policy::Viewer;
use crate::domain::web::branding::Branding;

/// A link: its text and its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The text of the link.
    pub label: String,
    /// The address; empty if it leads nowhere.
    pub href: String,
    /// True for the link to the page that is shown, and for the selected one of several.
    pub current: bool,
}

impl Link {
    /// Returns a link that is not the current one.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), current: false }
    }
}

/// One step of the breadcrumbs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Crumb {
    /// The text of the step.
    pub label: String,
    /// The address of the step; `None` for the last, which is the page itself.
    pub href: Option<String>,
}

/// The severity of a flash message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The action was done.
    Success,
    /// The action was done, but something needs attention.
    Warning,
    /// The action failed.
    Error,
}

/// A line of a flash message about what followed the action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MessageNote {
    /// One or more sentences, or the summary of the lines below.
    pub text: String,
    /// The lines that are shown only when they are asked for; may be empty.
    pub folded: Vec<String>,
}

/// A flash message: the result of the last action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The severity, which decides the colour.
    pub tone: Severity,
    /// One or more sentences; if they name the object, the part before its name.
    pub text: String,
    /// The object that the message is about; its label is empty if the message does not name it. `None` without one.
    pub object: Option<Link>,
    /// The sentences after the name of the object; empty if the message does not name it.
    pub rest: String,
    /// What followed the action.
    pub notes: Vec<MessageNote>,
    /// The address to which the button is posted that undoes the action; empty if there is none.
    pub undo: String,
}

/// The user who is logged in, for the account menu.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UserView {
    /// The id, which forms name: they are not saved for another user.
    pub id: i64,
    /// The login name.
    pub username: String,
    /// True if the user may do everything.
    pub is_superuser: bool,
    /// The user's groups, a line for each kind (`probes: ARGO, SSC`); empty if the user is in none.
    pub groups: Vec<String>,
}

impl From<&Viewer> for UserView {
    fn from(viewer: &Viewer) -> Self {
        let of_kind = |kind: GroupKind| {
            let names = viewer.groups_of(kind).collect::<Vec<_>>().join(", ");
            (!names.is_empty()).then(|| format!("{kind}: {names}"))
        };
        let groups = GroupKind::ALL.into_iter().filter_map(of_kind).collect();
        Self { id: viewer.id, username: viewer.username.clone(), is_superuser: viewer.is_superuser, groups }
    }
}

/// Everything around the content of a page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Layout {
    /// The title of the window, without the product's name.
    pub title: String,
    /// The tenant's name; empty if the tenant is unknown.
    pub tenant: String,
    /// The user; `None` on public pages, on the login page, and for errors before the session was read.
    pub user: Option<UserView>,
    /// The menu of superusers before the main navigation: the index, users, groups, keys, the log; empty for others.
    pub admin: Vec<Link>,
    /// The main navigation: Profiles, Services, …; empty on the login page.
    pub navigation: Vec<Link>,
    /// The breadcrumbs; empty on the index.
    pub trail: Vec<Crumb>,
    /// The flash messages.
    pub messages: Vec<Message>,
    /// The CSRF token for the hidden field of forms; empty if the page has no form.
    pub csrf: String,
    /// The address of the search over everything; empty on pages that are neither public nor for users, such as the login page.
    pub search: String,
    /// The public page that shows the same, to share; empty if there is none.
    pub public: String,
    /// On public pages, the link to the login, or to the same page for users; its address is empty on all others.
    pub inside: Link,
    /// The looks of the tenant's pages.
    pub branding: Branding,
    /// The time zone of all times of the page: `Europe/Zagreb`; empty on pages without times.
    pub timezone: &'static str,
}

impl Layout {
    /// Returns the layout of the page at `path`; `viewer` is `None` on public pages.
    ///
    /// `trail` has the breadcrumbs after the index, as labels and addresses; the address of the last is empty. An empty
    /// trail means the index itself.
    pub fn new(title: &str, tenant: &str, viewer: Option<&Viewer>, path: &str, trail: &[(&str, &str)]) -> Self {
        let admin = admin_menu(viewer, path);
        let is_below_admin = admin.iter().any(|link| link.current && link.href != INDEX);
        let index = viewer.filter(|_| !trail.is_empty()).map(|_| ("POEM", INDEX));
        let above = is_below_admin.then_some((ADMIN, INDEX));
        let crumb = |(label, href): (&str, &str)| Crumb {
            label: label.to_owned(),
            href: (!href.is_empty()).then(|| href.to_owned()),
        };
        Self {
            title: title.to_owned(),
            tenant: tenant.to_owned(),
            user: viewer.map(UserView::from),
            navigation: navigation(viewer, path),
            admin,
            trail: index.into_iter().chain(above).chain(trail.iter().copied()).map(crumb).collect(),
            inside: if viewer.is_none() { Link::new("Log in", LOGIN) } else { Link::default() },
            search: Addresses { is_public: viewer.is_none() }.search().to_owned(),
            ..Self::default()
        }
    }
}

impl Layout {
    /// Marks the title of a page that shows errors, so that screen readers announce them first.
    pub fn with_errors(self, has_errors: bool) -> Self {
        let title = if has_errors { format!("Error: {}", self.title) } else { self.title };
        Self { title, ..self }
    }
}

/// The name of the menu of superusers, and of its step in the breadcrumbs.
const ADMIN: &str = "Admin";

/// Returns the menu of superusers, with the current page marked; empty for others.
fn admin_menu(viewer: Option<&Viewer>, path: &str) -> Vec<Link> {
    if !viewer.is_some_and(|viewer| viewer.is_superuser) {
        return Vec::new();
    }
    let at = Addresses { is_public: false };
    let below = KINDS.iter().filter(|info| !info.in_navigation).map(|info| Link::new(info.many, at.list(info.kind)));
    let others = [("Log", LOG_ENTRIES), ("Metric names", METRIC_NAMES), ("Service flavours", SERVICE_FLAVOURS)]
        .map(|(label, href)| Link::new(label, href));
    let mark = |link: Link| Link { current: path.starts_with(&link.href), ..link };
    let index = Link { current: path == INDEX, ..Link::new("Overview", INDEX) };
    std::iter::once(index).chain(below.chain(others).map(mark)).collect()
}

/// Returns the main navigation, with the current list marked.
fn navigation(viewer: Option<&Viewer>, path: &str) -> Vec<Link> {
    let at = Addresses { is_public: viewer.is_none() };
    let lists = KINDS.iter().filter(|info| info.in_navigation).filter_map(|info| {
        let href = at.list(info.kind);
        let current = !href.is_empty() && path.starts_with(&href);
        (!href.is_empty()).then(|| Link { current, ..Link::new(info.many, href) })
    });
    lists.collect()
}
