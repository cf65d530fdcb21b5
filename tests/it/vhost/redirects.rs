//! The redirects: from http to https, and to the first page.

use super::Site;
use crate::support::HttpResponse;
use crate::support::apache::Surroundings;

/// Starts a site in an httpd whose redirects would lead to its own name.
fn start() -> Option<Site> {
    Site::start_in(&Surroundings { first: "UseCanonicalName On\n", ..Surroundings::AS_SHIPPED })
}

/// Returns the status and the only location.
#[track_caller]
fn redirect(answer: &HttpResponse) -> (u16, &str) {
    let locations: Vec<_> = answer.headers("Location").collect();
    let [location] = locations[..] else { panic!("{answer:?}") };
    (answer.status, location)
}

#[test]
fn http_leads_to_the_same_address_of_https() {
    let Some(site) = start() else { return };
    for (host, target, location) in [
        ("poem.example.org", "/", "https://poem.example.org/"),
        ("poem.example.org", "/poem", "https://poem.example.org/poem"),
        ("poem.example.org", "/poem/", "https://poem.example.org/poem/"),
        (
            "POEM.example.org",
            "/poem/admin/?next=%2Fpoem%2F&a=b%20c",
            "https://poem.example.org/poem/admin/?next=%2Fpoem%2F&a=b%20c",
        ),
        ("poem", "//poem/api/0.2/json/profiles", "https://poem/poem/api/0.2/json/profiles"),
        ("poem", "/static/poem.css", "https://poem/static/poem.css"),
        ("poem", "/poem_media/logo.svg?1", "https://poem/poem_media/logo.svg?1"),
        ("poem", "/poem/a%20b", "https://poem/poem/a%20b"),
        ("poem", "/poem/%C3%A4%25", "https://poem/poem/%c3%a4%25"),
        ("[::1]:80", "/poem/", "https://[::1]/poem/"),
        // Not the port of http.
        ("poem:80", "/poem/", "https://poem/poem/"),
        ("poem:8080", "/", "https://poem/"),
    ] {
        let answer = site.get_plain(host, target);
        assert_eq!(redirect(&answer), (301, location), "{host} {target}");
    }
}

#[test]
fn a_line_break_in_an_address_adds_no_header() {
    let Some(site) = start() else { return };
    for target in ["/poem/a%0d%0aSet-Cookie:%20a=b", "/poem/?a=%0d%0aSet-Cookie:%20a=b", "/%0d%0aSet-Cookie:a=b"] {
        let answer = site.get_plain("poem", target);
        assert_eq!(answer.header("Set-Cookie"), None, "{answer:?}");
        if answer.status == 301 {
            let location = answer.header("Location").unwrap();
            assert!(location.contains("%0d%0aSet-Cookie:%20a=b"), "{location}");
        }
    }
}

#[test]
fn other_addresses_of_http_are_those_of_the_host() {
    let Some(site) = start() else { return };
    for (target, text) in [("/.well-known/token", "the token\n"), ("/index.html", "the page of the host\n")] {
        let answer = site.get_plain("poem", target);
        assert_eq!((answer.status, answer.text().as_str()), (200, text), "{target}");
    }
    for target in ["/poems", "/static_of_another", "/xpoem/"] {
        assert_eq!(site.get_plain("poem", target).status, 404, "{target}");
    }
}

#[test]
fn short_addresses_lead_to_the_first_page() {
    let Some(site) = start() else { return };
    let port = site.apache.https.address.port();
    for (host, location) in [
        ("localhost", format!("https://localhost:{port}/poem/admin/")),
        ("localhost:4711", "https://localhost:4711/poem/admin/".to_owned()),
    ] {
        for target in ["/", "/poem", "//"] {
            let answer = site.apache.send("GET", target, &[("Host", host)], b"");
            assert_eq!(redirect(&answer), (302, location.as_str()), "{host} {target}");
        }
        let answer = site.apache.send("GET", "/poem/", &[("Host", host)], b"");
        assert!(redirect(&answer).1.ends_with("/poem/admin/"), "POEM itself: {answer:?}");
    }
}
