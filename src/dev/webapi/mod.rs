//! A small ARGO WEB-API for `poem try` and the tests: aggregation profiles, metric profiles and reports, as version 1.14
//! answers about them. No key of poem.conf starts it. Tests can make it fail.

mod connections; // accepting connections, plain and TLS
mod definitions; // profiles as clients send them
mod error; //       its errors
mod faults; //      failures that a test asks for
mod memory; //      the requests that it got
mod messages; //    HTTP/1.1 requests and replies
mod replies; //     the replies and their words
mod routes; //      the reply to a request
mod snapshots; //   the profiles of a tenant, day by day
mod state; //       all tenants, and the file that keeps them

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use serde_json::Value;

use self::connections::Listener;
pub use self::error::DemoWebApiError;
pub use self::faults::WebApiFault;
use self::faults::{Faults, Moment};
use self::memory::RequestMemory;
pub use self::messages::ReceivedRequest;
use self::messages::{Delivery, HttpReply};
pub use self::snapshots::DemoProfileKind;
use self::state::WebApiTenants;
pub use self::state::{DemoTokenRole, DemoWebApiTenant};

/// The path below which everything is.
pub const BASE_PATH: &str = "/api/v2";

/// The settings of a stand-in of the ARGO WEB-API.
#[derive(Debug, Default)]
pub struct DemoWebApiOptions {
    /// The tenants with their tokens.
    pub tenants: Vec<DemoWebApiTenant>,
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The certificate and its key, for https; `None`: http.
    pub tls: Option<(X509, PKey<Private>)>,
    /// The file that keeps the profiles between starts; `None`: they are lost at the end.
    pub file: Option<PathBuf>,
}

/// A running stand-in of the ARGO WEB-API. Ends when dropped, with all its connections.
#[derive(Debug)]
pub struct DemoWebApi {
    server: Arc<Server>,
    elsewhere: Arc<RequestMemory>,
    listener: Listener,
    _elsewhere: Listener,
}

/// What the connections share.
#[derive(Debug)]
struct Server {
    state: WebApiTenants,
    faults: Faults,
    memory: RequestMemory,
    /// The address that redirects lead to.
    elsewhere: String,
}

impl Server {
    /// Remembers the request, carries it out, and fails if a test has asked for that.
    fn answer(&self, request: ReceivedRequest) -> Delivery {
        self.memory.record(&request);
        let due = self.faults.take(&request);
        if let Some(due) = &due
            && due.moment == Moment::Before
            && !self.faults.wait(due)
        {
            let nothing = HttpReply::success(&Value::Array(Vec::new()));
            return due.fault.delivery(nothing, &self.elsewhere, &request);
        }
        let reply = routes::reply(&self.state, &request);
        match &due {
            Some(due) if due.moment == Moment::After && !self.faults.wait(due) => {
                due.fault.delivery(reply, &self.elsewhere, &request)
            }
            _ => Delivery::Reply(reply),
        }
    }
}

impl DemoWebApi {
    /// Starts it on 127.0.0.1, with the profiles of the file if there is one.
    ///
    /// # Errors
    /// `File`, `State`, `Key`, `Start`.
    pub fn start(options: DemoWebApiOptions) -> Result<Self, DemoWebApiError> {
        let state = WebApiTenants::load(options.tenants, options.file)?;
        let acceptor = options.tls.as_ref().map(connections::acceptor).transpose()?;
        let elsewhere = Arc::new(RequestMemory::default());
        let recorded = elsewhere.clone();
        let second = Listener::start(0, acceptor.clone(), move |request| {
            recorded.record(&request);
            Delivery::Reply(HttpReply::success(&Value::Array(Vec::new())))
        })?;
        let (faults, memory) = (Faults::default(), RequestMemory::default());
        let server = Arc::new(Server { state, faults, memory, elsewhere: second.address() });
        let shared = server.clone();
        let listener = Listener::start(options.port, acceptor, move |request| shared.answer(request))?;
        Ok(Self { server, elsewhere, listener, _elsewhere: second })
    }

