//! Failures that a test asks for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::messages::{Delivery, HTML, HttpReply, ReceivedRequest, TEXT};
use super::replies::echoing;

/// A failure. The reply of a request that is not carried out is an empty list, where the failure needs one.
#[derive(Debug, Clone)]
pub enum WebApiFault {
    /// The reply is a page with this status, as a proxy sends it.
    Html(u16),
    /// The reply is this JSON with this status. 401, 403 and 406 send the headers of the request back.
    Json(u16, Value),
    /// The reply comes later; earlier if the test calls `recover`.
    Wait(Duration),
    /// The connection is closed without a reply.
    Close,
    /// The reply has the status 200 and is no JSON.
    NotJson,
    /// The connection is closed in the middle of the reply.
    HalfBody,
    /// The reply does not end.
    EndlessBody,
    /// The reply is a redirect (302) to another port, where the second listener records requests.
    Redirect,
    /// The reply is an empty list.
    EmptyList,
}

impl WebApiFault {
    /// The reply that is sent instead of `reply`. `elsewhere` is the address that redirects lead to.
    pub fn delivery(&self, reply: HttpReply, elsewhere: &str, request: &ReceivedRequest) -> Delivery {
        Delivery::Reply(match self {
            Self::Html(status) => HttpReply::new(*status, HTML, format!("<html><h1>{status}</h1></html>\n")),
            Self::Json(status @ (401 | 403 | 406), body) => echoing(HttpReply::json(*status, body), request),
            Self::Json(status, body) => HttpReply::json(*status, body),
            Self::Wait(_) => reply,
            Self::Close => return Delivery::Close,
            Self::NotJson => HttpReply::new(200, TEXT, "It works!\n"),
            Self::HalfBody => return Delivery::Half(reply),
            Self::EndlessBody => return Delivery::Endless(HttpReply::json(200, &Value::Array(Vec::new()))),
            Self::Redirect => HttpReply::new(302, TEXT, "").with("Location", &format!("{elsewhere}{}", request.target)),
            Self::EmptyList => HttpReply::success(&Value::Array(Vec::new())),
        })
    }
}

/// The moment of a failure: before or after the request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request is not carried out.
    Before,
    /// It is.
    After,
}

/// A failure of the next requests of a kind.
#[derive(Debug)]
struct Planned {
    left: usize,
    request: String,
    moment: Moment,
    fault: WebApiFault,
}

impl Planned {
    fn applies_to(&self, request: &ReceivedRequest) -> bool {
        let asked = format!("{} {}", request.method, request.path_and_query().0);
        self.left > 0 && self.request.strip_suffix('*').map_or(self.request == asked, |start| asked.starts_with(start))
    }
}

/// A failure that has come for a request.
#[derive(Debug)]
pub struct Due {
    /// Its moment.
    pub moment: Moment,
    /// The failure.
    pub fault: WebApiFault,
    recoveries: u64,
}

#[derive(Debug, Default)]
struct Plan {
    planned: Vec<Planned>,
    recoveries: u64,
}

/// The failures that are still to come, and the requests that wait.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<Plan>,
    recovered: Condvar,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a failure of the next `times` requests.
    pub fn add(&self, times: usize, request: &str, moment: Moment, fault: WebApiFault) {
        self.lock().planned.push(Planned { left: times, request: request.to_owned(), moment, fault });
    }

    /// Returns the failure of this request, the one that was asked for first.
    pub fn take(&self, request: &ReceivedRequest) -> Option<Due> {
        let mut plan = self.lock();
        let recoveries = plan.recoveries;
        let found = plan.planned.iter_mut().find(|planned| planned.applies_to(request))?;
        found.left -= 1;
        Some(Due { moment: found.moment, fault: found.fault.clone(), recoveries })
    }

    /// Waits if the failure is a delay. Returns false if it is another one.
    pub fn wait(&self, due: &Due) -> bool {
        let WebApiFault::Wait(limit) = due.fault else { return false };
        drop(self.recovered.wait_timeout_while(self.lock(), limit, |plan| plan.recoveries == due.recoveries));
        true
    }

    /// Forgets the failures and ends the waits.
    pub fn clear(&self) {
        let mut plan = self.lock();
        plan.planned.clear();
        plan.recoveries += 1;
        self.recovered.notify_all();
    }
}
