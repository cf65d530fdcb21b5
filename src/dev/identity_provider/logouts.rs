//! The messages of the single logout. As with responses to logins, each part can be replaced or left out.

use chrono::{DateTime, TimeDelta, Utc};

use super::markup::{attribute, element, escape};
use super::responses::{instant, name_id_xml, new_id, status_xml};
use crate::domain::model::federated_identity::NameId;
use crate::saml::names;

/// The second-level status if some service providers keep their sessions.
const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

/// The content of a LogoutRequest.
#[derive(Debug, Clone)]
pub struct LogoutRequestFacts {
    /// `ID`.
    pub id: String,
    /// `IssueInstant`.
    pub issue_instant: Option<String>,
    /// `Destination`.
    pub destination: Option<String>,
    /// `NotOnOrAfter`.
    pub not_on_or_after: Option<String>,
    /// The Issuer.
    pub issuer: Option<String>,
    /// The NameID.
    pub name_id: Option<NameId>,
    /// The indexes of the sessions to end; all if there are none.
    pub session_indexes: Vec<String>,
}

impl LogoutRequestFacts {
    /// A correct request at a time.
    pub fn valid(issuer: &str, destination: &str, (name_id, index): (&NameId, &str), now: DateTime<Utc>) -> Self {
        Self {
            id: new_id(),
            issue_instant: Some(instant(now)),
            destination: Some(destination.into()),
            not_on_or_after: Some(instant(now + TimeDelta::minutes(5))),
            issuer: Some(issuer.into()),
            name_id: Some(name_id.clone()),
            session_indexes: vec![index.into()],
        }
    }

    /// Writes the message.
    pub fn to_xml(&self) -> String {
        let indexes = self.session_indexes.iter().map(|index| element("samlp:SessionIndex", Some(index)));
        let not_on_or_after = attribute("NotOnOrAfter", self.not_on_or_after.as_deref());
        let content = self.name_id.as_ref().map(name_id_xml).into_iter().chain(indexes).collect::<String>();
        let head =
            Head { id: &self.id, issued: &self.issue_instant, destination: &self.destination, issuer: &self.issuer };
        head.message("LogoutRequest", &not_on_or_after, &content)
    }
}

/// The content of a LogoutResponse.
#[derive(Debug, Clone)]
pub struct LogoutResponseFacts {
    /// `ID`.
    pub id: String,
    /// `IssueInstant`.
    pub issue_instant: Option<String>,
    /// `Destination`.
    pub destination: Option<String>,
    /// `InResponseTo`.
    pub in_response_to: Option<String>,
    /// The Issuer.
    pub issuer: Option<String>,
    /// The status codes, the outer one first; each holds the next.
    pub status: Vec<String>,
}

impl LogoutResponseFacts {
    /// A correct response at a time. It is partial if other service providers keep their sessions.
    pub fn valid(issuer: &str, destination: &str, request: &str, is_partial: bool, now: DateTime<Utc>) -> Self {
        let partial = is_partial.then(|| PARTIAL_LOGOUT.to_owned());
        Self {
            id: new_id(),
            issue_instant: Some(instant(now)),
            destination: Some(destination.into()),
            in_response_to: Some(request.into()),
            issuer: Some(issuer.into()),
            status: [names::SUCCESS.to_owned()].into_iter().chain(partial).collect(),
        }
    }

    /// Writes the message.
    pub fn to_xml(&self) -> String {
        let in_response_to = attribute("InResponseTo", self.in_response_to.as_deref());
        let head =
            Head { id: &self.id, issued: &self.issue_instant, destination: &self.destination, issuer: &self.issuer };
        head.message("LogoutResponse", &in_response_to, &status_xml(&self.status, None))
    }
}

/// The beginning of both messages.
struct Head<'a> {
    id: &'a str,
    issued: &'a Option<String>,
    destination: &'a Option<String>,
    issuer: &'a Option<String>,
}

impl Head<'_> {
    fn message(&self, name: &str, attributes: &str, content: &str) -> String {
        format!(
            "<samlp:{name} xmlns:samlp=\"{}\" xmlns:saml=\"{}\" ID=\"{}\" Version=\"2.0\"{}{}{attributes}>\
             {}{content}</samlp:{name}>",
            names::PROTOCOL,
            names::ASSERTION,
            escape(self.id),
            attribute("IssueInstant", self.issued.as_deref()),
            attribute("Destination", self.destination.as_deref()),
            element("saml:Issuer", self.issuer.as_deref()),
        )
    }
}
