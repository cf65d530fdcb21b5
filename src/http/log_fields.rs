//! Facts that guards find out about a request, for the request log and the metrics.

use std::sync::OnceLock;

use rocket::Request;

/// The facts about one request, stored in its local cache; empty until a guard sets them.
#[derive(Default)]
pub struct LogFields {
    tenant: OnceLock<String>,
    user: OnceLock<String>,
}

impl LogFields {
    /// The fields of this request.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Records the name of the tenant. Only the first call has an effect.
    pub fn set_tenant(&self, name: &str) {
        self.tenant.get_or_init(|| name.to_owned());
    }

    /// Records the name of the user who is logged in. Only the first call has an effect.
    pub fn set_user(&self, name: &str) {
        self.user.get_or_init(|| name.to_owned());
    }

    /// The name of the user; `-` if no guard has found a session.
    pub fn user(&self) -> &str {
        self.user.get().map_or("-", String::as_str)
    }

    /// The name of the tenant; `-` if the request has none.
    pub fn tenant(&self) -> &str {
        self.tenant.get().map_or("-", String::as_str)
    }
}
