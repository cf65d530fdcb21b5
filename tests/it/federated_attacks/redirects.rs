//! Texts from outside that would like to be an address, a host or a script.

use poem::dev::identity_provider::redirect::ReceivedQuery;

use super::{IDP_PAGE, Target, settled, signed};
use crate::support::WebClient;

const SCRIPT: &str = "<script>alert(1)</script>";

impl Target {
    /// Begins a login at EGI with these headers; returns the AuthnRequest.
    #[track_caller]
    fn request_as(&self, host: &str, headers: &[(&str, &str)]) -> String {
        let host = host.strip_prefix("http://").unwrap();
        let answer = self
            .server
            .knows(|server| server.send("GET", "/poem/saml2/login/", &[&[("Host", host)], headers].concat(), b""));
        assert_eq!(answer.status, 302, "{answer:?}");
        let query = answer.header("Location").unwrap().strip_prefix(IDP_PAGE).unwrap().strip_prefix('?').unwrap();
        ReceivedQuery::read(query).unwrap().xml
    }
}

#[test]
fn a_login_returns_to_this_site_only() {
    let target = Target::start();
    for next in [
        "//evil.example.org/",
        "/%5Cevil.example.org",
        "%5C%5Cevil.example.org",
        "http:evil.example.org",
        "https://evil.example.org/",
        "%2f%2fevil.example.org",
        "%252f%252fevil.example.org",
        "%2F%09%2Fevil.example.org",
        "/%0d%0aX-Evil:%20evil.example.org",
        "javascript:alert(%22evil.example.org%22)",
        "evil.example.org",
    ] {
        let mut client = WebClient::new();
        let page = settled(|| client.get(&format!("{}/poem/saml2/login/?next={next}", target.egi)));
        let to = page.redirect().unwrap_or_else(|| panic!("{next}: {page}"));
        assert!(to.as_str().starts_with(IDP_PAGE) && page.response.header("X-Evil").is_none(), "{next}: {page}");
        let request = to.query_pairs().find(|(name, _)| name == "RelayState").unwrap().1.into_owned();
        let facts = target.facts(&target.egi, &request, ("x@example.org", "Ivana"));
        let page = target.post(&mut client, &target.egi, &signed(&facts));
        assert_eq!(page.response.header("Location"), Some("/poem/admin/poem/profile/"), "{next}");
        // Also for who is logged in, and only within this site for what is a path.
        let page = settled(|| client.get(&format!("{}/poem/saml2/login/?next={next}", target.egi)));
        assert_eq!(page.response.header("Location"), Some("/poem/admin/poem/profile/"), "{next}");
    }
}

#[test]
fn the_relay_state_of_an_answer_is_never_followed() {
    let target = Target::start();
    for relay_state in ["https://evil.example.org/", "//evil.example.org", "/poem/admin/logout/", &"x".repeat(100_000)]
    {
        let mut client = WebClient::new();
        let request = target.begin(&mut client, &target.egi);
        let message = signed(&target.facts(&target.egi, &request, ("x@example.org", "Ivana")));
        let message = openssl::base64::encode_block(message.as_bytes());
        let fields = [("SAMLResponse", message.as_str()), ("RelayState", relay_state)];
        let form = super::idp_form(&format!("{}/poem/saml2/acs/", target.egi), &fields);
        let page = settled(|| client.submit(&form));
        assert_eq!(page.response.header("Location"), Some("/poem/admin/poem/profile/"), "{page}");
        assert!(!page.to_string().contains("evil"), "{page}");
    }
}

#[test]
fn the_addresses_are_those_of_the_tenant_whatever_the_request_says() {
    let target = Target::start();
    let acs = format!("AssertionConsumerServiceURL=\"{}/poem/saml2/acs/\"", target.egi);
    let evil = "evil.example.org";
    for headers in [
        &[][..],
        &[("X-Forwarded-Host", evil)],
        &[("X-Forwarded-Host", evil), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "1")],
        &[("Forwarded", "host=evil.example.org"), ("X-Host", evil), ("X-Original-URL", "//evil.example.org")],
        &[("Origin", "https://evil.example.org"), ("Referer", "https://evil.example.org/")],
    ] {
        let request = target.request_as(&target.egi, headers);
        assert!(
            request.contains(&acs) && request.contains(&format!(">{}/poem/saml2/metadata/<", target.egi)),
            "{request}"
        );
        assert!(!request.contains(evil), "{request}");
        let host = target.egi.strip_prefix("http://").unwrap();
        let headers = [&[("Host", host)], headers].concat();
        let metadata = target.server.knows(|server| server.send("GET", "/poem/saml2/metadata/", &headers, b""));
        assert!(!metadata.text().contains(evil), "{}", metadata.text());
    }
    // Another host is another tenant, or none.
    let two = target.request_as(&target.two, &[]);
    assert!(two.contains(&format!("AssertionConsumerServiceURL=\"{}/poem/saml2/acs/\"", target.two)), "{two}");
    for path in ["/poem/saml2/login/", "/poem/saml2/metadata/", "/poem/saml2/ls/", "/poem/saml2/logout/"] {
        let answer = target.server.knows(|server| server.send("GET", path, &[("Host", evil)], b""));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(answer.headers("Set-Cookie").count(), 0, "{path}: {answer:?}");
    }
}

