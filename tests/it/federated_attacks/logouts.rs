//! Messages about logouts that end a session which they should not end, or pretend to.

use std::io::Write;

use chrono::Utc;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::base64::encode_block;
use openssl::hash::MessageDigest;
use poem::dev::identity_provider::logouts::{LogoutRequestFacts, LogoutResponseFacts};
use poem::dev::identity_provider::redirect::{self, MessageRole, ReceivedQuery, encoded};
use poem::dev::identity_provider::signer::{Signer, SignerKey};
use poem::domain::model::federated_identity::NameId;

use super::{IDP, NOT_ACCEPTED, OWN_KEY, Refused, Target, UNREADABLE, idp_form, settled, signed, signed_inside};
use crate::federation::{SIGNER, new_signer};
use crate::support::WebClient;
use crate::support::web_client::Page;

const LOGGED_OUT: &str = "<p>You are logged out of POEM.</p>";
const ANA: (&str, &str) = ("ana@example.org", "Ana");
const IVO: (&str, &str) = ("ivo@example.org", "Ivo");

/// A person who is logged in, and the LogoutRequest that would end the session.
struct Victim {
    client: WebClient,
    session: (NameId, String),
}

impl Target {
    #[track_caller]
    fn victim(&self, person: (&str, &str)) -> Victim {
        let mut client = WebClient::new();
        let session = self.log_in(&mut client, person);
        Victim { client, session }
    }

    fn ls(&self) -> String {
        format!("{}/poem/saml2/ls/", self.egi)
    }

    fn ls_post(&self) -> String {
        format!("{}/poem/saml2/ls/post/", self.egi)
    }

    /// The correct request to end a session, to be sent to this address.
    fn logout(&self, address: &str, (name_id, index): &(NameId, String)) -> LogoutRequestFacts {
        LogoutRequestFacts::valid(IDP, address, (name_id, index), Utc::now())
    }

    /// The address with a correct request in the query.
    fn logout_address(&self, session: &(NameId, String)) -> String {
        by_redirect(&self.ls(), &self.logout(&self.ls(), session).to_xml(), Some(&SIGNER))
    }

    /// Opens an address of a message that is refused: no session ends.
    #[track_caller]
    fn refuses_address(&self, client: &mut WebClient, address: &str, refused: Refused<'_>) {
        let before = self.state();
        let page = settled(|| client.get(address));
        self.expect_refusal(&page, refused);
        self.expect_log("EGI: logout message refused [");
        assert_eq!(self.state(), before);
    }

    /// Posts a message that is refused.
    #[track_caller]
    fn refuses_form(&self, fields: &[(&str, &str)], refused: Refused<'_>) {
        let before = self.state();
        let page = self.post_logout(fields);
        self.expect_refusal(&page, refused);
        assert_eq!(self.state(), before);
    }

    #[track_caller]
    fn post_logout(&self, fields: &[(&str, &str)]) -> Page {
        settled(|| WebClient::new().submit(&idp_form(&self.ls_post(), fields)))
    }
}

fn by_redirect(address: &str, xml: &str, signer: Option<&Signer>) -> String {
    redirect::address(address, (MessageRole::Request, xml), Some("kept state"), signer).unwrap()
}

fn deflated(xml: &[u8]) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(xml).unwrap();
    encode_block(&encoder.finish().unwrap())
}

/// Signs a query as it is, with a digest.
fn signed_query(query: &str, digest: MessageDigest) -> String {
    let mut signer = openssl::sign::Signer::new(digest, SIGNER.key()).unwrap();
    let signature = signer.sign_oneshot_to_vec(query.as_bytes()).unwrap();
    format!("{query}&Signature={}", encoded(&encode_block(&signature)))
}

/// Checks the LogoutResponse to a request that was accepted.
#[track_caller]
fn confirmed(page: &Page, request: &str) {
    let to = page.redirect().unwrap_or_else(|| panic!("{page}"));
    assert!(to.as_str().starts_with("https://idp.example.org/slo?SAMLResponse="), "{to}");
    let query = ReceivedQuery::read(to.query().unwrap()).unwrap();
    assert!(query.is_signed_by(OWN_KEY.certificate()) && query.xml.contains("status:Success"), "{}", query.xml);
    assert!(query.xml.contains(&format!("InResponseTo=\"{request}\"")), "{}", query.xml);
    assert_eq!(query.relay_state.as_deref(), Some("kept state"));
}

