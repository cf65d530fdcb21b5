//! The checks of a verified assertion: who has made it, for whom, when, and in response to what.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use roxmltree::Node;

use super::identity_provider::IdentityProvider;
use super::message::{check_issuer, seconds};
use super::names::ASSERTION;
use super::refusal::{Refusal, RefusalClass, quoted};
use super::{datetime, xml};
use crate::domain::model::federated_identity::{FederatedSession, NameId};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// The facts that an assertion is compared with.
pub struct AssertionFacts<'a> {
    /// The address at which it arrived.
    pub acs: &'a str,
    /// The entity id of this service provider.
    pub entity_id: &'a str,
    /// The identity provider of the tenant.
    pub idp: &'a IdentityProvider,
    /// The id of the request of the login.
    pub request_id: &'a str,
    /// The IssueInstant of the Response, which is not verified if only the assertion is signed.
    pub response_issued: &'a str,
    /// The time when the login began; `None`: not checked.
    pub begun: Option<DateTime<Utc>>,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The tolerated difference between the clocks.
    pub skew: TimeDelta,
}

/// The part of an assertion that a login needs, after all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedAssertion {
    /// Its id, which must not be used twice.
    pub id: String,
    /// The time until when its id must be remembered.
    pub expires: DateTime<Utc>,
    /// The session at the identity provider.
    pub session: FederatedSession,
}

impl AssertionFacts<'_> {
    /// Returns true if a time that is the first moment after a period has been reached.
    fn is_over(&self, not_on_or_after: DateTime<Utc>) -> bool {
        self.now >= not_on_or_after + self.skew
    }

    fn is_early(&self, not_before: DateTime<Utc>) -> bool {
        self.now + self.skew < not_before
    }
}

/// Checks an assertion (steps 13 to 17).
pub(super) fn check(node: Node<'_, '_>, facts: &AssertionFacts<'_>) -> Result<CheckedAssertion, Refusal> {
    if node.attribute("Version") != Some("2.0") {
        return Err(RefusalClass::Issuer.because("the Version of the assertion is not 2.0"));
    }
    let id = node.attribute("ID").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| RefusalClass::Issuer.because("the assertion has no ID"))?.to_owned();
    check_issuer(node, facts.idp, true)?;
    let (name_id, confirmed_until) = check_subject(node, facts)?;
    let valid_until = check_conditions(node, facts)?;
    check_issued(facts.response_issued, "Response", facts)?;
    check_issued(node.attribute("IssueInstant").unwrap_or_default(), "assertion", facts)?;
    let session = check_statements(node, facts, name_id)?;
    let remembered = confirmed_until.max(valid_until.unwrap_or(confirmed_until));
    let expires = (remembered + facts.skew + TimeDelta::minutes(1)).max(facts.now + TimeDelta::hours(1));
    Ok(CheckedAssertion { id, expires, session })
}

/// Reads an attribute that is a time; `None` if it is absent.
fn time(node: Node<'_, '_>, attribute: &'static str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = node.attribute(attribute) else { return Ok(None) };
    match datetime::parse(text) {
        Some(time) => Ok(Some(time)),
        None => Err(RefusalClass::Malformed.because(format!("{attribute} is not a time: {}", quoted(text)))),
    }
}

