//! The client that all tenants share: its connections, the limit of simultaneous calls, and the counts of calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::http_client::ca_certificates::CaCertificates;
use crate::http_client::error::FetchError;
use crate::http_client::exchange::{ExchangeClient, HttpsProxy};

/// The number of simultaneous calls. The WEB-API is a small service.
const SIMULTANEOUS_CALLS: usize = 4;
/// The time after which the CA certificates are read again: they may be renewed on disk.
const TRUST_AGE: Duration = Duration::from_secs(3600);

/// The client of the WEB-API. It keeps connections, but nothing that was read.
pub struct WebApiClient {
    proxy: HttpsProxy,
    connected: Mutex<Option<Connected>>,
    pub(super) permits: Semaphore,
    counts: Mutex<BTreeMap<(&'static str, &'static str), CallCount>>,
}

/// The calls of one method and outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CallCount {
    /// The number of calls.
    pub calls: u64,
    /// The time that they took together.
    pub duration: Duration,
}

/// The connections, and the settings that they were made with.
struct Connected {
    trust: CaCertificates,
    since: Instant,
    client: Arc<ExchangeClient>,
}

impl Default for WebApiClient {
    fn default() -> Self {
        Self::through(HttpsProxy::of_environment())
    }
}

impl WebApiClient {
    /// Creates a client that uses this proxy for https.
    pub fn through(proxy: HttpsProxy) -> Self {
        Self {
            proxy,
            connected: Mutex::default(),
            permits: Semaphore::new(SIMULTANEOUS_CALLS),
            counts: Mutex::default(),
        }
    }

    /// Returns the numbers of calls so far, by method and outcome.
    pub fn counts(&self) -> Vec<((&'static str, &'static str), CallCount)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (*key, *count)).collect()
    }

    pub(super) fn count(&self, method: &'static str, outcome: &'static str, took: Duration) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((method, outcome)).or_default();
        count.calls += 1;
        count.duration += took;
    }

    /// Returns the connections with the current settings.
    ///
    /// # Errors
    /// `Setup`.
    pub(super) fn exchanges(&self, trust: &CaCertificates) -> Result<Arc<ExchangeClient>, FetchError> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = &*connected
            && current.trust == *trust
            && current.since.elapsed() < TRUST_AGE
        {
            return Ok(current.client.clone());
        }
        let certificates = trust.read();
        for problem in &certificates.problems {
            log::warn!("ARGO WEB-API: {problem}");
        }
        let client = Arc::new(ExchangeClient::new(&certificates, &self.proxy)?);
        *connected = Some(Connected { trust: trust.clone(), since: Instant::now(), client: client.clone() });
        Ok(client)
    }
}
