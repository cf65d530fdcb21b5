//! Messages that are right, at the wrong place, time or browser.

use std::thread;

use openssl::base64::encode_block;
use poem::dev::identity_provider::responses::ConfirmationFacts;

use super::{IDP, NOT_ACCEPTED, TOO_LONG, Target, USED, signed, signed_inside};
use crate::federation::SIGNER;
use crate::support::{Server, WebClient, http};

const MALLORY: (&str, &str) = ("mallory@example.org", "Mallory");
const HERE: &str = "This login was not begun here";
const OTHER_BROWSER: &str = "Your browser did not send back its cookie";

#[test]
fn a_message_counts_once() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let facts = target.facts(&target.egi, &request, MALLORY);
    let message = signed(&facts);
    // The cookie of the login is gone afterwards, but an attacker may have kept it.
    let mut thief = WebClient::new();
    for name in client.cookie_names("localhost") {
        thief.set_cookie("localhost", &format!("{name}={}; SameSite=None", client.cookie("localhost", name).unwrap()));
    }
    assert_eq!(target.post(&mut client, &target.egi, &message).status(), 303);
    let refused = (403, USED, "its login was used");
    target.attack(&mut client, &target.egi, &message, refused);
    target.attack(&mut thief, &target.egi, &message, refused);
    assert!(target.is_logged_in(&mut client) && !target.is_logged_in(&mut thief));
}

#[test]
fn a_message_counts_once_at_two_servers_at_once() {
    let target = Target::start();
    let second = Server::start(&target.installation);
    for _ in 0..5 {
        let mut client = WebClient::new();
        let request = target.begin(&mut client, &target.egi);
        let name = client.cookie_names("localhost").into_iter().find(|name| name.starts_with("samlbrowser-")).unwrap();
        let cookie = format!("{name}={}", client.cookie("localhost", name).unwrap());
        let message = encode_block(signed(&target.facts(&target.egi, &request, MALLORY)).as_bytes());
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLResponse", &message).finish();
        let host = target.egi.strip_prefix("http://").unwrap();
        let post = |server: &Server| {
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            let headers = [("Host", host), ("Cookie", cookie.as_str()), form];
            server.knows(|server| http::send(server.address, "POST", "/poem/saml2/acs/", &headers, body.as_bytes()))
        };
        let mut statuses = thread::scope(|scope| {
            let both = [&target.server, &second, &target.server].map(|server| scope.spawn(move || post(server)));
            both.map(|one| one.join().unwrap().status)
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 403, 403]);
    }
    assert_eq!(target.sql("SELECT count(*) FROM egi.saml_session"), ["5"]);
    assert_eq!(target.sql("SELECT username FROM egi.app_user WHERE egi_id = 'mallory@example.org'"), ["Mallory"]);
}

#[test]
fn an_assertion_counts_once_also_in_another_response() {
    let target = Target::start();
    let mut client = WebClient::new();
    let [first, second] = [(); 2].map(|()| target.begin(&mut client, &target.egi));
    let mut facts = target.facts(&target.egi, &first, MALLORY);
    let assertion = facts.assertion.as_ref().unwrap();
    let again = ConfirmationFacts { in_response_to: Some(second.clone()), ..assertion.confirmations[0].clone() };
    // An assertion of one login, in a Response to another: the Response is not signed, so anybody can write it.
    let mut moved = facts.clone();
    moved.in_response_to = Some(second.clone());
    let elsewhere = (403, NOT_ACCEPTED, "its InResponseTo is not the login that the Response names");
    target.attack(&mut client, &target.egi, &signed_inside(&moved), elsewhere);
    // An assertion that the identity provider made for both.
    facts.assertion.as_mut().unwrap().confirmations.push(again);
    let message = signed_inside(&facts);
    assert_eq!(target.post(&mut client, &target.egi, &message).status(), 303);
    let moved = message.replacen(&first, &second, 1);
    target.attack(&mut client, &target.egi, &moved, (403, USED, "its assertion was used"));
}

