//! The bodies that a POST may have: forms of our own pages, with the CSRF token.

use crate::support::{Browser, Installation, Server};

const LOGIN: &str = "/poem/admin/login/";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const MIB: usize = 1024 * 1024;

#[test]
fn a_form_must_have_the_token_of_the_cookie() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    let fields = "username=alice&password=alice-secret-1";
    let refused = browser.post_body(LOGIN, fields);
    assert!(refused.status == 403 && refused.text().contains("CSRF verification failed"), "{refused:?}");
    browser.get(LOGIN);
    let token = browser.cookies["csrftoken"].clone();
    for wrong in ["", "0", &token[1..], &token.to_uppercase(), &format!("{token}0"), &"0".repeat(token.len())] {
        assert_eq!(browser.post_body(LOGIN, &format!("{fields}&csrfmiddlewaretoken={wrong}")).status, 403, "{wrong}");
    }
    assert_eq!(browser.session(), None);
    let good = format!("{fields}&csrfmiddlewaretoken={token}");
    for origin in
        ["https://evil.example.org", "http://localhost.evil.example.org", "http://two.localhost", "http://", "null", ""]
    {
        assert_eq!(browser.send("POST", LOGIN, &[FORM, ("Origin", origin)], good.as_bytes()).status, 403, "{origin}");
    }
    assert_eq!(browser.send("POST", LOGIN, &[FORM, ("Origin", "https://localhost")], good.as_bytes()).status, 303);
    let in_header = browser.send("POST", LOGIN, &[FORM, ("X-CSRFToken", &token)], fields.as_bytes());
    assert_eq!(in_header.status, 303);
}

#[test]
fn a_body_that_is_not_a_form_is_refused() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.get(LOGIN);
    let token = format!("csrfmiddlewaretoken={}", browser.cookies["csrftoken"]);
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        assert_eq!(browser.send("POST", LOGIN, &[("Content-Type", kind)], token.as_bytes()).status, 415, "{kind}");
    }
    assert_eq!(browser.send("POST", LOGIN, &[], token.as_bytes()).status, 415);
    for body in ["username=%FF", "%C3=x", "username=a%00b"] {
        assert_eq!(browser.post_body(LOGIN, &format!("{token}&{body}")).status, 400, "{body}");
    }
    let logout = "/poem/admin/logout/";
    let large = |mib: usize| format!("{token}&x={}", "x".repeat(mib * MIB));
    assert_eq!(browser.post_body(logout, &large(1)).status, 413, "the limit is small without a session");
    assert_eq!(browser.post_body(LOGIN, &large(2)).status, 413);
    browser.log_in("poem", "poem-secret-1");
    let token = format!("csrfmiddlewaretoken={}", browser.cookies["csrftoken"]);
    let large = |mib: usize| format!("{token}&x={}", "x".repeat(mib * MIB));
    assert_eq!(browser.post_body(LOGIN, &large(9)).status, 200, "the login may contain the form of an ended session");
    assert_eq!(browser.post_body(LOGIN, &large(24)).status, 413);
    assert_eq!(browser.post_body(logout, &large(8)).status, 413);
    assert_eq!(browser.post_body(logout, &format!("{token}{}", "&a=b".repeat(100_001))).status, 413);
    assert_eq!(browser.post_body(logout, &large(7)).status, 200);
}
