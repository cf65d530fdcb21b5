//! The calls of one tenant: each is one request with the tenant's token, and one line in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::address;
use super::body::{ResponseBody, beginning, has_nul};
use super::client::WebApiClient;
use super::failure::CallFailure;
use super::object::WebApiObject;
use super::report::Report;
use crate::blocking::in_place;
use crate::config::WebApi;
use crate::domain::security::secret::Secret;
use crate::http_client::ca_certificates::CaCertificates;
use crate::http_client::error::FetchError;
use crate::http_client::exchange::{Exchange, ExchangeClient, ExchangeError, ExchangeResponse, Method, Url};

/// The largest response that is read.
const LARGEST: usize = 16 * 1024 * 1024;
/// The longest part of a response in the log, in characters.
const LONGEST_LOGGED: usize = 200;

/// The calls of one tenant. The token alone tells the WEB-API which tenant it is.
pub struct TenantCalls<'c> {
    client: &'c WebApiClient,
    exchanges: Arc<ExchangeClient>,
    tenant: &'c str,
    config: &'c WebApi,
    token: &'c Secret,
    within: Duration,
}

/// What a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    method: Method,
    /// The address is that of one object.
    is_single: bool,
}

/// The data of the response to a POST. (`links` may name an inner host, and is not used.)
#[derive(Deserialize)]
struct Created {
    #[serde(default)]
    id: String,
}

impl<'c> TenantCalls<'c> {
    /// Returns the calls of a tenant with its token. `trust`: CAFile and CAPath, which are trusted besides the system's.
    ///
    /// Blocks while the client reads these certificates, once an hour.
    ///
    /// # Errors
    /// `Setup`.
    pub fn new(
        client: &'c WebApiClient,
        tenant: &'c str,
        (config, trust): (&'c WebApi, &CaCertificates),
        token: &'c Secret,
    ) -> Result<Self, FetchError> {
        let exchanges = client.exchanges(trust)?;
        Ok(Self { client, exchanges, tenant, config, token, within: config.timeout })
    }

    /// Sets the time limit of each call, with its wait for a turn. The default is `Timeout` of `[WEBAPI]`.
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// Returns all objects of a kind. The list may be empty although there are some: the WEB-API ignores some failures.
    ///
    /// # Errors
    /// Those of the call. A list with anything else in it is `Unusable`.
    pub async fn list<T: WebApiObject>(&self) -> Result<Vec<T>, CallFailure> {
        let list: Vec<T> = self.read(T::base(self.config), None).await?.unwrap_or_default();
        match list.iter().all(|object| address::is_id(object.id())) {
            true => Ok(list),
            false => Err(CallFailure::Unusable),
        }
    }

    /// Returns the object with this id.
    ///
    /// # Errors
    /// `Gone` if there is none, also for an id that no object can have, which is not asked for.
    pub async fn one<T: WebApiObject>(&self, id: &str) -> Result<T, CallFailure> {
        let found: Option<Vec<T>> = self.read(T::base(self.config), Some(id)).await?;
        let [object] = <[T; 1]>::try_from(found.unwrap_or_default()).map_err(|_| CallFailure::Unusable)?;
        match object.id() == id {
            true => Ok(object),
            false => Err(CallFailure::Unusable),
        }
    }

    /// Creates an object; returns its id.
    ///
    /// # Errors
    /// Those of the call; see [`CallFailure::may_have_written`].
    pub async fn create<T: WebApiObject>(&self, object: &T) -> Result<String, CallFailure> {
        let call = Call { method: Method::POST, is_single: false };
        let url = address::of(T::base(self.config), None);
        let created: Option<Created> = self.call(call, url, Some(json(object)?)).await?;
        created.map(|created| created.id).filter(|id| address::is_id(id)).ok_or(CallFailure::NoId)
    }

    /// Replaces the object with this id. What it lacks is gone afterwards.
    ///
    /// # Errors
    /// As [`TenantCalls::create`] and [`TenantCalls::one`].
    pub async fn replace<T: WebApiObject>(&self, id: &str, object: &T) -> Result<(), CallFailure> {
        self.write(Method::PUT, T::base(self.config), id, Some(json(object)?)).await
    }

    /// Deletes the object with this id.
    ///
    /// # Errors
    /// As [`TenantCalls::create`] and [`TenantCalls::one`].
    pub async fn delete<T: WebApiObject>(&self, id: &str) -> Result<(), CallFailure> {
        self.write(Method::DELETE, T::base(self.config), id, None).await
    }

    /// Returns the reports; `None` if `[WEBAPI]` has no address of them.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn reports(&self) -> Result<Option<Vec<Report>>, CallFailure> {
        let Some(base) = &self.config.reports else { return Ok(None) };
        self.read(base, None).await.map(|reports: Option<Vec<Report>>| Some(reports.unwrap_or_default()))
    }

    async fn read<T: DeserializeOwned>(&self, base: &str, id: Option<&str>) -> Result<Option<T>, CallFailure> {
        self.call(Call { method: Method::GET, is_single: id.is_some() }, address::of(base, id), None).await
    }

    async fn write(&self, method: Method, base: &str, id: &str, body: Option<Vec<u8>>) -> Result<(), CallFailure> {
        let call = Call { method, is_single: true };
        let _: Option<IgnoredAny> = self.call(call, address::of(base, Some(id)), body).await?;
        Ok(())
    }

