//! Cookies: POEM's own among those of its neighbours, with and without TLS.

use crate::support::browser::input;
use crate::support::{Browser, HttpResponse, Installation, Server};

const LOGIN: &str = "/poem/admin/login/";
const LOGOUT: &str = "/poem/admin/logout/";
const GROUP: &str = "/poem/admin/poem/groupofprobes/add/";
const USERS: &str = "/poem/api/v2/internal/users/";
const TLS: (&str, &str) = ("X-Forwarded-Proto", "https");

/// Returns a browser whose requests come over TLS.
fn over_tls(server: &Server) -> Browser<'_> {
    let mut browser = Browser::new(server);
    browser.headers.push((TLS.0, TLS.1.to_owned()));
    browser
}

/// Returns the cookie of a response with this name, with its attributes.
#[track_caller]
fn cookie(answer: &HttpResponse, name: &str) -> String {
    let start = format!("{name}=");
    answer.headers("Set-Cookie").find(|cookie| cookie.starts_with(&start)).map(str::to_owned).unwrap_or_default()
}

#[test]
fn cookies_of_neighbours_do_no_harm() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.get(LOGIN);
    let token = browser.cookies["csrftoken"].clone();
    let body = format!("username=alice&password=alice-secret-1&csrfmiddlewaretoken={token}");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let evil = "f".repeat(32);
    for cookies in [
        format!("name=Jörg; csrftoken={token}"),
        format!("name=J\u{fffd}rg; =; ;\"; name; csrftoken={token}; broken=%FF%00"),
        format!("csrftoken=x; csrftoken={token}"),
        format!("csrftoken={token}; csrftoken="),
        format!("csrftoken={evil}; csrftoken={evil}; csrftoken=; csrftoken={token}"),
        format!("sessionid=x; sessionid=; sessionid={evil}; csrftoken={token}; csrftoken={evil}"),
    ] {
        let headers = [("Host", "localhost"), ("Cookie", cookies.as_str()), form];
        let answer = server.send("POST", LOGIN, &headers, body.as_bytes());
        assert_eq!(answer.status, 303, "{cookies}: {}", answer.text());
    }
    let fifth = format!("csrftoken=a; csrftoken=b; csrftoken=c; csrftoken=d; csrftoken={token}");
    let headers = [("Host", "localhost"), ("Cookie", fifth.as_str()), form];
    assert_eq!(server.send("POST", LOGIN, &headers, body.as_bytes()).status, 403, "four are looked at");
}

#[test]
fn over_tls_only_the_cookie_of_the_host_is_a_session() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = over_tls(&server);
    let answer = browser.log_in("alice", "alice-secret-1");
    let set = cookie(&answer, "__Host-sessionid");
    assert!(set.contains("Secure") && set.contains("HttpOnly") && set.contains("Path=/"), "{answer:?}");
    assert!(!set.contains("Domain") && cookie(&answer, "sessionid").is_empty(), "{answer:?}");
    assert!(browser.is_logged_in());
    let id = browser.session().unwrap().to_owned();
    let status = |headers: &[(&str, &str)]| server.get_as(USERS, headers).status;
    let (own, old) = (format!("__Host-sessionid={id}"), format!("sessionid={id}"));
    assert_eq!(status(&[TLS, ("Cookie", &own)]), 200);
    assert_eq!(status(&[TLS, ("Cookie", &old)]), 403, "a neighbour could have set it");
    assert_eq!(status(&[("Cookie", &own)]), 403, "without TLS, no browser sends it");
    assert_eq!(status(&[("Cookie", &old)]), 200);
    assert_eq!(status(&[TLS, ("Cookie", &format!("sessionid=x; {own}"))]), 200);
    let removed = cookie(&browser.post(LOGOUT, &[]), "__Host-sessionid");
    assert!(removed.contains("Max-Age=0") && removed.contains("Secure") && removed.contains("Path=/"), "{removed}");
}

#[test]
fn of_several_sessions_the_live_one_counts_and_of_two_none() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let (alice, bob) = (installation.log_in("alice"), installation.log_in("bob"));
    let dead = "0".repeat(64);
    let status = |cookies: &[&str]| {
        let cookies: Vec<_> = cookies.iter().map(|id| format!("sessionid={id}")).collect();
        server.get_as(USERS, &[("Cookie", &cookies.join("; "))]).status
    };
    assert_eq!(status(&[&alice, &dead]), 200);
    assert_eq!(status(&[&dead, &alice]), 200);
    assert_eq!(status(&[&dead, "", "x", &alice]), 200);
    assert_eq!(status(&[&alice, &alice]), 200, "twice the same is one");
    assert_eq!(status(&[&alice, &bob]), 403);
    assert_eq!(status(&[&bob, &alice]), 403);
    assert_eq!(status(&["1", "2", "3", "4", &alice]), 403, "four are looked at");
}

