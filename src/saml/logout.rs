//! The messages of the single logout: LogoutRequest and LogoutResponse.

use chrono::{DateTime, TimeDelta, Utc};
use roxmltree::{Document, Node};

use super::assertion;
use super::identity_provider::IdentityProvider;
use super::message::{check_destination, check_issuer, seconds, status};
use super::names::{ASSERTION, ENTITY, PROTOCOL, SUCCESS};
use super::refusal::{Refusal, RefusalClass, quoted};
use super::service_provider::ServiceProvider;
use super::{datetime, xml};
use crate::domain::model::federated_identity::{FederatedSession, NameId};

/// The lifetime of our requests, and how old one of the identity provider may be.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// A LogoutRequest of the identity provider, after all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its id.
    pub id: String,
    /// The user to log out.
    pub name_id: NameId,
    /// The sessions to end; empty for all of the user.
    pub session_indexes: Vec<String>,
    /// The time until when its id must be remembered.
    pub expires: DateTime<Utc>,
}

/// A LogoutResponse of the identity provider, after all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// The id of our request.
    pub in_response_to: String,
    /// The status, as the last part of its URI; `Success` if the user is logged out everywhere.
    pub status: String,
}

/// The facts that a message is compared with.
pub struct LogoutFacts<'a> {
    /// The address at which it arrived.
    pub address: &'a str,
    /// The identity provider of the tenant.
    pub idp: &'a IdentityProvider,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The tolerated difference between the clocks.
    pub skew: TimeDelta,
}

/// Checks the parts that both messages have; returns the id.
fn check_head(root: Node<'_, '_>, name: &str, facts: &LogoutFacts<'_>) -> Result<String, Refusal> {
    let malformed = |cause: String| RefusalClass::Malformed.because(cause);
    if !xml::is(root, PROTOCOL, name) || root.attribute("Version") != Some("2.0") {
        return Err(malformed(format!("it is not a {name} of version 2.0")));
    }
    let id = root.attribute("ID").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| malformed("it has no ID".to_owned()))?;
    check_issuer(root, facts.idp, true)?;
    check_destination(root, facts.address, true)?;
    Ok(id.to_owned())
}

impl LogoutRequest {
    /// Reads a message whose signature was verified.
    ///
    /// # Errors
    /// `Malformed`, `Issuer`, `Destination`, `Early`, `Expired`, `Encrypted`.
    pub fn read(text: &str, facts: &LogoutFacts<'_>) -> Result<Self, Refusal> {
        let document = xml::parse(text)?;
        let root = document.root_element();
        let id = check_head(root, "LogoutRequest", facts)?;
        let expires = check_age(root, facts)?;
        if xml::child(root, ASSERTION, "EncryptedID").is_some() {
            return Err(RefusalClass::Encrypted.because("the name of the subject is encrypted"));
        }
        let name_id = xml::child(root, ASSERTION, "NameID")
            .map(assertion::name_id)
            .ok_or_else(|| RefusalClass::Malformed.because("it has no NameID"))?;
        // One that cannot be read must not widen the logout to all sessions.
        let indexes = xml::children(root, PROTOCOL, "SessionIndex").map(xml::text).collect::<Option<_>>();
        let session_indexes = indexes.ok_or_else(|| RefusalClass::Malformed.because("a SessionIndex is not a text"))?;
        Ok(Self { id, name_id, session_indexes, expires })
    }
}