#[test]
fn the_name_of_the_service_is_no_markup() {
    let target = Target::start_with(&format!("SamlServiceName = {SCRIPT} \" & x\nSamlLoginString = {SCRIPT}\n"));
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;";
    let request = target.request_as(&target.egi, &[]);
    assert!(!request.contains(SCRIPT) && request.contains("ProviderName="), "{request}");
    roxmltree::Document::parse(&request).unwrap();
    let metadata = target.server.knows(|server| server.get("/poem/saml2/metadata/")).text();
    assert!(metadata.contains(escaped) && !metadata.contains(SCRIPT), "{metadata}");
    roxmltree::Document::parse(&metadata).unwrap();
    let login = settled(|| WebClient::new().get(&format!("{}/poem/admin/login/", target.egi))).response.text();
    assert!(!login.contains(SCRIPT) && login.contains("&lt;script&gt;alert(1)"), "{login}");
}

#[test]
fn words_of_the_identity_provider_are_in_the_log_only_and_in_one_line() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let mut facts = target.facts(&target.egi, &request, ("x@example.org", "X"));
    facts.assertion = None;
    let code = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{name}");
    facts.status = vec![code("Responder"), code("RequestDenied")];
    facts.status_message = Some(format!("{SCRIPT}\n2026-01-01 00:00:00 forged\u{1f600}\u{202e} {}", "x".repeat(1000)));
    let page = target.post(&mut client, &target.egi, &signed(&facts));
    let text = page.response.text();
    assert!(page.status() == 200 && text.contains("<h1>idp.example.org did not log you in</h1>"), "{text}");
    assert!(!text.contains("alert(1)") && !text.contains("forged"), "{text}");
    target.expect_log(r"RequestDenied: “<script>alert(1)</script>\n2026-01-01 00:00:00 forged");
    assert!(!target.installation.log().contains(&"x".repeat(201)), "{}", target.installation.log());
    // A code that is no word.
    facts.status = vec![code("Responder"), format!("urn:x:{SCRIPT}")];
    let page = target.post(&mut client, &target.egi, &signed(&facts));
    assert!(page.status() == 200 && !page.response.text().contains("alert(1)"), "{page}");
}

#[test]
fn a_display_name_is_no_markup() {
    let target = Target::start();
    let mut client = WebClient::new();
    let name = format!("{SCRIPT}<img src=x onerror=alert(1)> \u{202e}");
    target.log_in(&mut client, (&format!("{SCRIPT}@example.org"), &name));
    let mut superuser = WebClient::new();
    let session = target.installation.log_in("poem");
    superuser.set_cookie("localhost", &format!("sessionid={session}; Path=/"));
    let id = target.sql("SELECT id FROM egi.app_user WHERE password LIKE '!%'").remove(0);
    let user = format!("/poem/admin/poem/custuser/{id}/");
    let history = format!("{user}history/");
    for path in ["/poem/admin/", "/poem/admin/poem/custuser/", &user, &history, "/poem/admin/poem/profile/"] {
        for client in [&mut superuser, &mut client] {
            let page = settled(|| client.get(&format!("{}{path}", target.egi)));
            let text = page.response.text();
            assert!(!text.contains(SCRIPT) && !text.contains("<img src=x"), "{path}: {text}");
        }
    }
}

#[test]
fn the_cookie_of_another_login_does_not_do() {
    let target = Target::start();
    let mut client = WebClient::new();
    let first = target.begin(&mut client, &target.egi);
    let mut other = WebClient::new();
    target.begin(&mut other, &target.egi);
    let cookie = |client: &WebClient| {
        let name = client.cookie_names("localhost").into_iter().find(|name| name.starts_with("samlbrowser-"));
        let name = name.expect("the cookie of the login").to_owned();
        let value = client.cookie("localhost", &name).unwrap().to_owned();
        (name, value)
    };
    let ((name, value), (_, wrong)) = (cookie(&client), cookie(&other));
    let message = signed(&target.facts(&target.egi, &first, ("x@example.org", "X")));
    let refused =
        (403, "Your browser did not send back its cookie", "it came through another browser than the one that asked");
    for forged in [&wrong, "", &value[1..], &value.to_uppercase(), &name] {
        other.set_cookie("localhost", &format!("{name}={forged}; SameSite=None"));
        if *forged != value {
            target.attack(&mut other, &target.egi, &message, refused);
        }
    }
    // At another host it is the cookie of nobody.
    let request = target.begin(&mut WebClient::new(), &target.two);
    let mut both = WebClient::new();
    both.set_cookie("two.localhost", &format!("{name}={value}; SameSite=None"));
    let message_two = signed(&target.facts(&target.two, &request, ("x@example.org", "X")));
    target.attack(&mut both, &target.two, &message_two, refused);
    assert_eq!(target.post(&mut client, &target.egi, &message).status(), 303);
}
