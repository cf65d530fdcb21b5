//! Requests in other shapes than browsers and identity providers send them, and too many of them.

use super::{Target, settled, signed};
use crate::support::{HttpResponse, WebClient};

const ACS: &str = "/poem/saml2/acs/";
const LS: &str = "/poem/saml2/ls/";
const LS_POST: &str = "/poem/saml2/ls/post/";
const LOGIN: &str = "/poem/saml2/login/";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

impl Target {
    /// Sends a request to EGI. The response never sets a CSRF token and is never stored.
    #[track_caller]
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let host = self.egi.strip_prefix("http://").unwrap();
        let answer =
            self.server.knows(|server| server.send(method, path, &[&[("Host", host)], headers].concat(), body));
        assert!(answer.headers("Set-Cookie").all(|cookie| !cookie.contains("csrftoken")), "{path}: {answer:?}");
        let stored = answer.header("Cache-Control").unwrap_or_default();
        assert!(stored.contains("no-store"), "{method} {path}: {answer:?}");
        answer
    }

    fn open_logins(&self) -> String {
        self.sql("SELECT count(*) FROM egi.saml_request").remove(0)
    }
}

#[test]
fn messages_come_in_forms_of_a_limited_size() {
    let target = Target::start();
    let before = target.state();
    for path in [ACS, LS_POST] {
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x", "text/xml"] {
            let answer = target.send("POST", path, &[("Content-Type", kind)], b"SAMLResponse=x");
            assert_eq!(answer.status, 415, "{path} {kind}: {answer:?}");
        }
        assert_eq!(target.send("POST", path, &[], b"SAMLResponse=x").status, 415, "{path}");
        let large = [b"SAMLResponse=".as_slice(), &vec![b'A'; 1_200_000]].concat();
        assert_eq!(target.send("POST", path, &[FORM], &large).status, 413, "{path}");
        for body in ["", "SAMLResponse=", "SAMLResponse=%zz", "SAMLResponse=!", "SAMLResponse=x&SAMLResponse=x", "x=y"]
        {
            let answer = target.send("POST", path, &[FORM], body.as_bytes());
            assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
        }
        for body in [&b"SAMLResponse=\xff"[..], b"SAMLResponse=%00", b"SAMLResponse=%ff%fe"] {
            assert_eq!(target.send("POST", path, &[FORM], body).status, 400, "{path} {body:?}");
        }
    }
    // A message of the largest form that is too large.
    let body = format!("SAMLResponse={}", "A".repeat(1_040_000));
    assert_eq!(target.send("POST", ACS, &[FORM], body.as_bytes()).status, 400);
    let body = format!("SAMLRequest={}", "A".repeat(100_000));
    assert_eq!(target.send("POST", LS_POST, &[FORM], body.as_bytes()).status, 400);
    assert_eq!(target.state(), before);
}

#[test]
fn each_address_takes_its_own_method() {
    let target = Target::start();
    for (method, path, allowed) in [("GET", ACS, "POST"), ("GET", LS_POST, "POST"), ("POST", LS, "GET")] {
        let answer = target.send(method, path, &[FORM], b"");
        assert_eq!((answer.status, answer.header("Allow")), (405, Some(allowed)), "{method} {path}: {answer:?}");
    }
    let page = target.send("GET", ACS, &[], b"").text();
    assert!(
        page.contains("This is not a page") && page.contains("href=\"&#x2F;poem&#x2F;saml2&#x2F;login&#x2F;"),
        "{page}"
    );
    let before = target.open_logins();
    for path in [LOGIN, "/poem/saml2/login", LS, ACS] {
        let answer = target.server.knows(|server| server.send("HEAD", path, &[("Host", "localhost")], b""));
        assert!([301, 405].contains(&answer.status), "{path}: {answer:?}");
        assert_eq!(answer.status == 301, !path.ends_with('/'), "{path}: {answer:?}");
        assert_eq!(answer.headers("Set-Cookie").count(), 0, "{path}: {answer:?}");
    }
    assert_eq!(target.open_logins(), before);
    for path in ["/poem/saml2/acs", "/poem/saml2/ls/post"] {
        let answer =
            target.server.knows(|server| server.send("POST", path, &[("Host", "localhost"), FORM], b"SAMLResponse=x"));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    for (method, path) in [("PUT", ACS), ("DELETE", LOGIN), ("PATCH", LS), ("POST", LOGIN), ("OPTIONS", ACS)] {
        let answer = target.server.knows(|server| server.send(method, path, &[("Host", "localhost"), FORM], b""));
        assert!((400..500).contains(&answer.status), "{method} {path}: {answer:?}");
    }
    assert_eq!(target.open_logins(), before);
}

#[test]
fn the_answer_of_a_login_sets_the_session_and_no_csrf_token() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let facts = target.facts(&target.egi, &request, ("x@example.org", "Ivana"));
    let page = target.post(&mut client, &target.egi, &signed(&facts));
    let cookies: Vec<_> = page.response.headers("Set-Cookie").collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("sessionid=")).expect("a session");
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
    assert!(cookies.iter().any(|cookie| cookie.starts_with("samlbrowser-") && cookie.contains("Max-Age=0")));
    assert!(cookies.iter().all(|cookie| !cookie.contains("csrftoken")), "{cookies:?}");
    assert_eq!(page.response.header("Cache-Control"), Some("no-store"));
}

