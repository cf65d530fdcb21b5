//! The answers of the demo identity provider, apart from HTTP.

use std::sync::OnceLock;

use chrono::Utc;
use openssl::base64::encode_block;

use super::error::DemoIdpError;
use super::logouts::{LogoutRequestFacts, LogoutResponseFacts};
use super::metadata::{self, IdpAddresses};
use super::pages;
use super::people::{DemoPerson, DemoServiceProvider};
use super::redirect::{self, MessageRole, ReceivedQuery};
use super::requests::{ReceivedLogin, ReceivedLogout};
use super::responses::{Parties, ResponseFacts, new_id};
use super::sessions::{DemoSessions, Participant};
use super::signer::Signer;
use crate::domain::model::federated_identity::NameId;

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// The state of the server.
#[derive(Debug)]
pub struct Idp {
    /// Scheme, host and port; set when the server listens.
    pub base: OnceLock<String>,
    /// Its key.
    pub signer: Signer,
    /// The people who can log in.
    pub people: Vec<DemoPerson>,
    /// The service providers that may ask.
    pub service_providers: Vec<DemoServiceProvider>,
    /// The sessions of the people who are logged in.
    pub sessions: DemoSessions,
}

/// A request for a login by a known service provider, at its known address.
#[derive(Debug)]
pub struct AcceptedLogin {
    /// The request.
    pub request: ReceivedLogin,
    /// The position of the service provider.
    pub service_provider: usize,
    /// The RelayState.
    pub relay_state: Option<String>,
}