#[test]
fn a_request_in_the_query_must_be_signed_as_it_is() {
    let target = Target::start();
    let mut ana = target.victim(ANA);
    let facts = target.logout(&target.ls(), &ana.session);
    let address = by_redirect(&target.ls(), &facts.to_xml(), Some(&SIGNER));
    let mut client = WebClient::new();
    let foreign = "signed by none of the 1 certificates in ";
    let unsigned = by_redirect(&target.ls(), &facts.to_xml(), None);
    target.refuses_address(&mut client, &unsigned, (403, NOT_ACCEPTED, "it is not signed"));
    for stranger in [&new_signer(SignerKey::EcP256), &new_signer(SignerKey::Rsa2048), &*OWN_KEY] {
        let address = by_redirect(&target.ls(), &facts.to_xml(), Some(stranger));
        target.refuses_address(&mut client, &address, (403, NOT_ACCEPTED, foreign));
    }
    for (old, new) in [("kept%20state", "changed"), ("&RelayState=kept%20state", ""), ("ecdsa-sha256", "ecdsa-sha512")]
    {
        assert!(address.contains(old), "{address}");
        target.refuses_address(&mut client, &address.replace(old, new), (403, NOT_ACCEPTED, foreign));
    }
    // Another message with the signature of this one.
    let (_, rest) = address.split_once("&RelayState").unwrap();
    let mut other = facts.clone();
    other.session_indexes.clear();
    let moved =
        format!("{}?SAMLRequest={}&RelayState{rest}", target.ls(), encoded(&deflated(other.to_xml().as_bytes())));
    target.refuses_address(&mut client, &moved, (403, NOT_ACCEPTED, foreign));
    let moved = address.replace("SAMLRequest=", "SAMLResponse=");
    // Who has no session is logged out, whatever a response says; who has one stays logged in.
    let page = settled(|| client.get(&moved));
    assert!(page.status() == 200 && page.response.text().contains(LOGGED_OUT), "{page}");
    target.refuses_address(&mut ana.client, &moved, (403, NOT_ACCEPTED, foreign));
    for algorithm in
        ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", "none", ""]
    {
        let message = encoded(&deflated(facts.to_xml().as_bytes()));
        let query = format!("SAMLRequest={message}&SigAlg={}", encoded(algorithm));
        let address = format!("{}?{}", target.ls(), signed_query(&query, MessageDigest::sha1()));
        target.refuses_address(&mut client, &address, (400, UNREADABLE, &format!("a signature with “{algorithm}”")));
    }
    assert!(target.is_logged_in(&mut ana.client));
    confirmed(&settled(|| client.get(&address)), &facts.id);
    assert!(!target.is_logged_in(&mut ana.client), "the request was right but for that");
}

