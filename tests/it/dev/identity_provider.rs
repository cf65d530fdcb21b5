//! The demo identity provider by itself: its metadata, logins and single logouts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use openssl::base64::decode_block;
use poem::dev::identity_provider::DemoIdentityProvider;
use poem::dev::identity_provider::logouts::{LogoutRequestFacts, LogoutResponseFacts};
use poem::dev::identity_provider::people::{DemoServiceProvider, demo_people};
use poem::dev::identity_provider::redirect::{self, MessageRole, ReceivedQuery};
use poem::dev::identity_provider::signer::{Signer, SignerKey};
use poem::domain::model::federated_identity::NameId;
use poem::domain::web::xml;
use poem::saml::identity_provider::IdentityProvider;
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};
use scraper::{Html, Selector};

use crate::support::HttpResponse;
use crate::support::http;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The position of the person in the list.
const HANNA: &str = "1";

/// A service provider that only exists as an entry of the list.
fn service_provider(name: &str, key: &Signer) -> DemoServiceProvider {
    DemoServiceProvider {
        name: name.into(),
        entity_id: format!("https://{name}/metadata"),
        acs: format!("https://{name}/acs"),
        logout: Some(format!("https://{name}/ls")),
        login: format!("https://{name}/login"),
        certificate: Some(key.certificate().clone()),
    }
}

/// A browser at the identity provider `idp`, and the key of the service providers.
struct Visit {
    idp: DemoIdentityProvider,
    key: Signer,
    cookie: String,
    _directory: tempfile::TempDir,
}

impl Visit {
    fn new() -> Self {
        Self::with(None)
    }

    /// At an identity provider with a key of this kind; `None`: with the key that it makes itself.
    fn with(kind: Option<SignerKey>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        if let Some(kind) = kind {
            let file = |name| directory.path().join(name);
            Signer::generate(kind, "idp").unwrap().save(&file("idp-cert.pem"), &file("idp-key.pem")).unwrap();
        }
        let key = Signer::generate(SignerKey::Rsa2048, "sp").unwrap();
        let known = vec![service_provider("one.example.org", &key), service_provider("two.example.org", &key)];
        let idp = DemoIdentityProvider::start(directory.path(), known, demo_people()).unwrap();
        Self { idp, key, cookie: String::new(), _directory: directory }
    }

    fn send(&mut self, method: &str, target: &str, body: &str) -> HttpResponse {
        let address: SocketAddr = self.idp.address().strip_prefix("http://").unwrap().parse().unwrap();
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [("Host", "127.0.0.1"), ("Cookie", self.cookie.as_str()), form];
        let response = http::send(address, method, target, &headers, body.as_bytes());
        if let Some(cookie) = response.header("Set-Cookie") {
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().unwrap().to_owned();
        }
        response
    }

    /// The target of a request to log in, with attributes of the AuthnRequest.
    fn request(&self, host: &str, attributes: &str) -> String {
        let xml = format!(
            "<p:AuthnRequest xmlns:p='{PROTOCOL}' ID='_request' Version='2.0' {attributes}>\
             <Issuer xmlns='{ASSERTION}'>https://{host}/metadata</Issuer></p:AuthnRequest>"
        );
        redirect::address("/sso", (MessageRole::Request, &xml), Some("<relay> &\""), None).unwrap()
    }

    /// Logs in at a service provider, with a choice if the page asks.
    fn log_in(&mut self, host: &str, person: &str) -> PassedOn {
        let target = self.request(host, &format!("AssertionConsumerServiceURL='https://{host}/acs'"));
        let page = self.send("GET", &target, "");
        if page.text().contains("SAMLResponse") {
            return PassedOn::read(&page);
        }
        PassedOn::read(&self.send("POST", &target, &format!("person={person}")))
    }

    fn certificate(&self) -> CertificateDer {
        CertificateDer::from(self.idp.signer().certificate().to_der().unwrap())
    }

    /// The signed part of a message; `None` if a signature is wrong or missing.
    fn verified(&self, xml: &str) -> Option<String> {
        let allowed = [AllowedSignatureAlgorithm::RsaSha256, AllowedSignatureAlgorithm::EcdsaSha256];
        let certificates = [self.certificate()];
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(xml, &certificates, ReduceMode::PreDigest, Some(&allowed))
            .ok()
    }

    /// The query of a redirect to a service provider, whose signature is right.
    #[track_caller]
    fn redirected_to(&self, response: &HttpResponse, location: &str) -> String {
        assert_eq!(response.status, 303, "{response:?}");
        let query = response.header("Location").unwrap().strip_prefix(location).unwrap().strip_prefix('?').unwrap();
        assert!(ReceivedQuery::read(query).unwrap().is_signed_by(self.idp.signer().certificate()));
        query.to_owned()
    }
}

