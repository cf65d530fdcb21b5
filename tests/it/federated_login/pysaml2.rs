//! pysaml2 as the identity provider, a second implementation of SAML by others: `make test-saml-peers`.

use roxmltree::Document;

use super::site::{set_idp, without_idp};
use super::{ACS, login_query, metadata, response, signed, values};
use crate::support::WebClient;
use crate::support::pysaml2::PySaml2;

#[test]
#[ignore = "make test-saml-peers"]
fn pysaml2_answers_a_login_and_signs_as_it_is_told() {
    for (what, expected) in
        [("response", &["Response"][..]), ("assertion", &["Assertion"]), ("both", &["Response", "Assertion"])]
    {
        let Some(provider) = PySaml2::start(&metadata(), what) else { return };
        let form = provider.log_in(&mut WebClient::new(), &provider.login_url(&login_query()));
        let message = response(&form);
        assert_eq!(signed(&message), expected, "{what}");
        let document = Document::parse(&message).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("InResponseTo"), Some("_r1"));
        assert_eq!(root.attribute("Destination"), Some(ACS));
        assert_eq!(values(&document, "urn:oid:1.3.6.1.4.1.25178.4.1.6"), ["a1a1a1@example.org"]);
        let theirs = provider.metadata();
        assert!(theirs.contains(&format!("entityID=\"{}\"", provider.entity_id())), "{theirs}");
    }
}

#[test]
#[ignore = "make test-saml-peers"]
fn poem_takes_the_responses_of_pysaml2() {
    for what in ["response", "assertion", "both"] {
        let (installation, server, base) = without_idp();
        let metadata = server.get("/poem/saml2/metadata/").text();
        let Some(provider) = PySaml2::start(&metadata, what) else { return };
        set_idp(&installation, &server, &provider.metadata());
        let mut client = WebClient::new();
        let form = provider.log_in(&mut client, &format!("{base}/poem/saml2/login/?next=/poem/admin/poem/probe/"));
        let answer = client.submit(&form);
        assert_eq!(
            answer.response.header("Location"),
            Some("/poem/admin/poem/probe/"),
            "{what}: {}",
            installation.log()
        );
        assert_eq!(client.follow(answer).status(), 200, "{what}");
    }
}
