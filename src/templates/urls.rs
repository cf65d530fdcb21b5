//! The addresses of the pages. They are those of POEM 2.3, which people have bookmarked.

use crate::domain::model::object_kind::ObjectKind;

/// The index of the admin.
pub const INDEX: &str = "/poem/admin/";
/// The login page.
pub const LOGIN: &str = "/poem/admin/login/";
/// The logout page.
pub const LOGOUT: &str = "/poem/admin/logout/";
/// The page on which users change their own password.
pub const PASSWORD: &str = "/poem/admin/password_change/";
/// The page on which users see and end their own sessions.
pub const SESSIONS: &str = "/poem/admin/sessions/";
/// The address to which the choice between light and dark is posted.
pub const THEME: &str = "/poem/admin/theme/";
/// The list of log entries.
pub const LOG_ENTRIES: &str = "/poem/admin/admin/logentry/";
/// The metric names of the registry.
pub const METRIC_NAMES: &str = "/poem/admin/poem/metricname/";
/// The service flavours.
pub const SERVICE_FLAVOURS: &str = "/poem/admin/poem/serviceflavour/";
/// The search over everything.
pub const SEARCH: &str = "/poem/admin/search/";
/// The search over everything that public pages show.
const PUBLIC_SEARCH: &str = "/poem/admin/poem/public_search/";
/// The help.
pub const HELP: &str = "/poem/admin/help/";
/// The description of the REST API for people.
pub const REST_API: &str = "/poem/admin/api/";
/// The page about the tenant and this POEM.
pub const ABOUT: &str = "/poem/admin/about/";
/// The prefix of the addresses of suggestions; the name of the source follows.
pub const SUGGEST: &str = "/poem/admin/suggest/";
/// The address of the list of aggregation profiles; those of their forms begin with it.
pub const AGGREGATIONS: &str = "/poem/admin/poem/aggregation/";
/// The address of the list of profiles; those of their forms begin with it.
pub const PROFILES: &str = "/poem/admin/poem/profile/";
/// The address to which the form is posted that adds profiles of the ARGO WEB-API.
pub const TAKE_OVER: &str = "/poem/admin/poem/aggregation/takeover/";

/// The parameter of the form of a new object with the log entry of the deletion of the object that fills it.
pub const DELETED: &str = "deleted";
/// The parameter of that form for saving it without showing it first.
pub const AT_ONCE: &str = "at_once";

/// The prefix of the addresses of public pages.
const PUBLIC: &str = "/poem/admin/poem/public_";

/// The prefix of the addresses of the same pages for users.
const INSIDE: &str = "/poem/admin/poem/";

/// The end of the addresses of forms, and of the public pages of objects.
const CHANGE: &str = "change/";

/// Returns the address of the public page that shows the same as a page for users; `None` if there is none.
///
/// The query is kept where both pages know the same parameters.
pub fn public_of(path_and_query: &str) -> Option<String> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let (page, takes_query) = match path.strip_prefix(INSIDE) {
        None if path == SEARCH => (PUBLIC_SEARCH.to_owned(), true),
        None => return None,
        Some(rest) => {
            let (model, below) = rest.split_once('/')?;
            let kind: ObjectKind = model.parse().ok()?;
            let is_list_only = kind == ObjectKind::Service;
            let is_view = is_id(below.trim_end_matches('/'));
            let has_page = kind.info().is_public && is_public_below(below) && (below.is_empty() || !is_list_only);
            let page = if is_view { format!("{PUBLIC}{rest}{CHANGE}") } else { format!("{PUBLIC}{rest}") };
            (has_page.then_some(page)?, below.is_empty() || below.ends_with("/compare/"))
        }
    };
    Some(if takes_query && !query.is_empty() { format!("{page}?{query}") } else { page })
}

/// Returns the address of the page for users that shows the same as a public page; `None` if there is none.
pub fn inside_of(path_and_query: &str) -> Option<String> {
    match path_and_query.strip_prefix(PUBLIC_SEARCH) {
        Some(query) => Some(format!("{SEARCH}{query}")),
        None => path_and_query.strip_prefix(PUBLIC).map(|rest| match rest.strip_suffix(CHANGE) {
            Some(object) => format!("{INSIDE}{object}"),
            None => format!("{INSIDE}{rest}"),
        }),
    }
}

