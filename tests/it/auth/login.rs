//! The login page.

use std::thread;
use std::time::{Duration, Instant};

use super::REFUSED;
use crate::federation::{good, write_metadata};
use crate::support::sql::{everything, sql};
use crate::support::{Browser, Installation, Server};

/// The users of small.json who may log in: username, password and the address they are redirected to.
const USERS: [(&str, &str, &str); 4] = [
    ("poem", "poem-secret-1", "/poem/admin/"),
    ("alice", "alice-secret-1", "/poem/admin/poem/profile/"),
    ("bob", "bob-secret-12", "/poem/admin/poem/profile/"),
    ("carol", "carol-secret-1", "/poem/admin/poem/profile/"),
];

const LOGIN: &str = "/poem/admin/login/";

#[test]
fn passwords_of_2_3_are_accepted_and_hashed_again() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for (name, password, first_page) in USERS {
        let row = format!(
            "SELECT password, last_login > now() - interval '1 minute' FROM egi.app_user WHERE username = '{name}'"
        );
        assert!(sql(&installation, &row)[0].starts_with("pbkdf2_sha256$"));
        for _ in 0..2 {
            let mut browser = Browser::new(&server);
            let answer = browser.log_in(name, password);
            assert_eq!((answer.status, answer.header("Location")), (303, Some(first_page)), "{name}: {answer:?}");
            assert!(browser.is_logged_in());
            let now = &sql(&installation, &row)[0];
            assert!(now.starts_with("$argon2id$") && now.ends_with("|t"), "{now}");
            let id = browser.session().unwrap();
            assert!(id.len() >= 64 && !everything(&installation).contains(id), "the id itself is stored nowhere");
        }
    }
    let log = installation.log();
    assert!(
        log.contains("]: INFO EGI: alice logged in from 127.0.0.1\n") && log.contains(" - poem-authbackend["),
        "{log}"
    );
    for (_, password, _) in USERS {
        assert!(!log.contains(password));
    }
}

#[test]
fn every_refusal_is_the_same() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    sql(&installation, "UPDATE egi.app_user SET is_active = false WHERE username = 'carol'");
    sql(&installation, "INSERT INTO egi.app_user (username, password) VALUES ('federated', ''), ('locked', '!')");
    let attempts = [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("Alice", "alice-secret-1"),
        ("carol", "carol-secret-1"),
        ("dave", "dave-secret-1"),
        ("federated", ""),
        ("locked", "!"),
        ("", ""),
        ("a\u{7f}'; --", "x"),
        (&"n".repeat(5000), "x"),
    ];
    let mut pages = Vec::new();
    for (name, password) in attempts {
        let mut browser = Browser::new(&server);
        let start = Instant::now();
        let answer = browser.log_in(name, password);
        assert!(start.elapsed() >= Duration::from_millis(300), "{name}: refused faster than the slowest hash takes");
        assert_eq!((answer.status, browser.session()), (200, None), "{name}");
        let page = answer.text();
        assert!(page.contains(REFUSED) && page.contains("role=\"alert\""), "{page}");
        let page = page.replace(&browser.cookies["csrftoken"], "");
        let own = format!("value=\"{}\"", name.replace('\'', "&#x27;"));
        pages.push(page.replace(&own, "value=\"\"").replace(" autofocus", ""));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let log = installation.log();
    assert!(log.contains("WARNING EGI: failed login of alice from 127.0.0.1\n"), "{log}");
    // An unknown name may be a password that was typed into the wrong field: it is not logged.
    assert!(log.contains("WARNING EGI: failed login of somebody unknown from") && !log.contains("nobody"), "{log}");
}

#[test]
fn next_is_followed_on_this_host_only() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut logged_in = Browser::new(&server);
    logged_in.log_in("poem", "poem-secret-1");
    let redirect_target = |browser: &mut Browser<'_>, next: &str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let answer = browser.get(&format!("{LOGIN}?{query}"));
        assert_eq!(answer.status, 302, "{next:?}");
        answer.header("Location").unwrap().to_owned()
    };
    let hostile = [
        "//evil.example.org/",
        "///evil.example.org/",
        "/\\evil.example.org/",
        "\\\\evil.example.org/",
        "/\t/evil.example.org/",
        "/\r\nLocation: https://evil.example.org/",
        " https://evil.example.org/",
        "https://evil.example.org/",
        "https:evil.example.org",
        "HtTpS://localhost@evil.example.org/",
        "javascript:alert(1)",
        "/poem/..//evil.example.org/",
        "/.//evil.example.org/",
        "/\u{200b}/evil.example.org/",
        "poem/admin/",
        "?",
        "",
    ];
    for next in hostile {
        assert_eq!(redirect_target(&mut logged_in, next), "/poem/admin/", "{next:?}");
    }
    for next in
        ["/poem/admin/poem/probe/?q=a%20b&p=2", "/poem/admin/poem/metric/7/change/", "/poem/admin/?next=//a\"<>"]
    {
        assert_eq!(redirect_target(&mut logged_in, next), next);
    }
    assert_eq!(logged_in.get(LOGIN).header("Location"), Some("/poem/admin/"));
    let mut browser = Browser::new(&server);
    for (next, location) in
        [("//evil.example.org/", "/poem/admin/poem/profile/"), ("/poem/admin/poem/probe/", "/poem/admin/poem/probe/")]
    {
        let fields = [("username", "alice"), ("password", "alice-secret-1"), ("next", next)];
        assert_eq!(browser.post(LOGIN, &fields).header("Location"), Some(location));
    }
    // The query parameter counts if the form has no `next`.
    let answer = browser.post(
        "/poem/admin/login/?next=/poem/admin/poem/metric/",
        &[("username", "bob"), ("password", "bob-secret-12")],
    );
    assert_eq!(answer.header("Location"), Some("/poem/admin/poem/metric/"));
    let page = Browser::new(&server).get("/poem/admin/login/?next=%22%3E%3Cscript%3E").text();
    assert!(!page.contains("<script>"), "{page}");
    assert_eq!(Browser::new(&server).get("/poem/admin/login/?next=%FF").status, 200);
}