#[test]
fn a_message_counts_only_at_its_tenant() {
    let target = Target::start();
    let mut client = WebClient::new();
    let (here, there) = (target.begin(&mut client, &target.egi), target.begin(&mut client, &target.two));
    let message = signed(&target.facts(&target.egi, &here, MALLORY));
    let (egi_acs, two_acs) = (format!("{}/poem/saml2/acs/", target.egi), format!("{}/poem/saml2/acs/", target.two));
    let cause = format!("it is for “{egi_acs}”; this is {two_acs}");
    target.attack(&mut client, &target.two, &message, (403, NOT_ACCEPTED, &cause));
    // The Response is changed, only the assertion is signed.
    let mut moved = target.facts(&target.egi, &here, MALLORY);
    moved.destination = None;
    let unknown = (403, TOO_LONG, "an answer to a login that is unknown here");
    target.attack(&mut client, &target.two, &signed_inside(&moved), unknown);
    moved.in_response_to = Some(there.clone());
    let cause = format!("its Recipient is “{egi_acs}”; this is {two_acs}");
    target.attack(&mut client, &target.two, &signed_inside(&moved), (403, NOT_ACCEPTED, &cause));
    // An identity provider that confuses the two in one place only.
    let mut audience = target.facts(&target.two, &there, MALLORY);
    audience.assertion.as_mut().unwrap().audiences = vec![vec![format!("{}/poem/saml2/metadata/", target.egi)]];
    let cause = format!("it is for “{}/poem/saml2/metadata/”", target.egi);
    target.attack(&mut client, &target.two, &signed(&audience), (403, NOT_ACCEPTED, &cause));
    assert_eq!(target.post(&mut client, &target.egi, &message).status(), 303);
    assert_eq!(target.sql("SELECT count(*) FROM two.login_session"), ["0"]);
}

#[test]
fn a_message_for_another_service_or_of_another_identity_provider_is_refused() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let valid = target.facts(&target.egi, &request, MALLORY);
    let mut facts = valid.clone();
    let other = "https://other.example.org/metadata".to_owned();
    facts.assertion.as_mut().unwrap().audiences = vec![vec![other.clone()]];
    target.attack(
        &mut client,
        &target.egi,
        &signed(&facts),
        (403, NOT_ACCEPTED, "it is for “https://other.example.org"),
    );
    // Both restrictions must name this one.
    let own = format!("{}/poem/saml2/metadata/", target.egi);
    facts.assertion.as_mut().unwrap().audiences = vec![vec![own], vec![other.clone()]];
    target.attack(
        &mut client,
        &target.egi,
        &signed(&facts),
        (403, NOT_ACCEPTED, "it is for “https://other.example.org"),
    );
    // Another identity provider with the same key.
    let comes = "it comes from “https://other.example.org/metadata”";
    let mut facts = valid.clone();
    facts.issuer = Some(other.clone());
    target.attack(&mut client, &target.egi, &signed(&facts), (403, NOT_ACCEPTED, comes));
    facts.issuer = None;
    facts.assertion.as_mut().unwrap().issuer = Some(other);
    target.attack(&mut client, &target.egi, &signed(&facts), (403, NOT_ACCEPTED, comes));
    assert_eq!(valid.issuer.as_deref(), Some(IDP));
    assert_eq!(target.post(&mut client, &target.egi, &signed(&valid)).status(), 303, "it was right but for that");
}

#[test]
fn a_message_counts_only_in_the_browser_that_asked() {
    let target = Target::start();
    let (mut victim, mut attacker) = (WebClient::new(), WebClient::new());
    // The attacker wants the victim to work in the attacker's account.
    let request = target.begin(&mut attacker, &target.egi);
    let message = signed(&target.facts(&target.egi, &request, MALLORY));
    let cause = "it came through another browser than the one that asked";
    target.attack(&mut victim, &target.egi, &message, (403, OTHER_BROWSER, cause));
    target.begin(&mut victim, &target.egi);
    target.attack(&mut victim, &target.egi, &message, (403, OTHER_BROWSER, cause));
    assert_eq!(target.post(&mut attacker, &target.egi, &message).status(), 303);
}

