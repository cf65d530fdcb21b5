//! The machines on which the vhost must start: with ssl.conf as it is shipped or changed, with or without the certificates
//! of a grid, and next to other sites.

use std::collections::BTreeSet;

use crate::support::apache::{SslConf, Surroundings, VHOST};
use crate::support::certificates::common_name;
use crate::support::http::{self, Endpoint};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Apache, HttpResponse, Installation, Server};

const METRICS: &str = "/poem/api/v2/metrics/";
const SHIPPED: Surroundings<'static> = Surroundings::AS_SHIPPED;

/// Returns the names of the certificates that Apache presents, its own first.
fn presented(apache: &Apache) -> Vec<String> {
    let stream = apache.https.connect_tls();
    let chain = stream.ssl().peer_cert_chain().expect("it presents a certificate");
    chain.iter().map(common_name).collect()
}

fn metrics(apache: &Apache, server: &Server) -> HttpResponse {
    server.knows(|_| apache.get(METRICS, &[("X-API-KEY", EGI_TOKEN)]))
}

#[test]
fn apache_starts_and_serves_poem_in_all_surroundings() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let commented_out = Surroundings { ssl_conf: SslConf::WithoutCertificate, ..SHIPPED };
    let (chain, localhost) = (["host.example.org", "Authority"], ["localhost.localdomain", "Authority"]);
    for (what, surroundings, certificates) in [
        ("as shipped", SHIPPED, &chain[..]),
        ("ssl.conf without its certificate", commented_out, &chain),
        ("no authorities", Surroundings { grid_directory: false, ..SHIPPED }, &chain[..1]),
        ("no certificate of the host", Surroundings { host_certificate: false, ..SHIPPED }, &localhost),
        (
            "no certificate of the host, ssl.conf without its certificate, no grid",
            Surroundings { host_certificate: false, grid_directory: false, ..commented_out },
            &localhost[..1],
        ),
        ("no certificate for localhost", Surroundings { localhost_certificate: false, ..commented_out }, &chain),
        ("a link to VENV", Surroundings { venv_is_link: true, mpm: "event", ..SHIPPED }, &chain),
    ] {
        let Some(mut apache) = Apache::start(server.address, &surroundings) else { return };
        for _ in 0..2 {
            assert_eq!(metrics(&apache, &server).status, 200, "{what}: {}", apache.log());
            assert_eq!(apache.get("/static/poem.css", &[]).status, 200, "{what}: {}", apache.log());
            assert_eq!(presented(&apache), certificates, "{what}");
            // What logrotate does each night.
            apache.reload();
        }
        let log = apache.log();
        assert!(!log.contains(":emerg]") && !log.contains(":error]"), "{what}: {log}");
    }
}

#[test]
fn without_any_certificate_apache_starts_for_the_other_sites() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let surroundings = Surroundings {
        host_certificate: false,
        localhost_certificate: false,
        ssl_conf: SslConf::WithoutSite,
        ..SHIPPED
    };
    let Some(apache) = Apache::start(server.address, &surroundings) else { return };
    let answer = http::send(apache.http, "GET", "/index.html", &[("Host", "host.example.org")], b"");
    assert_eq!((answer.status, answer.text().as_str()), (200, "the page of the host\n"));
}

/// Returns another site for both ports, with these settings.
fn other_site(settings: &str) -> String {
    let settings = format!("{settings}\nDocumentRoot ROOT/other\n");
    format!(
        "<VirtualHost *:HTTP>\n{settings}</VirtualHost>\n\
         <VirtualHost *:HTTPS>\nSSLEngine on\n{settings}</VirtualHost>\n"
    )
}

/// Checks that the addresses of this host are not POEM's, whether with or without TLS.
#[track_caller]
fn assert_other_site(apache: &Apache, host: &'static str) {
    for endpoint in [apache.http.into(), Endpoint { server_name: Some(host), ..apache.https }] {
        for (target, status) in [("/", 200), ("/index.html", 200), (METRICS, 404), ("/static/poem.css", 404)] {
            let answer = http::send(endpoint, "GET", target, &[("Host", host)], b"");
            assert_eq!(answer.status, status, "{endpoint:?} {target}");
            assert!(status != 200 || answer.text() == "the other site\n", "{endpoint:?} {target}: {answer:?}");
        }
    }
}

#[test]
fn other_sites_of_the_host_stay_as_they_are() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let last = &other_site("ServerName other.example.org");
    let Some(apache) = Apache::start(server.address, &Surroundings { last, ..SHIPPED }) else { return };
    assert_other_site(&apache, "other.example.org");
    assert_eq!(metrics(&apache, &server).status, 200);
}

#[test]
fn another_certificate_is_named_at_the_top() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let edits = [
        (
            "Define POEM_CERTIFICATE /etc/grid-security/hostcert.pem",
            "Define POEM_CERTIFICATE /etc/pki/tls/certs/localhost.crt",
        ),
        ("_KEY /etc/grid-security/hostkey.pem", "_KEY /etc/pki/tls/private/localhost.key"),
    ];
    let Some(apache) = Apache::start(server.address, &Surroundings { edits: &edits, ..SHIPPED }) else { return };
    assert_eq!(presented(&apache)[0], "localhost.localdomain");
}

#[test]
fn the_lines_that_are_commented_out_work() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let commented: BTreeSet<_> = VHOST.lines().filter(|line| is_directive(line)).collect();
    let active: Vec<_> =
        commented.iter().map(|line| line.replacen('#', "", 1).replace("egi.poem.example.org", "localhost")).collect();
    let edits: Vec<_> = commented.iter().copied().zip(active.iter().map(String::as_str)).collect();
    assert!(edits.len() >= 8, "{edits:?}");
    let first = &other_site("");
    let surroundings = Surroundings { edits: &edits, first, ..SHIPPED };
    let Some(mut apache) = Apache::start(server.address, &surroundings) else { return };
    apache.https.server_name = Some("localhost");
    let answer = metrics(&apache, &server);
    assert_eq!(answer.status, 200, "{}", apache.log());
    assert_eq!(answer.header("Strict-Transport-Security"), Some("max-age=31536000"));
    // POEM serves the files itself.
    let file = apache.get("/static/poem.css", &[]);
    assert_eq!((file.status, file.header("ETag")), (200, server.get("/static/poem.css").header("ETag")));
    assert!(apache.path("logs/poem_access_log").exists() && apache.path("logs/poem_error_log").exists());
    // The site that is read first is the default.
    assert_other_site(&apache, "elsewhere.example.org");
}

/// Returns whether a line is a directive that is commented out: in other comments a space follows the `#`.
fn is_directive(line: &str) -> bool {
    line.trim_start().strip_prefix('#').is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}
