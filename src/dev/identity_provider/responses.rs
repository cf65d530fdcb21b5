//! Responses to logins, in the shape of those of SimpleSAMLphp and EGI Check-in.
//!
//! Each part can be replaced or left out, so that tests can make messages that are wrong in one respect.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::error::DemoIdpError;
use super::markup::{attribute, element, escape};
use super::signer::Signer;
use crate::domain::model::federated_identity::NameId;
use crate::domain::security::keys::random_hex;
use crate::saml::names;

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const URI_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const NO_PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

/// The time within which an assertion must be used.
const USABLE: TimeDelta = TimeDelta::minutes(5);
/// The tolerance for clocks that are slow.
const SLOW_CLOCK: TimeDelta = TimeDelta::seconds(30);
/// The length of a session.
const SESSION: TimeDelta = TimeDelta::hours(8);

/// The content of a Response. `None` leaves an attribute or element out; times are texts, so that tests can write any text.
#[derive(Debug, Clone)]
pub struct ResponseFacts {
    /// `ID`.
    pub id: String,
    /// `Version`.
    pub version: Option<String>,
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
    /// The StatusMessage.
    pub status_message: Option<String>,
    /// XML before the Status, such as `samlp:Extensions`.
    pub before_status: String,
    /// The assertion.
    pub assertion: Option<DemoAssertion>,
    /// XML after the assertion, such as another one.
    pub after_assertion: String,
}

/// The content of an Assertion.
#[derive(Debug, Clone)]
pub struct DemoAssertion {
    /// `ID`.
    pub id: String,
    /// `Version`.
    pub version: Option<String>,
    /// `IssueInstant`.
    pub issue_instant: Option<String>,
    /// The Issuer.
    pub issuer: Option<String>,
    /// The NameID.
    pub name_id: Option<NameId>,
    /// The confirmations of the subject.
    pub confirmations: Vec<ConfirmationFacts>,
    /// XML at the end of the Subject.
    pub in_subject: String,
    /// `NotBefore` of the Conditions.
    pub not_before: Option<String>,
    /// `NotOnOrAfter` of the Conditions.
    pub not_on_or_after: Option<String>,
    /// The AudienceRestrictions, each with its Audiences.
    pub audiences: Vec<Vec<String>>,
    /// XML at the end of the Conditions, such as `<saml:OneTimeUse/>`.
    pub in_conditions: String,
    /// The whole Conditions, instead of those that the fields above describe; '' for no Conditions.
    pub conditions_xml: Option<String>,
    /// The statements about sessions.
    pub sessions: Vec<SessionFacts>,
    /// The attributes: `Name` and values. Without any there is no AttributeStatement.
    pub attributes: Vec<(String, Vec<String>)>,
    /// XML at the end of the AttributeStatement, such as a structured attribute.
    pub in_attributes: String,
}

/// A SubjectConfirmation with its data.
#[derive(Debug, Clone)]
pub struct ConfirmationFacts {
    /// `Method`.
    pub method: String,
    /// `Recipient`.
    pub recipient: Option<String>,
    /// `InResponseTo`.
    pub in_response_to: Option<String>,
    /// `NotBefore`, which a correct one does not have.
    pub not_before: Option<String>,
    /// `NotOnOrAfter`.
    pub not_on_or_after: Option<String>,
}

/// An AuthnStatement.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// `AuthnInstant`.
    pub authn_instant: Option<String>,
    /// `SessionIndex`.
    pub index: Option<String>,
    /// `SessionNotOnOrAfter`.
    pub not_on_or_after: Option<String>,
}

/// The two sides of a response, and the request that it answers.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// The entity id of the identity provider.
    pub idp: &'a str,
    /// The entity id of the service provider.
    pub service_provider: &'a str,
    /// The address of its AssertionConsumerService.
    pub acs: &'a str,
    /// The `ID` of the AuthnRequest.
    pub request: &'a str,
}

impl ResponseFacts {
    /// A correct response at a time, with random ids and a transient NameID.
    pub fn valid(parties: Parties<'_>, attributes: &[(&str, &str)], now: DateTime<Utc>) -> Self {
        Self {
            id: new_id(),
            version: Some("2.0".into()),
            issue_instant: Some(instant(now)),
            destination: Some(parties.acs.into()),
            in_response_to: Some(parties.request.into()),
            issuer: Some(parties.idp.into()),
            status: vec![names::SUCCESS.into()],
            status_message: None,
            before_status: String::new(),
            assertion: Some(DemoAssertion::valid(parties, attributes, now)),
            after_assertion: String::new(),
        }
    }

    /// A response that refuses the login: the second-level status is the end of its URI, such as `AuthnFailed`.
    pub fn refusal(parties: Parties<'_>, status: &str, now: DateTime<Utc>) -> Self {
        let code = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{name}");
        Self { status: vec![code("Responder"), code(status)], assertion: None, ..Self::valid(parties, &[], now) }
    }

