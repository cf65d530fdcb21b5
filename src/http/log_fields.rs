//! What guards find out about a request, for those who report on it: the request log and the metrics.

use std::sync::OnceLock;

use rocket::Request;

/// Kept with the request; empty until a guard fills it.
#[derive(Default)]
pub struct LogFields {
    tenant: OnceLock<String>,
}

impl LogFields {
    /// The fields of this request.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Records the tenant; the first one counts.
    pub fn set_tenant(&self, name: &str) {
        self.tenant.get_or_init(|| name.to_owned());
    }

    /// The tenant's name; `-` if the request led to none.
    pub fn tenant(&self) -> &str {
        self.tenant.get().map_or("-", String::as_str)
    }
}