/// Finds a confirmation that the bearer is the subject; returns the NameID and the end of the confirmation.
fn check_subject(node: Node<'_, '_>, facts: &AssertionFacts<'_>) -> Result<(NameId, DateTime<Utc>), Refusal> {
    let no = |cause: &str| RefusalClass::Subject.because(cause);
    let subject = xml::child(node, ASSERTION, "Subject").ok_or_else(|| no("the assertion has no Subject"))?;
    if xml::child(subject, ASSERTION, "EncryptedID").is_some() {
        return Err(RefusalClass::Encrypted.because("the name of the subject is encrypted"));
    }
    let mut refusal = no("no SubjectConfirmation of the method bearer");
    for confirmation in xml::children(subject, ASSERTION, "SubjectConfirmation") {
        match check_confirmation(confirmation, facts) {
            Ok(until) => {
                let name_id = xml::child(subject, ASSERTION, "NameID").map(name_id).unwrap_or_default();
                return Ok((name_id, until));
            }
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

/// Returns the NameID that an element describes.
pub(super) fn name_id(node: Node<'_, '_>) -> NameId {
    let attribute = |name: &'static str| node.attribute(name).map(str::to_owned);
    NameId {
        value: xml::text(node).unwrap_or_default(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
        sp_provided_id: attribute("SPProvidedID"),
    }
}

fn check_confirmation(node: Node<'_, '_>, facts: &AssertionFacts<'_>) -> Result<DateTime<Utc>, Refusal> {
    let no = |cause: String| RefusalClass::Subject.because(cause);
    let method = node.attribute("Method").unwrap_or_default().trim();
    if method != BEARER {
        return Err(no(format!("SubjectConfirmation of the method {}", quoted(method))));
    }
    let data = xml::child(node, ASSERTION, "SubjectConfirmationData")
        .ok_or_else(|| no("a SubjectConfirmation without SubjectConfirmationData".to_owned()))?;
    let recipient = data.attribute("Recipient").unwrap_or_default().trim();
    if recipient != facts.acs {
        return Err(no(format!("its Recipient is {}; this is {}", quoted(recipient), facts.acs)));
    }
    if data.attribute("InResponseTo").map(str::trim) != Some(facts.request_id) {
        return Err(no("its InResponseTo is not the login that the Response names".to_owned()));
    }
    let until =
        time(data, "NotOnOrAfter")?.ok_or_else(|| no("a SubjectConfirmation without NotOnOrAfter".to_owned()))?;
    check_period(time(data, "NotBefore")?, Some(until), "SubjectConfirmation", facts)?;
    Ok(until)
}

fn check_period(
    not_before: Option<DateTime<Utc>>,
    not_on_or_after: Option<DateTime<Utc>>,
    what: &str,
    facts: &AssertionFacts<'_>,
) -> Result<(), Refusal> {
    if let Some(from) = not_before.filter(|from| facts.is_early(*from)) {
        let seconds = seconds(from - facts.now);
        let cause = format!("its {what} begins in {seconds} seconds: compare the clocks");
        return Err(RefusalClass::Early.because(cause));
    }
    if let Some(until) = not_on_or_after.filter(|until| facts.is_over(*until)) {
        let seconds = seconds(facts.now - until);
        return Err(RefusalClass::Expired.because(format!("its {what} ended {seconds} seconds ago")));
    }
    Ok(())
}

/// Returns the end of the validity of the assertion, if it has one.
fn check_conditions(node: Node<'_, '_>, facts: &AssertionFacts<'_>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let conditions = xml::child(node, ASSERTION, "Conditions")
        .ok_or_else(|| RefusalClass::Audience.because("the assertion has no Conditions"))?;
    let until = time(conditions, "NotOnOrAfter")?;
    check_period(time(conditions, "NotBefore")?, until, "Conditions", facts)?;
    let mut is_for_us = false;
    for condition in conditions.children().filter(Node::is_element) {
        let name = condition.tag_name().name();
        match name {
            "AudienceRestriction" if xml::is(condition, ASSERTION, name) => {
                check_audience(condition, facts)?;
                is_for_us = true;
            }
            "OneTimeUse" | "ProxyRestriction" if xml::is(condition, ASSERTION, name) => {}
            other => return Err(RefusalClass::Condition.because(format!("it has the condition {}", quoted(other)))),
        }
    }
    match is_for_us {
        true => Ok(until),
        false => Err(RefusalClass::Audience.because("the assertion has no AudienceRestriction")),
    }
}

fn check_audience(restriction: Node<'_, '_>, facts: &AssertionFacts<'_>) -> Result<(), Refusal> {
    let audiences: Vec<_> = xml::children(restriction, ASSERTION, "Audience").filter_map(xml::text).collect();
    if audiences.iter().any(|audience| audience == facts.entity_id) {
        return Ok(());
    }
    let audiences: Vec<_> = audiences.iter().take(5).map(|audience| quoted(audience)).collect();
    let theirs = if audiences.is_empty() { "nobody".to_owned() } else { audiences.join(", ") };
    Err(RefusalClass::Audience.because(format!("it is for {theirs}; this is {}", facts.entity_id)))
}

fn check_statements(
    node: Node<'_, '_>,
    facts: &AssertionFacts<'_>,
    name_id: NameId,
) -> Result<FederatedSession, Refusal> {
    let mut statements = xml::children(node, ASSERTION, "AuthnStatement").peekable();
    if statements.peek().is_none() {
        return Err(RefusalClass::Session.because("it has no AuthnStatement"));
    }
    let mut session =
        FederatedSession { idp: facts.idp.entity_id.clone(), name_id, session_indexes: Vec::new(), ends_by: None };
    for statement in statements {
        let begun = time(statement, "AuthnInstant")?
            .ok_or_else(|| RefusalClass::Session.because("an AuthnStatement without AuthnInstant"))?;
        if facts.is_early(begun) {
            return Err(RefusalClass::Session.because("its AuthnInstant is in the future: compare the clocks"));
        }
        if let Some(end) = time(statement, "SessionNotOnOrAfter")? {
            if facts.is_over(end) {
                let seconds = seconds(facts.now - end);
                return Err(RefusalClass::Session.because(format!("its session ended {seconds} seconds ago")));
            }
            // By our clock: otherwise a session that is accepted because of the skew would have ended already.
            let end = end + facts.skew;
            session.ends_by = Some(session.ends_by.map_or(end, |earliest| earliest.min(end)));
        }
        session.session_indexes.extend(statement.attribute("SessionIndex").map(str::to_owned));
    }
    Ok(session)
}

/// Checks that something was issued after the login began, and not in the future.
fn check_issued(instant: &str, what: &str, facts: &AssertionFacts<'_>) -> Result<(), Refusal> {
    let issued = datetime::parse(instant)
        .ok_or_else(|| RefusalClass::Malformed.because(format!("the IssueInstant of the {what} is not a time")))?;
    if issued > facts.now + facts.skew {
        return Err(RefusalClass::Early.because(format!(
            "the {what} is issued {} seconds in the future: compare the clocks",
            seconds(issued - facts.now)
        )));
    }
    match facts.begun {
        // Many write whole seconds.
        Some(begun) if issued < begun.trunc_subsecs(0) - facts.skew => Err(RefusalClass::Stale.because(format!(
            "the {what} is {} seconds older than the login: compare the clocks",
            seconds(begun - issued)
        ))),
        _ => Ok(()),
    }
}