    /// Writes the message, unsigned.
    pub fn to_xml(&self) -> String {
        let assertion = self.assertion.as_ref().map(DemoAssertion::to_xml).unwrap_or_default();
        self.around(&assertion)
    }

    /// Writes the message and signs the assertion with the one, the response with the other signer.
    ///
    /// # Errors
    /// `Signature`, `Key`.
    pub fn to_signed_xml(
        &self,
        assertion_by: Option<&Signer>,
        response_by: Option<&Signer>,
    ) -> Result<String, DemoIdpError> {
        let mut xml = self.to_xml();
        if let (Some(signer), Some(assertion)) = (assertion_by, &self.assertion) {
            xml = signer.sign(&xml, &assertion.id)?;
        }
        match response_by {
            Some(signer) => signer.sign(&xml, &self.id),
            None => Ok(xml),
        }
    }

    /// Writes the message with a text instead of the assertion.
    pub fn around(&self, assertion: &str) -> String {
        let status = status_xml(&self.status, self.status_message.as_deref());
        format!(
            "<samlp:Response xmlns:samlp=\"{protocol}\" xmlns:saml=\"{assertions}\" ID=\"{id}\"{version}{issued}\
             {destination}{answered}>{issuer}{before}{status}{assertion}{after}\
             </samlp:Response>",
            protocol = names::PROTOCOL,
            assertions = names::ASSERTION,
            id = escape(&self.id),
            version = attribute("Version", self.version.as_deref()),
            issued = attribute("IssueInstant", self.issue_instant.as_deref()),
            destination = attribute("Destination", self.destination.as_deref()),
            answered = attribute("InResponseTo", self.in_response_to.as_deref()),
            issuer = element("saml:Issuer", self.issuer.as_deref()),
            before = self.before_status,
            after = self.after_assertion,
        )
    }
}

impl DemoAssertion {
    /// A correct assertion at a time.
    pub fn valid(parties: Parties<'_>, attributes: &[(&str, &str)], now: DateTime<Utc>) -> Self {
        Self {
            id: new_id(),
            version: Some("2.0".into()),
            issue_instant: Some(instant(now)),
            issuer: Some(parties.idp.into()),
            name_id: Some(NameId {
                value: new_id(),
                format: Some(TRANSIENT.into()),
                sp_name_qualifier: Some(parties.service_provider.into()),
                ..NameId::default()
            }),
            confirmations: vec![ConfirmationFacts {
                method: BEARER.into(),
                recipient: Some(parties.acs.into()),
                in_response_to: Some(parties.request.into()),
                not_before: None,
                not_on_or_after: Some(instant(now + USABLE)),
            }],
            in_subject: String::new(),
            not_before: Some(instant(now - SLOW_CLOCK)),
            not_on_or_after: Some(instant(now + USABLE)),
            audiences: vec![vec![parties.service_provider.into()]],
            in_conditions: String::new(),
            conditions_xml: None,
            sessions: vec![SessionFacts {
                authn_instant: Some(instant(now)),
                index: Some(new_id()),
                not_on_or_after: Some(instant(now + SESSION)),
            }],
            attributes: attributes.iter().map(|(name, value)| ((*name).into(), vec![(*value).into()])).collect(),
            in_attributes: String::new(),
        }
    }

    /// Writes the assertion. Its prefixes `samlp` and `saml` are those that the response around it declares.
    pub fn to_xml(&self) -> String {
        format!(
            "<saml:Assertion xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"{id}\"{version}{issued}>{issuer}{subject}{conditions}\
             {sessions}{attributes}</saml:Assertion>",
            id = escape(&self.id),
            version = attribute("Version", self.version.as_deref()),
            issued = attribute("IssueInstant", self.issue_instant.as_deref()),
            issuer = element("saml:Issuer", self.issuer.as_deref()),
            subject = self.subject(),
            conditions = self.conditions_xml.clone().unwrap_or_else(|| self.conditions()),
            sessions = self.sessions.iter().map(SessionFacts::to_xml).collect::<String>(),
            attributes = self.attribute_statement(),
        )
    }

    fn subject(&self) -> String {
        let name_id = self.name_id.as_ref().map(name_id_xml).unwrap_or_default();
        let confirmations: String = self.confirmations.iter().map(ConfirmationFacts::to_xml).collect();
        format!("<saml:Subject>{name_id}{confirmations}{}</saml:Subject>", self.in_subject)
    }

    fn conditions(&self) -> String {
        let restriction = |audiences: &Vec<String>| {
            let audiences: String = audiences.iter().map(|audience| element("saml:Audience", Some(audience))).collect();
            format!("<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>")
        };
        format!(
            "<saml:Conditions{}{}>{}{}</saml:Conditions>",
            attribute("NotBefore", self.not_before.as_deref()),
            attribute("NotOnOrAfter", self.not_on_or_after.as_deref()),
            self.audiences.iter().map(restriction).collect::<String>(),
            self.in_conditions
        )
    }