#[test]
fn parameters_come_once_in_any_order_and_encoding() {
    let target = Target::start();
    let mut client = WebClient::new();
    let ana = target.victim(ANA);
    let address = target.logout_address(&ana.session);
    let query = address.split_once('?').unwrap().1;
    for pair in query.split('&') {
        let name = pair.split_once('=').unwrap().0;
        let cause = format!("two parameters {name}");
        for doubled in
            [format!("{address}&{pair}"), format!("{address}&{name}=x"), format!("{}?{pair}&{query}", target.ls())]
        {
            target.refuses_address(&mut client, &doubled, (400, UNREADABLE, &cause));
        }
    }
    let both = format!("{address}&SAMLResponse=x");
    target.refuses_address(&mut client, &both, (400, UNREADABLE, "a request and a response at once"));
    let alone = address.split_once("&Signature").unwrap().0;
    target.refuses_address(&mut client, alone, (400, UNREADABLE, "SigAlg or Signature alone"));
    let encoding = format!("{address}&SAMLEncoding=urn:x");
    target.refuses_address(&mut client, &encoding, (400, UNREADABLE, "an unknown SAMLEncoding"));
    target.refuses_address(&mut client, &target.ls(), (400, UNREADABLE, "no SAML message"));
    // Another order of the same parameters, and others between them.
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.reverse();
    let page = settled(|| client.get(&format!("{}?x=1&{}&y", target.ls(), pairs.join("&z=2&"))));
    assert_eq!(page.status(), 302, "{page}");
    // Escapes in lower case, as ADFS writes and signs them.
    let mut ivo = target.victim(IVO);
    let facts = target.logout(&target.ls(), &ivo.session);
    let lower = |text: &str| {
        let escaped = encoded(text);
        let mut parts = escaped.split('%');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| format!("{text}%{}{}", part[..2].to_lowercase(), &part[2..]))
    };
    let message = lower(&deflated(facts.to_xml().as_bytes()));
    let query = format!("SAMLRequest={message}&RelayState=kept%20state&SigAlg={}", lower(SIGNER.algorithm()));
    assert!(query.contains("%3a%2f%2f"), "{query}");
    let address = format!("{}?{}", target.ls(), signed_query(&query, MessageDigest::sha256()));
    confirmed(&settled(|| client.get(&address)), &facts.id);
    assert!(!target.is_logged_in(&mut ivo.client));
}

#[test]
fn a_message_that_is_too_large_or_damaged_is_refused() {
    let target = Target::start();
    let mut client = WebClient::new();
    let ana = target.victim(ANA);
    let xml = target.logout(&target.ls(), &ana.session).to_xml();
    let of = |message: &str| {
        let query = format!("SAMLRequest={}&SigAlg={}", encoded(message), encoded(SIGNER.algorithm()));
        format!("{}?{}", target.ls(), signed_query(&query, MessageDigest::sha256()))
    };
    // A thousandfold when it is inflated.
    let bomb = deflated(&vec![b' '; 4 << 20]);
    target.refuses_address(&mut client, &of(&bomb), (400, UNREADABLE, "it is too large"));
    let padded = xml.replace("</samlp:LogoutRequest>", &format!("{}</samlp:LogoutRequest>", " ".repeat(66_000)));
    target.refuses_address(&mut client, &of(&deflated(padded.as_bytes())), (400, UNREADABLE, "it is too large"));
    let whole = openssl::base64::decode_block(&deflated(xml.as_bytes())).unwrap();
    let more = [whole.as_slice(), b"more"].concat();
    target.refuses_address(&mut client, &of(&encode_block(&more)), (400, UNREADABLE, "bytes after its end"));
    for message in [encode_block(&whole[..whole.len() / 2]), "x".to_owned(), encode_block(b"\xff\xff")] {
        target.refuses_address(&mut client, &of(&message), (400, UNREADABLE, ""));
    }
    target.refuses_address(&mut client, &of(&deflated(b"<a/>")), (400, UNREADABLE, "it is not a LogoutRequest"));
    let entity = xml.replacen('<', "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><", 1);
    target.refuses_address(&mut client, &of(&deflated(entity.as_bytes())), (400, UNREADABLE, ""));
}

