//! `/poem/saml2/metadata/`: the metadata of POEM as a service provider.

use poem::domain::web::xml;

use super::{good, write_metadata};
use crate::support::simplesamlphp::assert_valid;
use crate::support::{Browser, HttpResponse, Installation, Server};

const ADDRESS: &str = "/poem/saml2/metadata/";

fn of_host(server: &Server, host: &str) -> HttpResponse {
    server.knows(|server| server.send("GET", ADDRESS, &[("Host", host)], b""))
}

fn assert_metadata(text: &str) {
    assert_valid("saml-schema-metadata-2.0.xsd", text);
}

#[test]
fn everybody_gets_the_metadata_also_before_there_is_an_identity_provider() {
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    let response = of_host(&server, "localhost");
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("text/xml; charset=utf-8")));
    assert_eq!(response.header("Cache-Control"), Some("public, max-age=600"));
    let text = response.text();
    assert!(text.contains("entityID=\"https://localhost/poem/saml2/metadata/\""), "{text}");
    assert!(text.contains("AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\""), "{text}");
    assert!(text.contains("<md:ServiceName xml:lang=\"en\">POEM EGI</md:ServiceName>"), "{text}");
    // Without a key there is nothing to sign logouts with.
    assert!(!text.contains("KeyDescriptor") && !text.contains("SingleLogoutService"), "{text}");
    assert!(!text.contains("validUntil") && !text.contains(" ID="), "{text}");
    assert_metadata(&text);
    assert!(of_host(&server, "two.localhost").text().contains("https://two.localhost/poem/saml2/acs/"));
    assert_eq!(of_host(&server, "other.example.org").status, 404);
    let etag = response.header("ETag").unwrap();
    for tag in [etag.to_owned(), format!("W/{etag}"), "*".to_owned()] {
        let again = server.get_as(ADDRESS, &[("If-None-Match", &tag)]);
        assert!(again.status == 304 && again.body.is_empty() && again.header("ETag") == Some(etag), "{again:?}");
    }
}

#[test]
fn the_last_slash_is_added_to_a_get_and_not_to_a_post() {
    let server = Server::start(&Installation::with_tenants());
    for path in ["metadata", "acs", "ls", "ls/post", "login"] {
        let path = format!("/poem/saml2/{path}");
        let moved = server.get(&format!("{path}?a=b%2Fc"));
        assert_eq!((moved.status, moved.header("Location")), (301, Some(&*format!("{path}/?a=b%2Fc"))));
        // A redirect would lose the message of the identity provider.
        assert_eq!(server.send("POST", &path, &[("Host", "localhost")], b"SAMLResponse=x").status, 404, "{path}");
    }
}

#[test]
fn what_is_configured_is_in_the_metadata() {
    let installation = Installation::with_tenants();
    installation.run("poem-saml", &["key"]).done();
    let files = ["key", "crt"].map(|end| installation.path(&format!("etc/poem/saml.{end}")).display().to_string());
    let settings = format!(
        "[SAML]\nKey = {}\nCert = {}\nSupportContact = help@example.org\n[SAML_EGI]\nMoreCerts = {}\n\
         TechnicalContact = a@example.org\nSecurityContact = s@example.org\nDescription = <All> & “more”\n\
         InformationUrl = https://example.org/?a=b&c=d\nPrivacyUrl = https://example.org/p\n\
         LogoUrl = https://example.org/logo.png\nLogoSize = 80x60\nEntitlements = urn:x\n\
         Identifier = subject-id, urn:oid:1.2.3, voPersonID\nBaseUrl = https://localhost:8443\n\
         [GENERAL_EGI]\nSamlServiceName = A & \"B\" 'C' <D>\n",
        files[0], files[1], files[1]
    );
    installation.configure("[GENERAL_EGI]\n", &settings);
    let server = Server::start(&installation);
    let text = of_host(&server, "localhost").text();
    assert_metadata(&text);
    for piece in [
        "entityID=\"https://localhost:8443/poem/saml2/metadata/\"",
        "Location=\"https://localhost:8443/poem/saml2/acs/\" index=\"1\" isDefault=\"true\"",
        "Location=\"https://localhost:8443/poem/saml2/ls/\"",
        "Location=\"https://localhost:8443/poem/saml2/ls/post/\"",
        "FriendlyName=\"voPersonID\" isRequired=\"false\"",
        "Name=\"urn:oid:1.2.3\"",
        "FriendlyName=\"eduPersonEntitlement\" isRequired=\"false\"",
        "mailto:help@example.org",
        "mailto:a@example.org",
        "remd:contactType=\"http://refeds.org/metadata/contactType/security\"",
        "<mdui:Logo height=\"60\" width=\"80\">",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
    let document = xml::parse(&text).unwrap();
    let texts = |name: &str| -> Vec<String> {
        document.descendants().filter(|node| node.tag_name().name() == name).map(xml::text_of).collect()
    };
    assert_eq!([texts("DisplayName"), texts("ServiceName")], [["A & \"B\" 'C' <D>"], ["A & \"B\" 'C' <D>"]]);
    assert_eq!(texts("InformationURL"), ["https://example.org/?a=b&c=d"]);
    assert_eq!((texts("KeyDescriptor").len(), text.matches("use=\"signing\"").count()), (2, 2));
    // The key of all tenants is also TWO's.
    let two = of_host(&server, "two.localhost").text();
    assert!(two.contains("KeyDescriptor") && two.contains("SingleLogoutService") && !two.contains("mailto:a@"));
    assert_metadata(&two);
    // The command prints the same.
    assert_eq!(installation.run("poem-saml", &["metadata", "-n", "egi"]).done().stdout, text);
}

#[test]
fn requests_are_said_to_be_signed_if_the_identity_provider_wants_it() {
    let installation = Installation::with_tenants();
    installation.run("poem", &["saml", "key", "-n", "egi"]).done();
    let path = |end: &str| installation.path(&format!("etc/poem/saml-egi.{end}")).display().to_string();
    installation.configure(
        "[GENERAL_EGI]\n",
        &format!("[SAML_EGI]\nKey = {}\nCert = {}\n[GENERAL_EGI]\n", path("key"), path("crt")),
    );
    write_metadata(&installation, &good());
    let server = Server::start(&installation);
    assert!(of_host(&server, "localhost").text().contains("AuthnRequestsSigned=\"true\""));
}

#[test]
fn a_wrong_setting_switches_off_the_login_of_that_tenant_alone() {
    let installation = Installation::with_tenants();
    write_metadata(&installation, &good());
    installation.configure("[GENERAL_EGI]\n", "[SAML_EGI]\nClockSkew = long\n[GENERAL_EGI]\n");
    let server = Server::start(&installation);
    let page = |host| Browser::of_host(&server, host).get("/poem/admin/login/").text();
    assert!(page("localhost").contains("Logging in with your institution is not available at the moment."));
    assert!(!page("two.localhost").contains("institution"));
    assert_eq!((server.get(ADDRESS).status, of_host(&server, "two.localhost").status), (503, 200));
    let log = installation.log();
    assert!(log.contains("EGI: federated login is off: "), "{log}");
    assert!(log.contains("[SAML_EGI] ClockSkew is not a number of seconds (0 to 600)"), "{log}");
}