#[test]
fn a_message_that_answers_no_login_is_refused() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let mut facts = target.facts(&target.egi, &request, MALLORY);
    facts.in_response_to = None;
    let cause = "an answer to no request of ours: it has no InResponseTo";
    target.attack(&mut client, &target.egi, &signed(&facts), (403, HERE, cause));
    facts.in_response_to = Some(String::new());
    target.attack(&mut client, &target.egi, &signed(&facts), (403, HERE, cause));
    facts.assertion.as_mut().unwrap().confirmations[0].in_response_to = None;
    target.attack(&mut client, &target.egi, &signed(&facts), (403, HERE, cause));
    facts.in_response_to = Some(request);
    let cause = "its InResponseTo is not the login that the Response names";
    target.attack(&mut client, &target.egi, &signed(&facts), (403, NOT_ACCEPTED, cause));
    facts.in_response_to = Some("_0123456789abcdef0123456789abcdef01234567".to_owned());
    target.attack(&mut client, &target.egi, &signed(&facts), (403, TOO_LONG, "an answer to a login that is unknown"));
}

#[test]
fn a_login_is_over_after_an_hour() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let facts = target.facts(&target.egi, &request, MALLORY);
    let age = |interval: &str| {
        let change = format!("created = created - interval '{interval}', expires = expires - interval '{interval}'");
        target.sql(&format!("UPDATE egi.saml_request SET {change} RETURNING kind"));
    };
    age("61 minutes");
    target.attack(&mut client, &target.egi, &signed(&facts), (403, TOO_LONG, "an answer to a login that is unknown"));
    age("-2 minutes");
    assert_eq!(target.post(&mut client, &target.egi, &signed(&facts)).status(), 303);
}

#[test]
fn a_message_of_before_the_login_is_refused() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    target.sql("UPDATE egi.saml_request SET created = created + interval '10 minutes' RETURNING kind");
    let facts = target.facts(&target.egi, &request, MALLORY);
    target.attack(&mut client, &target.egi, &signed(&facts), (403, TOO_LONG, "the Response is "));
}

#[test]
fn only_the_bearer_of_the_assertion_is_logged_in() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let mut facts = target.facts(&target.egi, &request, MALLORY);
    let confirmation = |facts: &mut poem::dev::identity_provider::responses::ResponseFacts, method: &str| {
        facts.assertion.as_mut().unwrap().confirmations[0].method = format!("urn:oasis:names:tc:SAML:2.0:cm:{method}");
    };
    for method in ["holder-of-key", "sender-vouches"] {
        confirmation(&mut facts, method);
        let cause = format!("SubjectConfirmation of the method “urn:oasis:names:tc:SAML:2.0:cm:{method}”");
        target.attack(&mut client, &target.egi, &signed(&facts), (403, NOT_ACCEPTED, &cause));
    }
    let mut nobody = facts.clone();
    nobody.assertion.as_mut().unwrap().confirmations.clear();
    let cause = "no SubjectConfirmation of the method bearer";
    target.attack(&mut client, &target.egi, &signed(&nobody), (403, NOT_ACCEPTED, cause));
    confirmation(&mut facts, "bearer");
    let stranger = crate::federation::new_signer(poem::dev::identity_provider::signer::SignerKey::EcP256);
    let foreign = facts.to_signed_xml(Some(&stranger), Some(&SIGNER)).unwrap();
    target.attack(&mut client, &target.egi, &foreign, (403, NOT_ACCEPTED, "signed by none of the 1 certificates in"));
    target.attack(&mut client, &target.egi, &facts.to_xml(), (403, NOT_ACCEPTED, "it is not signed"));
    assert_eq!(target.post(&mut client, &target.egi, &signed(&facts)).status(), 303);
}
