//! Federated logins without messages: what the registry does after a response was checked.

use std::net::IpAddr;

use chrono::{TimeDelta, Utc};
use poem::domain::model::federated_identity::{FederatedIdentity, FederatedSession, NameId};
use poem::domain::model::tenant::Tenant;
use poem::domain::security::keys::{random_hex, session_hash};
use poem::domain::security::session::{Client, SessionLimits};
use poem::registry::federated_accounts::{FederatedOutcome, FederatedSuccess};
use poem::registry::federated_login::{AcceptedResponse, CheckedLogin, FederatedError, NewFederatedLogin};
use poem::registry::login_request::LoginRequest;
use poem::registry::{federated_login, identity_question};

use super::egi::Egi;
use crate::support::block_on;
use crate::support::installation::egi;

pub const IDP: &str = "https://idp.example.org/metadata";
/// The cookie of all logins that [`Site::begin`] begins.
pub const BROWSER: &str = "browser";

/// The tenant EGI with small.json, and helpers that log in.
pub struct Site {
    pub egi: Egi,
    tenant: Tenant,
}

pub fn identity(identifiers: &[&str], display_name: &str) -> FederatedIdentity {
    FederatedIdentity {
        idp: IDP.into(),
        identifiers: identifiers.iter().map(|identifier| (*identifier).to_owned()).collect(),
        display_name: display_name.into(),
        ..FederatedIdentity::default()
    }
}

pub fn session(name_id: &str, indexes: &[&str]) -> FederatedSession {
    FederatedSession {
        idp: IDP.into(),
        name_id: NameId { value: name_id.into(), ..NameId::default() },
        session_indexes: indexes.iter().map(|index| (*index).to_owned()).collect(),
        ends_by: None,
    }
}

#[track_caller]
pub fn logged_in(outcome: FederatedOutcome) -> FederatedSuccess {
    match outcome {
        FederatedOutcome::LoggedIn(success) => success,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn token(outcome: FederatedOutcome) -> String {
    match outcome {
        FederatedOutcome::Pending { token } => token,
        other => panic!("{other:?}"),
    }
}

impl Site {
    pub fn new() -> Self {
        let tenant = Tenant { name: "EGI".into(), schema: egi(), domain_url: Some("localhost".into()) };
        Self { egi: Egi::new(), tenant }
    }

    /// Runs something with the context of a request from an address, as a server with its own connections.
    pub fn with<T>(&self, address: &str, work: impl AsyncFnOnce(LoginRequest<'_>) -> T) -> T {
        let address: IpAddr = address.parse().unwrap();
        block_on(async {
            let pool = self.egi.installation.pool();
            let client = Client { address, user_agent: "test" };
            let limits = SessionLimits::default();
            work(LoginRequest { pool: &pool, tenant: &self.tenant, limits, client }).await
        })
    }

    pub fn run<T>(&self, work: impl AsyncFnOnce(LoginRequest<'_>) -> T) -> T {
        self.with("192.0.2.1", work)
    }

    /// Begins a login and returns the id of its request.
    pub fn begin(&self) -> String {
        let id = format!("_{}", random_hex(20));
        self.begin_from("192.0.2.1", &id).unwrap();
        id
    }

    pub fn begin_from(&self, address: &str, request_id: &str) -> Result<(), FederatedError> {
        let login = NewFederatedLogin { request_id, browser: BROWSER, idp: IDP, next: Some("/poem/x/") };
        self.with(address, async |request| federated_login::begin(request, login).await)
    }

    /// Ends a login that has begun.
    pub fn end(&self, request_id: &str, identity: &FederatedIdentity, create_users: bool) -> FederatedOutcome {
        let session = session(&random_hex(8), &["index"]);
        self.end_with(request_id, &random_hex(8), identity, &session, create_users)
    }

    pub fn end_with(
        &self,
        request_id: &str,
        assertion_id: &str,
        identity: &FederatedIdentity,
        session: &FederatedSession,
        create_users: bool,
    ) -> FederatedOutcome {
        let assertion_expires = Utc::now() + TimeDelta::minutes(5);
        let response = AcceptedResponse { request_id, assertion_id, assertion_expires };
        let login = CheckedLogin { response, identity, session, old_session: None, create_users };
        self.run(async |request| federated_login::log_in(request, login).await).unwrap()
    }

    /// Begins and ends a login that may create an account.
    pub fn log_in(&self, identity: &FederatedIdentity) -> FederatedOutcome {
        self.end(&self.begin(), identity, true)
    }

    /// Logs in with a session at the identity provider; returns the hash of the session here.
    pub fn log_in_with(&self, identity: &FederatedIdentity, session: &FederatedSession) -> Vec<u8> {
        let outcome = self.end_with(&self.begin(), &random_hex(8), identity, session, true);
        session_hash(&logged_in(outcome).session)
    }

    /// Returns the identity that is asked about.
    pub fn pending(&self, token: &str) -> Option<identity_question::PendingLogin> {
        self.run(async |request| identity_question::pending(request, token, &["other", BROWSER]).await).unwrap()
    }

    pub fn sql(&self, statement: &str) -> Vec<String> {
        self.egi.sql(statement)
    }

    pub fn one(&self, statement: &str) -> String {
        self.sql(statement).remove(0)
    }
}