/// Checks when a request was issued and until when it is valid; returns the time until when to remember it.
fn check_age(root: Node<'_, '_>, facts: &LogoutFacts<'_>) -> Result<DateTime<Utc>, Refusal> {
    let time = |attribute: &'static str| match root.attribute(attribute) {
        None => Ok(None),
        Some(text) => datetime::parse(text)
            .map(Some)
            .ok_or_else(|| RefusalClass::Malformed.because(format!("{attribute} is not a time: {}", quoted(text)))),
    };
    let issued = time("IssueInstant")?.ok_or_else(|| RefusalClass::Malformed.because("it has no IssueInstant"))?;
    let until = time("NotOnOrAfter")?;
    let latest = LIFETIME + facts.skew;
    if issued > facts.now + latest {
        let ahead = seconds(issued - facts.now);
        return Err(RefusalClass::Early.because(format!("issued {ahead} seconds in the future: compare the clocks")));
    }
    let end = (issued + latest).min(until.map_or(DateTime::<Utc>::MAX_UTC, |until| until + facts.skew));
    if facts.now >= end {
        return Err(RefusalClass::Expired.because(format!("it ended {} seconds ago", seconds(facts.now - end))));
    }
    Ok(end + TimeDelta::minutes(1))
}

impl LogoutResponse {
    /// Reads a message whose signature was verified.
    ///
    /// # Errors
    /// `Malformed`, `Issuer`, `Destination`, `Unsolicited`.
    pub fn read(text: &str, facts: &LogoutFacts<'_>) -> Result<Self, Refusal> {
        let document: Document<'_> = xml::parse(text)?;
        let root = document.root_element();
        check_head(root, "LogoutResponse", facts)?;
        let in_response_to = root.attribute("InResponseTo").filter(|id| !id.is_empty());
        let in_response_to =
            in_response_to.ok_or_else(|| RefusalClass::Unsolicited.because("it responds to no request"))?;
        let (codes, _) = status(root);
        // A second level below Success (PartialLogout) says more than the first.
        let code = match &codes[..] {
            [] => return Err(RefusalClass::Malformed.because("it has no Status")),
            [first] if first == SUCCESS => "Success",
            [first] => first,
            [_, second, ..] => second,
        };
        let status = code.rsplit(':').next().unwrap_or(code);
        let is_word = status.chars().all(|one| one.is_ascii_alphanumeric()) && status.len() <= 60;
        Ok(Self {
            in_response_to: in_response_to.to_owned(),
            status: if is_word { status.to_owned() } else { "an unknown status".to_owned() },
        })
    }
}

/// Returns our LogoutRequest for a session.
pub fn request(
    sp: &ServiceProvider,
    id: &str,
    destination: &str,
    session: &FederatedSession,
    now: DateTime<Utc>,
) -> String {
    let NameId { value, format, name_qualifier, sp_name_qualifier, sp_provided_id } = &session.name_id;
    let attributes: String = [
        ("NameQualifier", name_qualifier),
        ("SPNameQualifier", sp_name_qualifier),
        ("Format", format),
        ("SPProvidedID", sp_provided_id),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {name}=\"{}\"", xml::escape(value.as_deref()?))))
    .collect();
    let indexes: String = session
        .session_indexes
        .iter()
        .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", xml::escape(index)))
        .collect();
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{issued}\" Destination=\"{destination}\" NotOnOrAfter=\"{until}\" \
         Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\">{issuer}<saml:NameID{attributes}>{value}</saml:NameID>\
         {indexes}</samlp:LogoutRequest>",
        id = xml::escape(id),
        issued = datetime::format(now),
        until = datetime::format(now + LIFETIME),
        destination = xml::escape(destination),
        issuer = issuer(sp),
        value = xml::escape(value),
    )
}

/// Returns our LogoutResponse, which says that the user is logged out.
pub fn response(sp: &ServiceProvider, id: &str, destination: &str, in_response_to: &str, now: DateTime<Utc>) -> String {
    format!(
        "<samlp:LogoutResponse xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{issued}\" Destination=\"{destination}\" InResponseTo=\"{in_response_to}\">{issuer}\
         <samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status></samlp:LogoutResponse>",
        id = xml::escape(id),
        issued = datetime::format(now),
        destination = xml::escape(destination),
        in_response_to = xml::escape(in_response_to),
        issuer = issuer(sp),
    )
}

fn issuer(sp: &ServiceProvider) -> String {
    format!("<saml:Issuer Format=\"{ENTITY}\">{}</saml:Issuer>", xml::escape(&sp.entity_id))
}
