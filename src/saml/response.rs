//! The Response of an identity provider to a login: the checks that need neither the login nor the accounts.
//!
//! The checks are made in steps, in this order; the first that fails ends the login. Everything that is acted on comes
//! from the bytes that step 12 has verified; the steps before it only decide whether to go on.
//!
//! | step | what is checked | where |
//! |---|---|---|
//! | 1, 2 | the form, and that it has one `SAMLResponse` | `auth::federated::acs` |
//! | 3 to 5 | base64, UTF-8, strict XML, the root and its attributes | [`ReceivedResponse::read`] |
//! | 6 | the shape: where assertions and signatures are, and what the signatures refer to | [`xml_signature::check_shape`] |
//! | 7 to 9 | issuer, status, an assertion that is not encrypted, destination | [`ReceivedResponse::read`] |
//! | 10, 11 | a login that began here and is open, in the same browser | `auth::federated::acs` |
//! | 12 | the signatures | [`ReceivedResponse::verify`] |
//! | 13 to 17 | issuer, subject, conditions, times, session | [`VerifiedAssertion::check`] |
//! | 18 | the assertion was not used before | `registry::federated_login` |
//! | 19, 20 | the identifier of the person, the entitlements | [`Attributes`] |
//! | 21 | the account | `registry::federated_accounts` |

use chrono::{DateTime, Utc};
use roxmltree::{Document, Node};

use super::assertion::{self, AssertionFacts, CheckedAssertion};
use super::attributes::Attributes;
use super::identity_provider::IdentityProvider;
use super::message::{check_destination, check_issuer, decode, status};
use super::names::{ASSERTION, PROTOCOL, SUCCESS};
use super::refusal::{FailedLogin, Refusal, RefusalClass, quoted};
use super::service_provider::ServiceProvider;
use super::xml_signature::{self, Signatures};
use super::{datetime, xml};

/// The largest message, decoded, in bytes.
const LARGEST: usize = 768 * 1024;

/// A message as it arrived in a form: decoded, but not yet believed.
#[derive(Debug)]
pub struct ReceivedResponse {
    text: String,
    id: String,
    in_response_to: Option<String>,
    issue_instant: String,
    signatures: Signatures,
    assertion_id: String,
}

/// The assertion of a Response, as it was signed.
#[derive(Debug)]
pub struct VerifiedAssertion {
    /// The canonical text that was signed: of the Response, or of the assertion alone.
    text: String,
    /// The IssueInstant of the Response.
    response_issued: String,
}

impl ReceivedResponse {
    /// Decodes a message and makes the checks that use nothing signed (steps 3 to 9).
    ///
    /// # Errors
    /// `Malformed`, `Shape`, `Issuer`, `Idp`, `Encrypted`, `Destination`.
    pub fn read(encoded: &str, sp: &ServiceProvider, idp: &IdentityProvider) -> Result<Self, Refusal> {
        Self::of_text(decode(encoded, LARGEST)?, sp, idp)
    }

    /// Makes the checks of [`Self::read`] on a message that is decoded already.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_text(text: String, sp: &ServiceProvider, idp: &IdentityProvider) -> Result<Self, Refusal> {
        let document = xml::parse(&text)?;
        let root = document.root_element();
        check_root(root)?;
        let signatures = xml_signature::check_shape(&document, true)?;
        check_issuer(root, idp, false)?;
        check_status(root)?;
        let assertion = xml::child(root, ASSERTION, "Assertion");
        if xml::child(root, ASSERTION, "EncryptedAssertion").is_some() {
            let cause = "the assertion is encrypted: tell the identity provider that POEM publishes no encryption key";
            return Err(RefusalClass::Encrypted.because(cause));
        }
        let assertion = assertion.ok_or_else(|| RefusalClass::Malformed.because("it has no assertion"))?;
        check_destination(root, &sp.acs(), signatures.of_root)?;
        let received = Self {
            id: root.attribute("ID").unwrap_or_default().to_owned(),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            issue_instant: root.attribute("IssueInstant").unwrap_or_default().to_owned(),
            assertion_id: assertion.attribute("ID").unwrap_or_default().to_owned(),
            signatures,
            text: String::new(),
        };
        drop(document);
        Ok(Self { text, ..received })
    }

    /// The id of the request that it responds to; `None` if it names none.
    pub fn in_response_to(&self) -> Option<&str> {
        self.in_response_to.as_deref().filter(|id| !id.is_empty())
    }

    /// Verifies the signatures (step 12). Takes some milliseconds. `file`: the name of the metadata, for the log.
    ///
    /// # Errors
    /// `Unsigned`, `Signature`.
    pub fn verify(self, idp: &IdentityProvider, file: &str) -> Result<VerifiedAssertion, Refusal> {
        let text = xml_signature::verified(&self.text, &self.signatures, &idp.certificates, file)?;
        // The signed element must be the one that the first checks saw.
        let (name, namespace, id) = match self.signatures.of_root {
            true => ("Response", PROTOCOL, &self.id),
            false => ("Assertion", ASSERTION, &self.assertion_id),
        };
        let document = xml::parse(&text)?;
        let root = document.root_element();
        if !xml::is(root, namespace, name) || root.attribute("ID") != Some(id) {
            return Err(RefusalClass::Signature.because("the signature covers another element"));
        }
        drop(document);
        Ok(VerifiedAssertion { text, response_issued: self.issue_instant })
    }
}