    /// Makes a call, logs and counts it.
    async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        url: Option<Url>,
        body: Option<Vec<u8>>,
    ) -> Result<Option<T>, CallFailure> {
        let Some(url) = url else {
            return Err(if call.is_single { CallFailure::Gone } else { CallFailure::WrongAddress });
        };
        let (started, path) = (Instant::now(), url.path().to_owned());
        let sent = self.send(&call.method, url, body).await;
        let took = started.elapsed();
        let outcome = match &sent {
            Ok(response) => in_place(|| classify(&call, response)).map_err(|failure| without(failure, self.token)),
            Err(error) => Err(error.clone().into()),
        };
        self.client.count(name(&call.method), outcome.as_ref().map_or_else(CallFailure::class, |_| "success"), took);
        let line = format!("{}: ARGO WEB-API: {} {path} {}", self.tenant, call.method, described(&sent, took));
        match &outcome {
            Ok(_) => log::info!("{line}"),
            // The request itself was wrong.
            Err(CallFailure::Refused(_)) => log::error!("{line}{}", self.logged_body(&sent)),
            Err(_) => log::warn!("{line}{}", self.logged_body(&sent)),
        }
        outcome
    }

    /// Waits for a turn, and sends the request within the rest of the time.
    async fn send(&self, method: &Method, url: Url, body: Option<Vec<u8>>) -> Result<ExchangeResponse, ExchangeError> {
        let started = Instant::now();
        let turn = tokio::time::timeout(self.within, self.client.permits.acquire()).await;
        let _permit = turn.map_err(|_| ExchangeError::NotSent("too many calls at the same time".to_owned()))?;
        let within = self.within.saturating_sub(started.elapsed());
        let exchange = Exchange { method: method.clone(), url, token: self.token, body, within, limit: LARGEST };
        self.exchanges.send(exchange).await
    }

    /// Returns the beginning of the body of a failure, for the log.
    fn logged_body(&self, sent: &Result<ExchangeResponse, ExchangeError>) -> String {
        let body = sent.as_ref().ok().and_then(|response| response.body.as_deref()).unwrap_or_default();
        // More than is logged, so that no token is cut in two.
        let start = String::from_utf8_lossy(&body[..body.len().min(8 * LONGEST_LOGGED)]);
        let start = redacted(&start, self.token);
        match beginning(start.trim(), LONGEST_LOGGED) {
            text if text.is_empty() => text,
            text => format!(": {text}"),
        }
    }
}

/// Serializes what is sent. It has no maps with other keys than texts, so that this cannot fail.
fn json<T: WebApiObject>(object: &T) -> Result<Vec<u8>, CallFailure> {
    serde_json::to_vec(&object.to_send()).map_err(|error| CallFailure::Refused(error.to_string()))
}

/// Returns the status, or the cause, and the time.
fn described(sent: &Result<ExchangeResponse, ExchangeError>, took: Duration) -> String {
    let outcome = match sent {
        Ok(ExchangeResponse { status, body: Some(_) }) => status.to_string(),
        Ok(ExchangeResponse { status, body: None }) => format!("{status} (larger than {} MiB)", LARGEST / 1024 / 1024),
        Err(error) => error.to_string(),
    };
    format!("{outcome} {} ms", took.as_millis())
}

fn name(method: &Method) -> &'static str {
    match *method {
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "GET",
    }
}

/// Removes the token from a response: a server in between may repeat the request.
fn redacted(text: &str, token: &Secret) -> String {
    if token.is_empty() { text.to_owned() } else { text.replace(token.expose(), "…") }
}

/// Removes the token from the words of a failure.
fn without(failure: CallFailure, token: &Secret) -> CallFailure {
    let clean = |text: String| redacted(&text, token);
    match failure {
        CallFailure::NameTaken(text) => CallFailure::NameTaken(clean(text)),
        CallFailure::UnknownReference(text) => CallFailure::UnknownReference(clean(text)),
        CallFailure::Refused(text) => CallFailure::Refused(clean(text)),
        other => other,
    }
}

/// Returns the data of a response, or the class of the failure.
///
/// A status other than 404 counts only in a response of the WEB-API itself: a proxy in front of it has its own reasons.
fn classify<T: DeserializeOwned>(call: &Call, response: &ExchangeResponse) -> Result<Option<T>, CallFailure> {
    let body = response.body.as_deref().unwrap_or_default();
    if (200..300).contains(&response.status) {
        let read = ResponseBody::<T>::read(body).filter(|_| !has_nul(body)).ok_or(CallFailure::Unusable)?;
        return match read.code() {
            Some(200..300) => Ok(read.data),
            _ => Err(CallFailure::Unusable),
        };
    }
    let writing = call.method != Method::GET;
    let read = ResponseBody::<IgnoredAny>::read(body).filter(|read| read.code() == Some(response.status));
    let Some(read) = read else {
        return Err(if response.status == 404 {
            CallFailure::WrongAddress
        } else {
            CallFailure::Failed(response.status)
        });
    };
    Err(match response.status {
        400 | 406 => CallFailure::Refused(read.details()),
        401 => CallFailure::TokenRefused,
        403 => CallFailure::Forbidden { writing },
        404 if call.is_single => CallFailure::Gone,
        404 => CallFailure::WrongAddress,
        409 if writing => CallFailure::NameTaken(read.details()),
        422 if writing => CallFailure::UnknownReference(read.details()),
        status => CallFailure::Failed(status),
    })
}

#[cfg(test)]
mod tests;