    /// Its address, as `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.listener.address()
    }

    /// The address of the profiles of a kind, as it is in poem.conf.
    pub fn profiles_address(&self, kind: DemoProfileKind) -> String {
        format!("{}{BASE_PATH}/{}", self.address(), kind.collection())
    }

    /// The address of the reports, as it is in poem.conf.
    pub fn reports_address(&self) -> String {
        format!("{}{BASE_PATH}/{}", self.address(), routes::REPORTS)
    }

    /// Returns true if the tenant has neither profiles nor reports: it is new, or everything was deleted.
    pub fn is_empty(&self, tenant: &str) -> bool {
        self.server.state.read(tenant, |data| data.snapshots.is_empty() && data.reports.is_empty())
    }

    /// Stores a profile of today, without the checks of a POST, and returns its id. Two profiles may get one name, as it
    /// happens to simultaneous POSTs. An `id` in the content is taken.
    ///
    /// # Errors
    /// `Content` if the content is not a profile; `File`.
    pub fn add(&self, tenant: &str, kind: DemoProfileKind, content: &Value) -> Result<String, DemoWebApiError> {
        self.server.state.add(tenant, kind, content)
    }

    /// Deletes a profile with its history, without a request. Returns true if there was one.
    ///
    /// # Errors
    /// `File`.
    pub fn remove(&self, tenant: &str, kind: DemoProfileKind, id: &str) -> Result<bool, DemoWebApiError> {
        self.server.state.write(tenant, |data| data.snapshots.remove(kind, id))
    }

    /// The profiles of a tenant as a list of today shows them.
    pub fn profiles(&self, tenant: &str, kind: DemoProfileKind) -> Vec<Value> {
        let today = self.server.state.today();
        self.server.state.read(tenant, |data| data.snapshots.list(kind, today, None))
    }

    /// Replaces the reports of a tenant.
    ///
    /// # Errors
    /// `File`.
    pub fn set_reports(&self, tenant: &str, reports: Vec<Value>) -> Result<(), DemoWebApiError> {
        self.server.state.write(tenant, |data| data.reports = reports)
    }

    /// Sets the day that is today; `None`: the day in UTC.
    pub fn set_today(&self, day: Option<NaiveDate>) {
        self.server.state.set_today(day);
    }

    /// Makes the next `times` requests fail before they are carried out. A request is `METHOD PATH` without a query; a `*`
    /// at the end stands for any rest. [`WebApiFault::Wait`] only delays it.
    pub fn fail_before(&self, times: usize, request: &str, fault: WebApiFault) {
        self.server.faults.add(times, request, Moment::Before, fault);
    }

    /// Makes the next `times` requests fail after they were carried out, otherwise like [`Self::fail_before`].
    pub fn fail_after(&self, times: usize, request: &str, fault: WebApiFault) {
        self.server.faults.add(times, request, Moment::After, fault);
    }

    /// Forgets the failures that were asked for, and ends all [`WebApiFault::Wait`] that are under way.
    pub fn recover(&self) {
        self.server.faults.clear();
    }

    /// The last requests, oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.memory.requests()
    }

    /// Forgets the requests.
    pub fn forget_requests(&self) {
        self.server.memory.clear();
    }

    /// Waits until there are so many requests in the memory. Returns false after the time limit.
    pub fn wait_for_requests(&self, count: usize, limit: Duration) -> bool {
        self.server.memory.wait_for(count, limit)
    }

    /// The requests that came to the address to which [`WebApiFault::Redirect`] leads.
    pub fn redirected_requests(&self) -> Vec<ReceivedRequest> {
        self.elsewhere.requests()
    }
}

impl Drop for DemoWebApi {
    fn drop(&mut self) {
        self.server.faults.clear();
    }
}
