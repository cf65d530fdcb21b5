//! The request log (access log): one line per request.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Request, Response};

use super::client_ip::client_address;
use super::log_fields::LogFields;
use super::original_request::OriginalRequest;

/// The fairing that logs tenant, method, path, status, duration, client address and user of every request.
pub struct RequestLog;

#[rocket::async_trait]
impl Fairing for RequestLog {
    fn info(&self) -> Info {
        Info { name: "Request log", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let original = OriginalRequest::of(request);
        let milliseconds = original.elapsed().as_secs_f64() * 1000.0;
        let fields = LogFields::of(request);
        let (tenant, user, address) = (fields.tenant(), fields.user(), client_address(request));
        log::info!("{tenant} {original} {} {milliseconds:.1} ms {address} {user}", response.status().code);
    }
}
