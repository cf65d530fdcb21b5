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
/// The list of log entries.
pub const LOG_ENTRIES: &str = "/poem/admin/admin/logentry/";
/// The metric names of the registry.
pub const METRIC_NAMES: &str = "/poem/admin/poem/metricname/";
/// The service flavours.
pub const SERVICE_FLAVOURS: &str = "/poem/admin/poem/serviceflavour/";
/// The search over everything.
pub const SEARCH: &str = "/poem/admin/search/";
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

/// Returns true for the address of a public page, which needs no login.
pub fn is_public(path: &str) -> bool {
    path.starts_with(PUBLIC)
}

/// The addresses for one kind of viewer: links on public pages lead to public pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// True for the addresses of public pages.
    pub is_public: bool,
}

impl Addresses {
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

    /// Returns the form of a new object.
    pub fn addition(self, kind: ObjectKind) -> String {
        self.below(kind, "add/")
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

    /// Returns the form of an object.
    pub fn change(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/change/"))
    }

    /// Returns the confirmation of the deletion of an object.
    pub fn delete(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/delete/"))
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
    fn links_of_public_pages_stay_public() {
        let public = Addresses { is_public: true };
        assert_eq!(public.version(ObjectKind::Probe, 3, 7), "/poem/admin/poem/public_probe/3/history/7/");
        assert_eq!(public.change(ObjectKind::CustUser, 3), "");
        let inside = Addresses { is_public: false };
        assert_eq!(inside.list(ObjectKind::GroupOfProbes), "/poem/admin/poem/groupofprobes/");
        assert_eq!(inside.addition(ObjectKind::ApiKey), "/poem/admin/rest_framework_api_key/apikey/add/");
    }
}