/// Returns true for the rest of an address, after the kind, if such a page is public.
fn is_public_below(rest: &str) -> bool {
    match rest.split('/').collect::<Vec<_>>()[..] {
        [""] => true,
        [id, ""] => is_id(id),
        [id, "change" | "history", ""] | [id, "history", "compare", ""] => is_id(id),
        [id, "history", version, ""] => is_id(id) && is_id(version),
        _ => false,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Returns true for the address of a public page, which needs no login.
pub fn is_public(path: &str) -> bool {
    path.starts_with(PUBLIC) || [HELP, REST_API, ABOUT].contains(&path)
}

/// The addresses for one kind of viewer: links on public pages lead to public pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// True for the addresses of public pages.
    pub is_public: bool,
}

impl Addresses {
    /// Returns the search over everything.
    pub fn search(self) -> &'static str {
        if self.is_public { PUBLIC_SEARCH } else { SEARCH }
    }

    /// Returns the list of a kind; empty if the viewer has no such page.
    ///
    /// All other addresses are below it, and empty with it.
    pub fn list(self, kind: ObjectKind) -> String {
        let info = kind.info();
        match self.is_public {
            true if info.is_public => format!("{PUBLIC}{kind}/"),
            true => String::new(),
            false => format!("/poem/admin/{}/{kind}/", info.app),
        }
    }

    /// Returns the list of a kind with one filter on.
    pub fn filtered(self, kind: ObjectKind, filter: &str, value: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair(filter, value).finish();
        self.below(kind, &format!("?{query}"))
    }

    /// Returns the form of a new object.
    pub fn addition(self, kind: ObjectKind) -> String {
        self.below(kind, "add/")
    }

    /// Returns the address for changes of many objects.
    pub fn bulk(self, kind: ObjectKind) -> String {
        self.below(kind, "bulk/")
    }

    /// Returns the form of a new object, filled with the one whose deletion a log entry records; blank without one.
    pub fn addition_again(self, kind: ObjectKind, entry: Option<&str>) -> String {
        let entry: Option<i64> = entry.and_then(|entry| entry.parse().ok());
        entry.map_or_else(|| self.addition(kind), |entry| format!("{}?{DELETED}={entry}", self.addition(kind)))
    }

    /// Returns the address to which the button is posted that adds a deleted object again.
    pub fn restoration(self, kind: ObjectKind, entry: i64) -> String {
        format!("{}?{DELETED}={entry}&{AT_ONCE}=1", self.addition(kind))
    }

    /// Returns the address to which the button is posted that undoes the action of a log entry.
    pub fn undo(self, kind: ObjectKind, id: i64, entry: i64) -> String {
        self.below(kind, &format!("{id}/undo/{entry}/"))
    }

    /// Returns the page of an object.
    pub fn view(self, kind: ObjectKind, id: i64) -> String {
        match self.is_public {
            true => self.change(kind, id),
            false => self.below(kind, &format!("{id}/")),
        }
    }

    /// Returns the page of the objects that use an object; empty for public pages, which do not have it.
    pub fn used_by(self, kind: ObjectKind, id: i64) -> String {
        if self.is_public { String::new() } else { self.below(kind, &format!("{id}/usedby/")) }
    }

    /// Returns the content of an object as JSON.
    pub fn json(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/json/"))
    }

    /// Returns the form of an object; the public page of an object has the address of the form.
    pub fn change(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/change/"))
    }

    /// Returns the confirmation of the deletion of an object.
    pub fn delete(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/delete/"))
    }

    /// Returns an object as a file, as `json` or `csv`.
    pub fn export_of(self, kind: ObjectKind, id: i64, format: &str) -> String {
        self.below(kind, &format!("{id}/export/?format={format}"))
    }

    /// Returns the form that reads the rows of an object from a table.
    pub fn import_into(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/import/"))
    }

    /// Returns the form of a copy of an object.
    pub fn clone_of(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/change/clone/"))
    }

    /// Returns the history of an object.
    pub fn history(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/history/"))
    }

    /// Returns the comparison of two versions of an object.
    pub fn compare(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/history/compare/"))
    }

    /// Returns the comparison of two objects of a kind.
    pub fn compare_objects(self, kind: ObjectKind) -> String {
        self.below(kind, "compare/")
    }

    /// Returns the page of a version of an object.
    pub fn version(self, kind: ObjectKind, id: i64, version: i64) -> String {
        self.below(kind, &format!("{id}/history/{version}/"))
    }

    /// Returns the form of an object, filled with one of its old versions.
    pub fn restore(self, kind: ObjectKind, id: i64, version: i64) -> String {
        self.below(kind, &format!("{id}/change/?restore={version}"))
    }

    fn below(self, kind: ObjectKind, rest: &str) -> String {
        match self.list(kind) {
            nowhere if nowhere.is_empty() => nowhere,
            list => list + rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_public_as_well_have_a_public_address() {
        for (inside, public) in [
            ("/poem/admin/poem/probe/?q=a&o=-name", Some("/poem/admin/poem/public_probe/?q=a&o=-name")),
            ("/poem/admin/poem/metric/3/change/?_list=q%3Da", Some("/poem/admin/poem/public_metric/3/change/")),
            ("/poem/admin/poem/profile/3/history/", Some("/poem/admin/poem/public_profile/3/history/")),
            ("/poem/admin/poem/probe/3/history/7/", Some("/poem/admin/poem/public_probe/3/history/7/")),
            ("/poem/admin/poem/probe/3/", Some("/poem/admin/poem/public_probe/3/change/")),
            (
                "/poem/admin/poem/probe/3/history/compare/?version_id1=1&version_id2=2",
                Some("/poem/admin/poem/public_probe/3/history/compare/?version_id1=1&version_id2=2"),
            ),
            ("/poem/admin/poem/service/?q=a", Some("/poem/admin/poem/public_service/?q=a")),
            ("/poem/admin/search/?q=a", Some("/poem/admin/poem/public_search/?q=a")),
            ("/poem/admin/poem/service/3/change/", None),
            ("/poem/admin/poem/service/3/", None),
            ("/poem/admin/poem/probe/add/", None),
            ("/poem/admin/poem/probe/3/delete/", None),
            ("/poem/admin/poem/probe/3/change/clone/", None),
            ("/poem/admin/poem/profile/3/metricprofile/", None),
            ("/poem/admin/poem/aggregation/3/change/", None),
            ("/poem/admin/poem/custuser/", None),
            ("/poem/admin/poem/nosuch/", None),
            ("/poem/admin/", None),
        ] {
            assert_eq!(public_of(inside).as_deref(), public, "{inside}");
            if let Some(public) = public {
                let page = inside.split("?_list").next().map(|page| page.trim_end_matches(CHANGE));
                assert_eq!(inside_of(public).as_deref(), page, "{public}");
            }
        }
        assert_eq!(inside_of("/poem/admin/poem/probe/"), None);
    }

    #[test]
    fn links_of_public_pages_stay_public() {
        let public = Addresses { is_public: true };
        assert_eq!(public.version(ObjectKind::Probe, 3, 7), "/poem/admin/poem/public_probe/3/history/7/");
        assert_eq!(public.change(ObjectKind::CustUser, 3), "");
        assert_eq!(public.filtered(ObjectKind::CustUser, "q", "a"), "");
        let inside = Addresses { is_public: false };
        assert_eq!(inside.filtered(ObjectKind::Metric, "probe", "a&b"), "/poem/admin/poem/metric/?probe=a%26b");
        assert_eq!(inside.list(ObjectKind::GroupOfProbes), "/poem/admin/poem/groupofprobes/");
        assert_eq!(inside.addition(ObjectKind::ApiKey), "/poem/admin/rest_framework_api_key/apikey/add/");
    }
}