/// The page that passes a response on.
pub struct PassedOn {
    pub acs: String,
    pub xml: String,
    pub relay_state: Option<String>,
}

impl PassedOn {
    #[track_caller]
    pub fn read(page: &HttpResponse) -> Self {
        assert_eq!(page.status, 200, "{page:?}");
        let html = Html::parse_document(&page.text());
        let all = |selector: &str, attribute: &str| {
            let selector = Selector::parse(selector).unwrap();
            html.select(&selector).filter_map(|node| Some(node.attr(attribute)?.to_owned())).collect::<Vec<_>>()
        };
        let fields: BTreeMap<_, _> = all("input", "name").into_iter().zip(all("input", "value")).collect();
        let xml = decode_block(&fields["SAMLResponse"]).unwrap();
        Self {
            acs: all("form", "action").remove(0),
            xml: String::from_utf8(xml).unwrap(),
            relay_state: fields.get("RelayState").cloned(),
        }
    }

    /// The texts of all elements of this name of assertions.
    fn texts(&self, name: &str) -> Vec<String> {
        let document = xml::parse(&self.xml).unwrap();
        let found = document.descendants().filter(|node| node.has_tag_name((ASSERTION, name)));
        found.map(|node| node.text().unwrap_or_default().to_owned()).collect()
    }

    fn attribute(&self, element: &str, name: &str) -> Option<String> {
        let document = xml::parse(&self.xml).unwrap();
        let found = document.descendants().find(|node| node.has_tag_name((ASSERTION, element)));
        found.and_then(|node| node.attribute(name)).map(str::to_owned)
    }
}

#[test]
fn its_metadata_name_its_addresses_and_certificate() {
    let mut visit = Visit::new();
    let text = visit.send("GET", "/metadata", "").text();
    assert_eq!(text, visit.idp.metadata().unwrap());
    let document = xml::parse(&text).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(visit.idp.entity_id().as_str()));
    for (name, path) in [("SingleSignOnService", "/sso"), ("SingleLogoutService", "/slo")] {
        let service = document.descendants().find(|node| node.has_tag_name((METADATA, name))).unwrap();
        assert_eq!(service.attribute("Location"), Some(format!("{}{path}", visit.idp.address()).as_str()));
    }
    let read = IdentityProvider::parse(text.as_bytes(), "", chrono::Utc::now()).unwrap();
    assert_eq!(read.certificates[0].der(), visit.idp.signer().certificate().to_der().unwrap());
    assert!(read.logout.is_some() && read.left_out.is_empty());
}

#[test]
fn a_person_is_chosen_once_and_the_response_is_signed() {
    for kind in [SignerKey::Rsa3072, SignerKey::EcP256] {
        let mut visit = Visit::with(Some(kind));
        let first = visit.log_in("one.example.org", HANNA);
        assert_eq!(first.acs, "https://one.example.org/acs");
        assert_eq!(first.relay_state.as_deref(), Some("<relay> &\""));
        assert!(visit.verified(&first.xml).unwrap().starts_with("<samlp:Response "));
        assert_eq!(first.xml.matches("<ds:Signature ").count(), 2);
        assert!(first.texts("AttributeValue").contains(&"demo-0007@egi.example.org".to_owned()));
        assert_eq!(first.texts("Audience"), ["https://one.example.org/metadata"]);
        assert_eq!(first.attribute("SubjectConfirmationData", "InResponseTo").as_deref(), Some("_request"));
        assert!(visit.verified(&first.xml.replace("demo-0007", "demo-0008")).is_none());
        // The second login asks nobody, and stays in the same session.
        let second = visit.log_in("two.example.org", "none");
        let index = |response: &PassedOn| response.attribute("AuthnStatement", "SessionIndex");
        assert_eq!(index(&first), index(&second));
        assert_ne!(first.texts("NameID"), second.texts("NameID"));
    }
}

#[test]
fn somebody_else_can_log_in_and_anybody_can_cancel() {
    let mut visit = Visit::new();
    visit.log_in("one.example.org", HANNA);
    let target = visit.request("one.example.org", "");
    let page = visit.send("GET", &format!("{target}&again=1"), "");
    assert!(page.text().contains("Ivana Marić") && page.text().contains("It is not for production"), "{page:?}");
    let forced = visit.request("one.example.org", "ForceAuthn='true'");
    assert!(visit.send("GET", &forced, "").text().contains("Who are you?"));
    let cancelled = PassedOn::read(&visit.send("POST", &target, "person=cancel"));
    assert!(cancelled.xml.contains("status:AuthnFailed") && cancelled.texts("Assertion").is_empty());
    assert!(visit.verified(&cancelled.xml).is_some());
    visit.cookie.clear();
    let passive = visit.request("one.example.org", "IsPassive='true'");
    assert!(PassedOn::read(&visit.send("GET", &passive, "")).xml.contains("status:NoPassive"));
}