#[test]
fn a_login_ends_the_session_that_the_browser_had() {
    let target = Target::start();
    let mut client = WebClient::new();
    let session = target.installation.log_in("alice");
    let request = target.begin(&mut client, &target.egi);
    client.set_cookie("localhost", &format!("sessionid={session}; Path=/; SameSite=None"));
    let facts = target.facts(&target.egi, &request, ("x@example.org", "Ivana"));
    assert_eq!(target.post(&mut client, &target.egi, &signed(&facts)).status(), 303);
    assert_ne!(client.cookie("localhost", "sessionid"), Some(session.as_str()));
    let mut old = WebClient::new();
    old.set_cookie("localhost", &format!("sessionid={session}; Path=/"));
    assert!(!target.is_logged_in(&mut old), "the session id that was there before is worth nothing");
}

#[test]
fn an_address_begins_only_so_many_logins() {
    let target = Target::start();
    let mut client = WebClient::new();
    let request = target.begin(&mut client, &target.egi);
    let add = |from: u32, count: u32, address: &str| {
        target.sql(&format!(
            "INSERT INTO egi.saml_request (id_hash, kind, idp, browser_hash, address_hash, expires)
             SELECT decode(lpad(to_hex(n), 64, '0'), 'hex'), 'login', idp, browser_hash, {address}, now() + interval '30 minutes'
             FROM egi.saml_request, generate_series({from}, {from} + {count} - 1) n
             WHERE encode(id_hash, 'hex') NOT LIKE '0000000000%' RETURNING kind"
        ));
    };
    add(1, 58, "address_hash");
    let mut other = WebClient::new();
    target.begin(&mut other, &target.egi);
    let before = target.open_logins();
    let begin = |base: &str| settled(|| WebClient::new().get(&format!("{base}{LOGIN}")));
    let page = begin(&target.egi);
    assert!(page.status() == 429 && page.response.text().contains("Too many logins were begun"), "{page}");
    let wait: u32 = page.response.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=1800).contains(&wait), "{page}");
    assert_eq!(page.response.headers("Set-Cookie").count(), 0);
    assert_eq!(target.open_logins(), before);
    assert_eq!(begin(&target.two).status(), 302, "another tenant");
    // Who has begun can still end, which makes room.
    let facts = target.facts(&target.egi, &request, ("x@example.org", "Ivana"));
    assert_eq!(target.post(&mut client, &target.egi, &signed(&facts)).status(), 303);
    assert_eq!(begin(&target.egi).status(), 302);
    assert_eq!(begin(&target.egi).status(), 429);
    // What is over does not count.
    target.sql("UPDATE egi.saml_request SET expires = now() - interval '1 second' RETURNING kind");
    assert_eq!(begin(&target.egi).status(), 302);
}

#[test]
fn a_tenant_has_only_so_many_logins_open() {
    let target = Target::start();
    let mut client = WebClient::new();
    target.begin(&mut client, &target.egi);
    target.sql(
        "INSERT INTO egi.saml_request (id_hash, kind, idp, browser_hash, address_hash, expires)
         SELECT decode(lpad(to_hex(n), 64, '0'), 'hex'), 'login', idp, browser_hash,
                decode(lpad(to_hex(n), 64, '0'), 'hex'), now() + interval '1 minute'
         FROM egi.saml_request, generate_series(1, 4999) n RETURNING kind",
    );
    let page = settled(|| client.get(&format!("{}{LOGIN}", target.egi)));
    assert_eq!(page.status(), 429, "{page}");
    let wait: u32 = page.response.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{page}");
    assert_eq!(settled(|| client.get(&format!("{}{LOGIN}", target.two))).status(), 302);
}

#[test]
fn over_tls_the_cookie_of_a_login_belongs_to_this_host_alone() {
    let target = Target::start();
    let cookie = |headers: &[(&str, &str)]| {
        let answer = target.send("GET", LOGIN, headers, b"");
        assert_eq!(answer.status, 302, "{answer:?}");
        let [cookie] = answer.headers("Set-Cookie").collect::<Vec<_>>().try_into().expect("one cookie");
        cookie.to_owned()
    };
    for (headers, name, path) in [
        (&[][..], "samlbrowser-", "; Path=/poem/saml2/"),
        (&[("X-Forwarded-Proto", "https")][..], "__Host-samlbrowser-", "; Path=/;"),
    ] {
        let cookie = cookie(headers);
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in [path, "; HttpOnly", "; SameSite=None", "; Secure", "; Max-Age=3600"] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
    }
}