impl VerifiedAssertion {
    /// Checks what the assertion says about the login (steps 13 to 17).
    ///
    /// # Errors
    /// `Issuer`, `Subject`, `Expired`, `Audience`, `Early`, `Condition`, `Stale`, `Session`, `Malformed`, `Encrypted`.
    pub fn check(
        &self,
        sp: &ServiceProvider,
        idp: &IdentityProvider,
        login: &LoginFacts<'_>,
    ) -> Result<CheckedAssertion, Refusal> {
        let document = xml::parse(&self.text)?;
        let node = self.node(&document)?;
        let facts = AssertionFacts {
            acs: &sp.acs(),
            entity_id: &sp.entity_id,
            idp,
            request_id: login.request_id,
            response_issued: &self.response_issued,
            begun: login.begun,
            now: login.now,
            skew: sp.settings.clock_skew,
        };
        assertion::check(node, &facts)
    }

    /// Returns what the assertion says about the person, and the names of all its attributes.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn attributes(&self) -> Result<Attributes, Refusal> {
        let document = xml::parse(&self.text)?;
        Ok(Attributes::of(self.node(&document)?))
    }

    fn node<'a, 'input>(&self, document: &'a Document<'input>) -> Result<Node<'a, 'input>, Refusal> {
        let root = document.root_element();
        let assertion = match xml::is(root, ASSERTION, "Assertion") {
            true => Some(root),
            false => xml::child(root, ASSERTION, "Assertion"),
        };
        assertion.ok_or_else(|| RefusalClass::Signature.because("no assertion is signed"))
    }
}

/// The login that a Response responds to.
#[derive(Debug, Clone, Copy)]
pub struct LoginFacts<'a> {
    /// The id of its request.
    pub request_id: &'a str,
    /// The time when it began; `None` if that is not known, and not checked.
    pub begun: Option<DateTime<Utc>>,
    /// The present time.
    pub now: DateTime<Utc>,
}

fn check_root(root: Node<'_, '_>) -> Result<(), Refusal> {
    let malformed = |cause: &str| Err(RefusalClass::Malformed.because(cause));
    if !xml::is(root, PROTOCOL, "Response") {
        return malformed("it is not a Response");
    }
    if root.attribute("Version") != Some("2.0") {
        return malformed("its Version is not 2.0");
    }
    if root.attribute("ID").is_none_or(str::is_empty) {
        return malformed("it has no ID");
    }
    match root.attribute("IssueInstant").and_then(datetime::parse) {
        Some(_) => Ok(()),
        None => malformed("it has no IssueInstant"),
    }
}

fn check_status(root: Node<'_, '_>) -> Result<(), Refusal> {
    let (codes, message) = status(root);
    match codes.first().map(String::as_str) {
        None => Err(RefusalClass::Malformed.because("it has no Status")),
        Some(SUCCESS) => Ok(()),
        Some(first) => {
            let code = codes.get(1).map_or(first, String::as_str);
            let code: String = code.rsplit(':').next().unwrap_or(code).chars().take(60).collect();
            let code = if code.chars().all(|one| one.is_ascii_alphanumeric()) { code } else { quoted(&code) };
            let request = root.attribute("InResponseTo").filter(|id| !id.is_empty()).map(str::to_owned);
            let refusal = RefusalClass::Idp.because(format!("{code}: {}", quoted(&message)));
            Err(Refusal { failed_login: Some(FailedLogin { status: code, request }), ..refusal })
        }
    }
}
