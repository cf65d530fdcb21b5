//! The checks of a Response: every row of the contract, and the attacks on it. The messages are made by the demo identity
//! provider, not by the code under test, and the time is given.

mod attacks;
mod numbers;
mod rows;
mod wrapping;

use std::fs;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use poem::config::Config;
use poem::dev::identity_provider::responses::{DemoAssertion, Parties, ResponseFacts, instant};
use poem::dev::identity_provider::signer::{Signer, SignerKey};
use poem::domain::model::federated_identity::{FederatedIdentity, FederatedSession};
use poem::domain::model::tenant::{SchemaName, Tenant};
use poem::saml::federation::Federation;
use poem::saml::refusal::{Refusal, RefusalClass};
use poem::saml::response::{LoginFacts, ReceivedResponse};

use crate::federation::metadata_of;

/// The identity provider, the request, and the identifier of the person.
const IDP: &str = "https://idp.example.org/metadata";
const REQUEST: &str = "_request";
const PERSON: &str = "8f2d0c6b@egi.eu";

/// The attribute voPersonID.
const IDENTIFIER: &str = "urn:oid:1.3.6.1.4.1.25178.4.1.6";

static RSA: LazyLock<Signer> = LazyLock::new(|| Signer::generate(SignerKey::Rsa2048, "idp").unwrap());
static EC: LazyLock<Signer> = LazyLock::new(|| Signer::generate(SignerKey::EcP256, "idp").unwrap());
/// A key that is not the identity provider's, in a certificate of its name.
static FOREIGN: LazyLock<Signer> = LazyLock::new(|| Signer::generate(SignerKey::Rsa2048, "idp").unwrap());

/// Both sides, as POEM reads them from its files. The key of an elliptic curve comes before that of RSA.
static SIDES: LazyLock<Federation> = LazyLock::new(|| {
    let venv = tempfile::tempdir().unwrap();
    let etc = venv.path().join("etc/poem");
    fs::create_dir_all(&etc).unwrap();
    fs::write(etc.join("metadata-egi.xml"), metadata_of(IDP, "", &[&EC, &RSA])).unwrap();
    let conf = format!(
        "[DEFAULT]\nVENV = {}\n[GENERAL]\nDebug = False\nTimeZone = UTC\n[DATABASE]\nName = a\nUser = a\nPassword = a\n\
         Host = a\nPort = 1\n[SECURITY]\nAllowedHosts = *\nSecretKeyPath = a\n[SAML]\nClockSkew = 60\n",
        venv.path().display()
    );
    fs::write(etc.join("poem.conf"), conf).unwrap();
    let config = Config::load(&etc.join("poem.conf")).unwrap();
    let schema = SchemaName::parse("egi").unwrap();
    let tenant = Tenant { name: "EGI".to_owned(), schema, domain_url: Some("poem.example.org".to_owned()) };
    Federation::load(&config, &tenant).unwrap().unwrap()
});

/// The present of the tests.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Returns a time, so many seconds from now.
fn at(seconds: i64) -> Option<String> {
    Some(instant(now() + TimeDelta::seconds(seconds)))
}

/// A response that is right in every respect.
fn valid() -> ResponseFacts {
    let sp = &SIDES.sp;
    let acs = sp.acs();
    let parties = Parties { idp: IDP, service_provider: &sp.entity_id, acs: &acs, request: REQUEST };
    let attributes = [
        (IDENTIFIER, PERSON),
        ("urn:oid:2.16.840.1.113730.3.1.241", "Ana Horvat"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "ana@example.org"),
    ];
    ResponseFacts::valid(parties, &attributes, now())
}

/// Returns the assertion of a response.
fn assertion(response: &mut ResponseFacts) -> &mut DemoAssertion {
    response.assertion.as_mut().expect("the response has an assertion")
}

/// The four forms of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignedBy {
    Assertion,
    Response,
    Both,
    BothWithEc,
}

const FORMS: [SignedBy; 4] = [SignedBy::Assertion, SignedBy::Response, SignedBy::Both, SignedBy::BothWithEc];

/// Signs a response in one of the forms.
fn signed(response: &ResponseFacts, form: SignedBy) -> String {
    let signers = match form {
        SignedBy::Assertion => (Some(&*RSA), None),
        SignedBy::Response => (None, Some(&*RSA)),
        SignedBy::Both => (Some(&*RSA), Some(&*RSA)),
        SignedBy::BothWithEc => (Some(&*EC), Some(&*EC)),
    };
    response.to_signed_xml(signers.0, signers.1).unwrap()
}

/// What a login is told about a person.
#[derive(Debug, PartialEq, Eq)]
struct Accepted {
    identity: FederatedIdentity,
    session: FederatedSession,
}

/// Makes all checks that need no database.
fn check(message: &str) -> Result<Accepted, Refusal> {
    check_at(message, now())
}

fn check_at(message: &str, now: DateTime<Utc>) -> Result<Accepted, Refusal> {
    let Federation { sp, idp, .. } = &*SIDES;
    let received = ReceivedResponse::of_text(message.to_owned(), sp, idp)?;
    if received.in_response_to() != Some(REQUEST) {
        return Err(RefusalClass::Unsolicited.because("another request"));
    }
    let verified = received.verify(idp, "metadata-egi.xml")?;
    let login = LoginFacts { request_id: REQUEST, begun: Some(now - TimeDelta::seconds(30)), now };
    let checked = verified.check(sp, idp, &login)?;
    let identity = verified.attributes()?.identity(&sp.settings, &idp.entity_id)?;
    Ok(Accepted { identity, session: checked.session })
}

/// Returns the class of a refusal; `None` if the message is accepted.
fn class(message: &str) -> Option<RefusalClass> {
    check(message).err().map(|refusal| refusal.class)
}