impl Idp {
    /// An address of this server.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base.get().map_or("", String::as_str))
    }

    /// The entity id: the address of the metadata.
    pub fn entity_id(&self) -> String {
        self.at("/metadata")
    }

    /// The metadata.
    ///
    /// # Errors
    /// `Key`.
    pub fn metadata(&self) -> Result<String, DemoIdpError> {
        let (entity_id, login, logout) = (self.entity_id(), self.at("/sso"), self.at("/slo"));
        let addresses = IdpAddresses { entity_id: &entity_id, login: &login, logout: &logout };
        metadata::write(addresses, pages::NAME, &self.signer)
    }

    /// Reads a request for a login. It is accepted only if it names the address that is known for its sender.
    ///
    /// # Errors
    /// The reason why it is refused, in words.
    pub fn accept_login(&self, query: &str) -> Result<AcceptedLogin, String> {
        let received = ReceivedQuery::read(query)?;
        let request = match received.kind {
            MessageRole::Request => ReceivedLogin::read(&received.xml)?,
            MessageRole::Response => return Err("a response was sent where requests are read".into()),
        };
        let (position, known) = self.known(&request.issuer)?;
        if request.acs.as_ref().is_some_and(|acs| *acs != known.acs) {
            return Err("the service provider wants the response at an address that is not known for it".into());
        }
        Ok(AcceptedLogin { request, service_provider: position, relay_state: received.relay_state })
    }

    /// The page that passes on the response for the person of a session; `None` if there is no such session.
    ///
    /// # Errors
    /// `Key`, `Signature`.
    pub fn log_in(&self, login: &AcceptedLogin, cookie: &str, again: &str) -> Result<Option<String>, DemoIdpError> {
        let Some(person) = self.sessions.person(cookie).and_then(|number| self.people.get(number)) else {
            return Ok(None);
        };
        let name_id = self.name_id(person, login.service_provider);
        let Some(participant) = self.sessions.join(cookie, login.service_provider, name_id) else {
            return Ok(None);
        };
        let entity_id = self.entity_id();
        let attributes: Vec<_> =
            person.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut facts = ResponseFacts::valid(self.parties(&entity_id, login), &attributes, Utc::now());
        if let Some(assertion) = &mut facts.assertion {
            assertion.name_id = Some(participant.name_id);
            assertion.sessions.iter_mut().for_each(|session| session.index = Some(participant.index.clone()));
        }
        let xml = facts.to_signed_xml(Some(&self.signer), Some(&self.signer))?;
        Ok(Some(self.passed_on(login, &xml, Some((&person.name, again)))))
    }

    /// The page that passes on a response without a login; the status is the end of its URI.
    ///
    /// # Errors
    /// `Key`, `Signature`.
    pub fn refuse(&self, login: &AcceptedLogin, status: &str) -> Result<String, DemoIdpError> {
        let entity_id = self.entity_id();
        let facts = ResponseFacts::refusal(self.parties(&entity_id, login), status, Utc::now());
        Ok(self.passed_on(login, &facts.to_signed_xml(None, Some(&self.signer))?, None))
    }

    /// Ends the sessions that a LogoutRequest names. Returns the address that carries the LogoutResponse.
    ///
    /// # Errors
    /// The reason why the request is refused, in words.
    pub fn end_sessions(&self, received: &ReceivedQuery<'_>) -> Result<String, String> {
        let request = ReceivedLogout::read(&received.xml)?;
        let (position, known) = self.known(&request.issuer)?;
        if known.certificate.as_ref().is_some_and(|certificate| !received.is_signed_by(certificate)) {
            return Err("the request to log out is not signed by its sender".into());
        }
        if request.destination != Some(self.at("/slo")) {
            return Err("the request to log out is meant for another address".into());
        }
        let location = known.logout.as_ref().ok_or("the service provider has no address for logouts")?;
        let ended = self.sessions.end_by_name(position, &request.name_id, &request.session_indexes);
        let is_partial = ended.iter().any(|participant| participant.service_provider != position);
        let facts = LogoutResponseFacts::valid(&self.entity_id(), location, &request.id, is_partial, Utc::now());
        let message = (MessageRole::Response, facts.to_xml());
        let address =
            redirect::address(location, (message.0, &message.1), received.relay_state.as_deref(), Some(&self.signer));
        address.map_err(|error| error.to_string())
    }

    /// The address that carries a LogoutRequest to the next service provider that has to be told; `None` if all know.
    ///
    /// # Errors
    /// `Key`, `Signature`.
    pub fn next_logout(&self, cookie: &str) -> Result<Option<String>, DemoIdpError> {
        while let Some(participant) = self.sessions.next_to_tell(cookie) {
            if let Some(address) = self.logout_request(&participant)? {
                return Ok(Some(address));
            }
        }
        Ok(None)
    }

    fn logout_request(&self, participant: &Participant) -> Result<Option<String>, DemoIdpError> {
        let known = self.service_providers.get(participant.service_provider);
        let Some(location) = known.and_then(|known| known.logout.as_deref()) else { return Ok(None) };
        let session = (&participant.name_id, participant.index.as_str());
        let xml = LogoutRequestFacts::valid(&self.entity_id(), location, session, Utc::now()).to_xml();
        redirect::address(location, (MessageRole::Request, &xml), Some(&new_id()), Some(&self.signer)).map(Some)
    }

    fn known(&self, entity_id: &str) -> Result<(usize, &DemoServiceProvider), String> {
        let mut known = self.service_providers.iter().enumerate();
        known.find(|(_, known)| known.entity_id == entity_id).ok_or_else(|| "the service provider is not known".into())
    }

    fn parties<'a>(&'a self, entity_id: &'a str, login: &'a AcceptedLogin) -> Parties<'a> {
        let known = &self.service_providers[login.service_provider];
        Parties { idp: entity_id, service_provider: &known.entity_id, acs: &known.acs, request: &login.request.id }
    }

    fn name_id(&self, person: &DemoPerson, service_provider: usize) -> NameId {
        person.name_id.clone().unwrap_or_else(|| NameId {
            value: new_id(),
            format: Some(TRANSIENT.into()),
            sp_name_qualifier: Some(self.service_providers[service_provider].entity_id.clone()),
            ..NameId::default()
        })
    }

    fn passed_on(&self, login: &AcceptedLogin, xml: &str, again: Option<(&str, &str)>) -> String {
        let acs = &self.service_providers[login.service_provider].acs;
        pages::passed_on(acs, &encode_block(xml.as_bytes()), login.relay_state.as_deref(), again)
    }
}