#[test]
fn a_form_whose_token_does_not_match_is_shown_again() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.log_in("poem", "poem-secret-1");
    let wrong = format!("csrfmiddlewaretoken={}&name=TYPED-NAME", "f".repeat(32));
    for body in [wrong.as_str(), "name=TYPED-NAME", "name=TYPED-NAME&csrfmiddlewaretoken=x"] {
        let answer = browser.post_body(GROUP, body);
        let page = answer.text();
        assert!(answer.status == 403 && page.contains("CSRF verification failed"), "{page}");
        assert!(page.contains("value=\"TYPED-NAME\""), "{page}");
        let token = input(&page, "csrfmiddlewaretoken").unwrap();
        assert_eq!(token, browser.cookies["csrftoken"], "the form has the token of the cookie");
    }
    // Another application has replaced the cookie, or it was lost.
    browser.cookies.remove("csrftoken");
    let page = browser.post_body(GROUP, &wrong).text();
    let token = input(&page, "csrfmiddlewaretoken").unwrap();
    assert_eq!(token, browser.cookies["csrftoken"], "a new token is set with the page");
    assert_eq!(browser.post_body(GROUP, &format!("csrfmiddlewaretoken={token}&name=TYPED-NAME")).status, 303);
    let login = browser.post_body(&format!("{LOGIN}?next=/poem/admin/poem/probe/"), "username=alice&password=secret-x");
    let page = login.text();
    assert!(login.status == 403 && page.contains("CSRF verification failed"), "{page}");
    assert!(page.contains("value=\"alice\""), "{page}");
    assert!(page.contains("/poem/admin/poem/probe/") || page.contains("probe&#x2F;"), "{page}");
    assert!(!page.contains("secret-x"), "{page}");
    // A form that another site has sent is not shown.
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for header in [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "http://evil.org")] {
        let answer = browser.send("POST", GROUP, &[form, header], wrong.as_bytes());
        assert!(answer.status == 403 && !answer.text().contains("TYPED-NAME"), "{header:?}: {answer:?}");
    }
}

#[test]
fn a_request_of_another_site_is_refused() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.get(LOGIN);
    let token = browser.cookies["csrftoken"].clone();
    let body = format!("username=alice&password=alice-secret-1&csrfmiddlewaretoken={token}");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let cookie = format!("csrftoken={token}");
    let status = |host: &str, headers: &[(&str, &str)]| {
        let all = [&[("Host", host), ("Cookie", cookie.as_str()), form], headers].concat();
        server.send("POST", LOGIN, &all, body.as_bytes()).status
    };
    for (host, origin, expected) in [
        ("localhost", "http://localhost", 303),
        ("localhost", "https://localhost", 303),
        ("localhost:8000", "http://localhost:8000", 303),
        ("localhost", "http://localhost:9999", 403),
        ("localhost", "https://localhost:8443", 403),
        ("localhost:8000", "http://localhost", 403),
        ("localhost", "moz-extension://localhost", 403),
        ("localhost", "http://two.localhost", 403),
        ("localhost", "null", 403),
        ("localhost", "", 403),
    ] {
        assert_eq!(status(host, &[("Origin", origin)]), expected, "{host}, {origin}");
    }
    for (site, expected) in [("same-origin", 303), ("none", 303), ("same-site", 403), ("cross-site", 403), ("x", 403)] {
        assert_eq!(status("localhost", &[("Sec-Fetch-Site", site)]), expected, "{site}");
    }
    assert_eq!(status("localhost", &[TLS, ("Origin", "https://localhost")]), 303);
    assert_eq!(status("localhost", &[TLS, ("Origin", "http://localhost")]), 403, "TLS was taken away on the way");
    // The same holds for the API.
    let session = format!("sessionid={}; csrftoken={token}", installation.log_in("poem"));
    let post = |headers: &[(&str, &str)]| {
        let own = [("Host", "localhost"), ("Cookie", session.as_str()), ("X-CSRFToken", token.as_str())];
        let all = [&own[..], &[("Content-Type", "application/json")], headers].concat();
        server.send("POST", "/poem/api/v2/internal/aggregations/", &all, b"{}").status
    };
    assert_eq!(post(&[("Sec-Fetch-Site", "same-origin")]), 400, "the fields are missing");
    assert_eq!(post(&[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(post(&[("Origin", "http://localhost:1")]), 403);
}

#[test]
fn flash_messages_are_signed_for_their_session() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for mut browser in [Browser::new(&server), over_tls(&server)] {
        browser.log_in("poem", "poem-secret-1");
        let name = if browser.headers.is_empty() { "messages" } else { "__Host-messages" };
        let group = format!("GROUP-{}", name.len());
        let answer = browser.post(GROUP, &[("name", &group)]);
        let set = cookie(&answer, name);
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{answer:?}");
        assert_eq!(set.contains("Secure"), name.starts_with("__Host-"), "{set}");
        let value = browser.cookies[name].clone();
        let list = "/poem/admin/poem/groupofprobes/";
        let shows = |browser: &mut Browser<'_>, value: &str, words: &str| {
            browser.cookies.insert(name.to_owned(), value.to_owned());
            let answer = browser.get(list);
            let removed = cookie(&answer, name);
            assert!(removed.contains("Max-Age=0") && removed.contains("Path=/"), "{removed}");
            assert_eq!(removed.contains("Secure"), name.starts_with("__Host-"), "{removed}");
            answer.text().contains(words)
        };
        assert!(shows(&mut browser, &value, "was added."), "{value}");
        let time = value.split('.').next().unwrap();
        let older = (time.parse::<i64>().unwrap() - 1).to_string();
        for forged in [
            "Your%20session%20has%20ended.%20call%20EVIL".to_owned(),
            value.replace("added", "EVIL"),
            value.replacen(time, &older, 1),
            format!("{time}..sEVIL"),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(!shows(&mut browser, &forged, "EVIL") && !shows(&mut browser, &forged, "was added."), "{forged}");
        }
        // It belongs to the session, and to a logged-in user.
        browser.cookies.insert(name.to_owned(), value.clone());
        assert!(!browser.get("/poem/admin/poem/public_probe/").text().contains("was added."));
        browser.log_in("poem", "poem-secret-1");
        assert!(!shows(&mut browser, &value, "was added."), "in another session");
    }
}
