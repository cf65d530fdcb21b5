//! The addresses of the pages: those people have bookmarked.

use crate::domain::model::object_kind::ObjectKind;

/// Where the admin begins.
pub const INDEX: &str = "/poem/admin/";
pub const LOGIN: &str = "/poem/admin/login/";
pub const LOGOUT: &str = "/poem/admin/logout/";
/// Where somebody who is logged in changes the password.
pub const PASSWORD: &str = "/poem/admin/password_change/";
pub const LOG_ENTRIES: &str = "/poem/admin/admin/logentry/";
pub const SEARCH: &str = "/poem/admin/search/";
/// What suggestions while typing come from; a source's name follows.
pub const SUGGEST: &str = "/poem/admin/suggest/";

/// What the addresses of public pages begin with.
const PUBLIC: &str = "/poem/admin/poem/public_";

/// Whether a page of this address is there for everybody.
pub fn is_public(path: &str) -> bool {
    path.starts_with(PUBLIC)
}

/// The addresses as one visitor is given them: links of public pages stay public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub is_public: bool,
}

impl Addresses {
    /// '' where the visitor has no such page.
    pub fn list(self, kind: ObjectKind) -> String {
        let info = kind.info();
        match self.is_public {
            true if info.is_public => format!("{PUBLIC}{kind}/"),
            true => String::new(),
            false => format!("/poem/admin/{}/{kind}/", info.app),
        }
    }

    pub fn addition(self, kind: ObjectKind) -> String {
        self.below(kind, "add/")
    }

    pub fn change(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/change/"))
    }

    pub fn delete(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/delete/"))
    }

    pub fn clone_of(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/change/clone/"))
    }

    pub fn history(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/history/"))
    }

    pub fn compare(self, kind: ObjectKind, id: i64) -> String {
        self.below(kind, &format!("{id}/history/compare/"))
    }

    pub fn version(self, kind: ObjectKind, id: i64, version: i64) -> String {
        self.below(kind, &format!("{id}/history/{version}/"))
    }

    /// The form of an object, filled with an old version of it.
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