#[test]
fn only_known_service_providers_get_a_response_at_their_address() {
    let mut visit = Visit::new();
    let refused = |visit: &mut Visit, target: &str| {
        let page = visit.send("POST", target, "person=0");
        assert_eq!(page.status, 400, "{page:?}");
        assert!(!page.text().contains("name=\"SAMLResponse\"") && !page.text().contains("<b>"), "{page:?}");
    };
    let elsewhere = visit.request("one.example.org", "AssertionConsumerServiceURL='https://evil.example.org/'");
    let another = visit.request("two.example.org", "AssertionConsumerServiceURL='https://one.example.org/acs'");
    let unknown = visit.request("evil.example.org", "");
    for target in [&elsewhere, &another, &unknown, "/sso", "/sso?SAMLRequest=%3Cb%3E", "/sso?SAMLResponse=x"] {
        refused(&mut visit, target);
    }
    let target = visit.request("one.example.org", "");
    let page = visit.send("GET", &target, "");
    let policy = page.header("Content-Security-Policy").unwrap();
    assert!(policy.contains("form-action 'self' https://one.example.org https://two.example.org"), "{policy}");
    let nobody = visit.send("POST", &target, "person=99");
    assert_eq!(nobody.status, 400);
}

#[test]
fn a_service_provider_ends_the_session_with_a_signed_request() {
    let mut visit = Visit::new();
    let response = visit.log_in("one.example.org", HANNA);
    let name_id = NameId { value: response.texts("NameID").remove(0), ..NameId::default() };
    let index = response.attribute("AuthnStatement", "SessionIndex").unwrap();
    let destination = format!("{}/slo", visit.idp.address());
    let facts = LogoutRequestFacts::valid(
        "https://one.example.org/metadata",
        &destination,
        (&name_id, &index),
        chrono::Utc::now(),
    );
    let stranger = Signer::generate(SignerKey::Rsa2048, "stranger").unwrap();
    let message = facts.to_xml();
    let send = |visit: &mut Visit, signer: Option<&Signer>| {
        let target = redirect::address("/slo", (MessageRole::Request, &message), Some("r&s"), signer).unwrap();
        visit.send("GET", &target, "")
    };
    assert_eq!(send(&mut visit, None).status, 400);
    assert_eq!(send(&mut visit, Some(&stranger)).status, 400);
    assert!(visit.send("GET", "/", "").text().contains("logged in as Hanna"));
    let key = visit.key.clone();
    let answer = send(&mut visit, Some(&key));
    let query = visit.redirected_to(&answer, "https://one.example.org/ls");
    let received = ReceivedQuery::read(&query).unwrap();
    assert_eq!(received.relay_state.as_deref(), Some("r&s"));
    assert!(received.xml.contains("status:Success") && !received.xml.contains("PartialLogout"), "{}", received.xml);
    assert!(received.xml.contains(&format!("InResponseTo=\"{}\"", facts.id)));
    assert!(visit.send("GET", "/", "").text().contains("You are not logged in here"));
}

#[test]
fn a_logout_here_tells_all_service_providers() {
    let mut visit = Visit::new();
    let one = visit.log_in("one.example.org", HANNA);
    visit.log_in("two.example.org", HANNA);
    let mut answer = visit.send("POST", "/logout", "");
    for (host, name_id) in [("two.example.org", None), ("one.example.org", Some(one.texts("NameID").remove(0)))] {
        let location = format!("https://{host}/ls");
        let query = visit.redirected_to(&answer, &location);
        let received = ReceivedQuery::read(&query).unwrap();
        assert!(received.kind == MessageRole::Request && received.xml.contains("<samlp:SessionIndex>"));
        assert!(name_id.is_none_or(|name_id| received.xml.contains(&name_id)));
        let xml = LogoutResponseFacts::valid(&location, "", "_x", false, chrono::Utc::now()).to_xml();
        let target = redirect::address("/slo", (MessageRole::Response, &xml), None, Some(&visit.key)).unwrap();
        answer = visit.send("GET", &target, "");
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text().contains("You are logged out here and at the service providers."));
}

#[test]
fn its_key_is_kept_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let start = |directory: &Path| DemoIdentityProvider::start(directory, Vec::new(), Vec::new()).unwrap();
    let first = start(directory.path()).signer().certificate_base64().unwrap();
    assert_eq!(start(directory.path()).signer().certificate_base64().unwrap(), first);
    let mode = directory.path().join("idp-key.pem").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