#[test]
fn a_request_is_for_this_address_of_this_sender_and_now() {
    let target = Target::start();
    let mut client = WebClient::new();
    let mut ana = target.victim(ANA);
    let facts = target.logout(&target.ls(), &ana.session);
    let at = |minutes: i64| {
        let time = Utc::now() + chrono::TimeDelta::minutes(minutes);
        Some(time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    for (change, heading, cause) in [
        (LogoutRequestFacts { destination: Some(target.ls_post()), ..facts.clone() }, NOT_ACCEPTED, "it is for “"),
        (LogoutRequestFacts { destination: None, ..facts.clone() }, NOT_ACCEPTED, "it has no Destination"),
        (LogoutRequestFacts { issuer: Some("https://x/".into()), ..facts.clone() }, NOT_ACCEPTED, "it comes from “"),
        (LogoutRequestFacts { issuer: None, ..facts.clone() }, NOT_ACCEPTED, "it has no Issuer"),
        (LogoutRequestFacts { issue_instant: at(-9), ..facts.clone() }, NOT_ACCEPTED, "it ended "),
        (LogoutRequestFacts { issue_instant: at(9), ..facts.clone() }, NOT_ACCEPTED, "issued "),
        (LogoutRequestFacts { not_on_or_after: at(-4), ..facts.clone() }, NOT_ACCEPTED, "it ended "),
        (LogoutRequestFacts { name_id: None, ..facts.clone() }, UNREADABLE, "it has no NameID"),
    ] {
        let status = if heading == UNREADABLE { 400 } else { 403 };
        let address = by_redirect(&target.ls(), &change.to_xml(), Some(&SIGNER));
        target.refuses_address(&mut client, &address, (status, heading, cause));
    }
    // At the other tenant the same message has another destination.
    let elsewhere = by_redirect(&format!("{}/poem/saml2/ls/", target.two), &facts.to_xml(), Some(&SIGNER));
    let before = target.state();
    let page = settled(|| client.get(&elsewhere));
    target.expect_refusal(&page, (403, NOT_ACCEPTED, "it is for “"));
    assert_eq!(target.state(), before);
    assert!(target.is_logged_in(&mut ana.client));
}

#[test]
fn a_request_ends_the_sessions_that_it_names_and_once() {
    let target = Target::start();
    let mut client = WebClient::new();
    let (mut ana, mut ivo) = (target.victim(ANA), target.victim(IVO));
    // A name that nobody has, ones that are similar, and the session of another name.
    let mut qualified = ana.session.0.clone();
    qualified.sp_name_qualifier = Some("https://other.example.org/".to_owned());
    let nobody = NameId { value: "_nobody".to_owned(), ..ana.session.0.clone() };
    let upper = NameId { value: ana.session.0.value.to_uppercase(), ..ana.session.0.clone() };
    let empty = NameId { value: String::new(), ..ana.session.0.clone() };
    for session in [
        (nobody, ana.session.1.clone()),
        (upper, ana.session.1.clone()),
        (empty, ana.session.1.clone()),
        (qualified, ana.session.1.clone()),
        (ana.session.0.clone(), ivo.session.1.clone()),
        (ivo.session.0.clone(), ana.session.1.clone()),
    ] {
        let facts = target.logout(&target.ls(), &session);
        let before = target.state();
        confirmed(&settled(|| client.get(&by_redirect(&target.ls(), &facts.to_xml(), Some(&SIGNER)))), &facts.id);
        assert_eq!(target.state(), before, "{session:?}");
    }
    target.expect_log("EGI: logged out by https://idp.example.org/metadata: no session");
    let address = target.logout_address(&ana.session);
    assert_eq!(settled(|| client.get(&address)).status(), 302);
    assert!(!target.is_logged_in(&mut ana.client) && target.is_logged_in(&mut ivo.client));
    target.expect_log("EGI: logged out by https://idp.example.org/metadata: 1 session of Ana");
    target.refuses_address(&mut client, &address, (403, NOT_ACCEPTED, "the message was used"));
}

#[test]
fn a_request_in_a_form_is_signed_by_itself() {
    let target = Target::start();
    let mut ana = target.victim(ANA);
    let facts = target.logout(&target.ls_post(), &ana.session);
    let xml = facts.to_xml();
    let right = SIGNER.sign(&xml, &facts.id).unwrap();
    let form = |xml: &str| encode_block(xml.as_bytes());
    let refuses = |xml: &str, refused: Refused<'_>| target.refuses_form(&[("SAMLRequest", &form(xml))], refused);
    refuses(&xml, (403, NOT_ACCEPTED, "it is not signed"));
    let foreign = new_signer(SignerKey::EcP256).sign(&xml, &facts.id).unwrap();
    refuses(&foreign, (403, NOT_ACCEPTED, "signed by none of the 1 certificates in "));
    let changed = right.replace("<samlp:SessionIndex>", "<samlp:SessionIndex>x");
    refuses(&changed, (403, NOT_ACCEPTED, "signed by none of the 1 certificates in "));
    refuses(&right.replace("#ecdsa-sha256", "#ecdsa-sha1"), (400, UNREADABLE, "a signature with “ecdsa-sha1”"));
    // Wrapped round something that is signed: an assertion, a Response, a request for somebody else.
    let response = target.facts(&target.egi, "_1", ANA);
    let end = "</samlp:LogoutRequest>";
    let around = |inner: &str| xml.replace(end, &format!("<samlp:Extensions>{inner}</samlp:Extensions>{end}"));
    let assertion = signed_inside(&response);
    let assertion =
        &assertion[assertion.find("<saml:Assertion").unwrap()..assertion.find("</samlp:Response>").unwrap()];
    refuses(&around(assertion), (400, UNREADABLE, "an assertion at a place where SAML has none"));
    refuses(
        &xml.replace(end, &format!("{assertion}{end}")),
        (400, UNREADABLE, "an assertion at a place where SAML has none"),
    );
    refuses(&around(&signed(&response)), (400, UNREADABLE, ""));
    let mut other = facts.clone();
    other.id = "_other".to_owned();
    let inner = SIGNER.sign(&other.to_xml(), "_other").unwrap();
    refuses(&around(&inner), (400, UNREADABLE, "a signature that is neither of the message nor of its assertion"));
    let (start, stop) = (inner.find("<ds:Signature").unwrap(), inner.find("</ds:Signature>").unwrap() + 15);
    let moved = around(&other.to_xml()).replacen("<saml:NameID", &format!("{}<saml:NameID", &inner[start..stop]), 1);
    refuses(&moved, (400, UNREADABLE, "a signature that does not refer to its own element"));
    // Another message in the place of the request, and the parameters.
    refuses(&signed(&response), (400, UNREADABLE, "it is not a LogoutRequest"));
    let message = form(&right);
    for fields in [
        &[("SAMLRequest", message.as_str()), ("SAMLRequest", "x")][..],
        &[("SAMLRequest", &message), ("SAMLResponse", &message)],
        &[("RelayState", "x")],
    ] {
        target.refuses_form(fields, (400, UNREADABLE, "not one SAML message"));
    }
    target.refuses_form(&[("SAMLResponse", &message)], (400, UNREADABLE, "it is not a LogoutResponse"));
    assert!(target.is_logged_in(&mut ana.client));
    let page = target.post_logout(&[("SAMLRequest", &message), ("RelayState", "kept state")]);
    confirmed(&page, &facts.id);
    assert!(!target.is_logged_in(&mut ana.client));
    target.refuses_form(&[("SAMLRequest", &message)], (403, NOT_ACCEPTED, "the message was used"));
}

#[test]
fn a_response_never_ends_a_session() {
    let target = Target::start();
    let mut ana = target.victim(ANA);
    let xml = LogoutResponseFacts::valid(IDP, &target.ls(), "_never", false, Utc::now()).to_xml();
    let of = |signer| redirect::address(&target.ls(), (MessageRole::Response, &xml), None, signer).unwrap();
    let unasked = (400, UNREADABLE, "it responds to no logout of ours");
    target.refuses_address(&mut ana.client, &of(Some(&SIGNER)), unasked);
    target.refuses_address(&mut ana.client, &of(None), (403, NOT_ACCEPTED, "it is not signed"));
    assert!(target.is_logged_in(&mut ana.client));
    let page = settled(|| WebClient::new().get(&of(Some(&SIGNER))));
    assert!(page.status() == 200 && page.response.text().contains("You are logged out of POEM."), "{page}");
    // A link ends nothing, and asks nobody.
    let before = target.state();
    for path in ["/poem/saml2/logout/", "/poem/saml2/logout/?h=", "/poem/saml2/logout/?h=0123456789abcdef"] {
        let page = settled(|| ana.client.get(&format!("{}{path}", target.egi)));
        assert!(!page.to_string().contains("SAMLRequest"), "{page}");
    }
    assert_eq!(target.state(), before);
}