    fn attribute_statement(&self) -> String {
        if self.attributes.is_empty() && self.in_attributes.is_empty() {
            return String::new();
        }
        let value = |value: &String| {
            format!("<saml:AttributeValue xsi:type=\"xs:string\">{}</saml:AttributeValue>", escape(value))
        };
        let one = |(name, values): &(String, Vec<String>)| {
            let values: String = values.iter().map(value).collect();
            let name = attribute("Name", Some(name));
            format!("<saml:Attribute{name} NameFormat=\"{URI_NAMES}\">{values}</saml:Attribute>")
        };
        let attributes: String = self.attributes.iter().map(one).collect();
        format!("<saml:AttributeStatement>{attributes}{}</saml:AttributeStatement>", self.in_attributes)
    }
}

impl ConfirmationFacts {
    fn to_xml(&self) -> String {
        format!(
            "<saml:SubjectConfirmation{}><saml:SubjectConfirmationData{}{}{}{}/></saml:SubjectConfirmation>",
            attribute("Method", Some(&self.method)),
            attribute("NotBefore", self.not_before.as_deref()),
            attribute("NotOnOrAfter", self.not_on_or_after.as_deref()),
            attribute("Recipient", self.recipient.as_deref()),
            attribute("InResponseTo", self.in_response_to.as_deref()),
        )
    }
}

impl SessionFacts {
    fn to_xml(&self) -> String {
        format!(
            "<saml:AuthnStatement{}{}{}><saml:AuthnContext><saml:AuthnContextClassRef>{NO_PASSWORD}\
             </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
            attribute("AuthnInstant", self.authn_instant.as_deref()),
            attribute("SessionNotOnOrAfter", self.not_on_or_after.as_deref()),
            attribute("SessionIndex", self.index.as_deref()),
        )
    }
}

/// Writes a Status with its codes, the outer one first, and its message.
pub fn status_xml(codes: &[String], message: Option<&str>) -> String {
    let codes = codes.iter().rev().fold(String::new(), |inner, code| {
        format!("<samlp:StatusCode{}>{inner}</samlp:StatusCode>", attribute("Value", Some(code)))
    });
    format!("<samlp:Status>{codes}{}</samlp:Status>", element("samlp:StatusMessage", message))
}

/// Writes a NameID.
pub fn name_id_xml(name_id: &NameId) -> String {
    format!(
        "<saml:NameID{}{}{}{}>{}</saml:NameID>",
        attribute("NameQualifier", name_id.name_qualifier.as_deref()),
        attribute("SPNameQualifier", name_id.sp_name_qualifier.as_deref()),
        attribute("Format", name_id.format.as_deref()),
        attribute("SPProvidedID", name_id.sp_provided_id.as_deref()),
        escape(&name_id.value)
    )
}

/// A new id of a message: 160 random bits.
pub fn new_id() -> String {
    format!("_{}", random_hex(20))
}

/// A time as messages have it.
pub fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::web::xml;

    const PARTIES: Parties<'_> =
        Parties { idp: "https://idp/", service_provider: "https://sp/", acs: "https://sp/acs", request: "_1" };

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_valid_response_says_what_is_expected() {
        let text = ResponseFacts::valid(PARTIES, &[("urn:oid:2.5.4.42", "Zoë <&")], at()).to_xml();
        let document = xml::parse(&text).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name((names::PROTOCOL, "Response")) && root.attribute("InResponseTo") == Some("_1"));
        assert_eq!(root.attribute("IssueInstant"), Some("2023-11-14T22:13:20Z"));
        let text_of = |name| document.descendants().find(|node| node.has_tag_name((names::ASSERTION, name)))?.text();
        assert_eq!(text_of("Audience"), Some("https://sp/"));
        assert_eq!(text_of("AttributeValue"), Some("Zoë <&"));
    }

    #[test]
    fn parts_are_left_out_and_put_in() {
        let mut facts = ResponseFacts::valid(PARTIES, &[], at());
        facts.destination = None;
        let assertion = facts.assertion.as_mut().unwrap();
        assertion.in_conditions = "<saml:OneTimeUse/>".into();
        assertion.sessions.clear();
        let text = facts.to_xml();
        assert!(
            !text.contains("Destination") && !text.contains("AuthnStatement") && !text.contains("AttributeStatement")
        );
        assert!(text.contains("<saml:OneTimeUse/></saml:Conditions>"));
        let refusal = ResponseFacts::refusal(PARTIES, "AuthnFailed", at()).to_xml();
        assert!(
            refusal.contains("status:Responder\"><samlp:StatusCode Value=") && !refusal.contains("saml:Assertion ")
        );
    }
}