#[test]
fn cookies_are_for_this_host_and_its_pages() {
    let installation = Installation::with_small_data();
    let cookies = |server: &Server, proto: Option<&str>| {
        let mut browser = Browser::new(server);
        browser.headers.extend(proto.map(|proto| ("X-Forwarded-Proto", proto.to_owned())));
        let mut cookies: Vec<_> = browser.get(LOGIN).headers("Set-Cookie").map(str::to_owned).collect();
        cookies.extend(browser.log_in("alice", "alice-secret-1").headers("Set-Cookie").map(str::to_owned));
        assert_eq!(cookies.len(), 3, "{cookies:?}");
        // The token, the session, and the cookie by which the account knows this browser.
        cookies.sort_by_key(|cookie| cookie.trim_start_matches("__Host-").starts_with("browser-"));
        cookies
    };
    {
        let server = Server::start(&installation);
        let plain = cookies(&server, None);
        assert!(plain[0].starts_with("csrftoken=") && plain[1].starts_with("sessionid="), "{plain:?}");
        assert!(plain[2].contains("HttpOnly") && plain[2].contains("Max-Age"), "{plain:?}");
        for cookie in &plain {
            assert!(
                cookie.contains("SameSite=Lax") && cookie.contains("Path=/") && !cookie.contains("Secure"),
                "{cookie}"
            );
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        assert!(plain[1].contains("HttpOnly") && !plain[1].contains("Max-Age") && !plain[1].contains("Expires"));
        assert!(!plain[0].contains("HttpOnly"));
        let over_tls = cookies(&server, Some("https"));
        assert!(over_tls.iter().all(|cookie| cookie.contains("Secure")), "{over_tls:?}");
        assert!(over_tls[1..].iter().all(|cookie| cookie.starts_with("__Host-")), "{over_tls:?}");
        assert!(cookies(&server, Some("http")).iter().all(|cookie| !cookie.contains("Secure")));
    }
    installation.configure("[SERVER]\n", "[SERVER]\nTrustedProxies = 10.9.9.9\n");
    let server = Server::start(&installation);
    assert!(cookies(&server, Some("https")).iter().all(|cookie| !cookie.contains("Secure")));
}

#[test]
fn the_federated_button_is_shown_if_there_is_an_identity_provider() {
    let installation = Installation::with_tenants();
    installation.configure("[GENERAL_EGI]\n", "[GENERAL_EGI]\nSamlLoginString = Log in using <EGI> CHECK-IN\n");
    let server = Server::start(&installation);
    let page = |host| Browser::of_host(&server, host).get("/poem/admin/login/?next=/poem/admin/poem/probe/").text();
    assert!(!page("localhost").contains("CHECK-IN"));
    write_metadata(&installation, &good());
    server.catch_up();
    let with_button = page("localhost");
    assert!(with_button.contains("Log in using &lt;EGI&gt; CHECK-IN"), "{with_button}");
    let address = "/poem/saml2/login/?next=%2Fpoem%2Fadmin%2Fpoem%2Fprobe%2F".replace('/', "&#x2F;");
    assert!(with_button.contains(&address), "{with_button}");
    assert!(!page("two.localhost").contains("saml2"));
}

#[test]
fn the_page_works_with_password_managers_and_without_javascript() {
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    let answer = Browser::new(&server).get(LOGIN);
    assert_eq!(answer.header("Cache-Control"), Some("private, no-store"));
    let page = answer.text();
    for piece in [
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "<label for=\"id_username\"",
        "autofocus",
        "method=\"post\"",
    ] {
        assert!(page.contains(piece), "{piece}: {page}");
    }
    assert!(!page.contains("onclick") && !page.contains("<style"));
}

#[test]
fn a_name_is_typed_in_any_width() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(Browser::new(&server).log_in("ａlice", "alice-secret-1").status, 303);
    // A name that was loaded in another form is still the name of its user.
    sql(&installation, "UPDATE egi.app_user SET username = 'ａlice' WHERE username = 'alice'");
    assert_eq!(Browser::new(&server).log_in("ａlice", "alice-secret-1").status, 303);
    let mut root = Browser::new(&server);
    root.log_in("poem", "poem-secret-1");
    let fields = [("username", "ｎew"), ("password", "quite-a-secret-1"), ("password_again", "quite-a-secret-1")];
    assert_eq!(root.post("/poem/admin/poem/custuser/add/", &fields).status, 303);
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.app_user WHERE username = 'new'"), ["1"]);
}

/// A crowd of attempts of one network must not make the logins of others wait.
#[test]
fn a_crowd_of_one_network_does_not_keep_others_out() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let crowd: Vec<_> = (0..40)
            .map(|number| {
                let mut browser = Browser::new(&server).seen_from(&format!("2001:db8:0:{number:x}::1"));
                let name = format!("name-{number}");
                scope.spawn(move || browser.log_in(&name, "wrong").status)
            })
            .collect();
        let honest = Browser::new(&server).seen_from("192.0.2.1").log_in("alice", "alice-secret-1");
        assert_eq!(honest.status, 303, "{honest:?}");
        crowd.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
}
