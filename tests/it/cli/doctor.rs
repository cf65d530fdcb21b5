//! `poem doctor`.

mod every_check;
mod installed;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::thread;

use super::said;
use crate::support::Installation;
use crate::support::installation::Ran;
use crate::support::sql::sql;

/// An installation with one tenant and without problems.
fn healthy() -> Installation {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    installation
}

/// Writes a file of the operating system, as [`examined`] sees it.
fn write_system_file(installation: &Installation, path: &str, text: &str) {
    let file = installation.path("system").join(path.trim_start_matches('/'));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Runs the doctor over the installation and an operating system that has only the written files.
fn examined(installation: &Installation) -> Ran {
    installation.run("poem", &["doctor", "--root", installation.path("system").to_str().unwrap()])
}

/// Asserts that exactly this many problems are reported, one of them with these words.
#[track_caller]
fn wrong(installation: &Installation, count: usize, words: &str) {
    let ran = installation.run("poem", &["doctor"]);
    let found: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("  WRONG  ")).collect();
    assert!(ran.status == 1 && found.len() == count, "{ran:?}");
    assert!(found.iter().any(|line| line.contains(words)), "{words}: {found:#?}");
    let summary = if count == 1 { "1 problem was found".to_owned() } else { format!("{count} problems were found") };
    assert_eq!(ran.stderr, format!("poem doctor: {summary}\n"));
}

#[test]
fn a_healthy_installation_has_no_problems() {
    let installation = healthy();
    let ran = installation.run("poem", &["doctor"]).done();
    assert!(ran.stdout.ends_with("All is well.\n") && ran.stderr.is_empty(), "{ran:?}");
    for words in ["configuration /", "secret key /", "logging", "templates in /", "database poem_", "PostgreSQL "] {
        assert!(ran.stdout.contains(&format!("  ok     {words}")), "{words}: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("  ok     schema egi: all migrations applied\n"), "{}", ran.stdout);
}

#[test]
fn it_changes_nothing() {
    let installation = healthy();
    let before = crate::support::sql::everything(&installation);
    installation.run("poem", &["doctor"]).done();
    assert_eq!(crate::support::sql::everything(&installation), before);
}

#[test]
fn a_configuration_that_cannot_be_read() {
    let installation = healthy();
    installation.configure("Port = 8000", "Port = eight");
    wrong(&installation, 1, "Port");
    fs::remove_file(installation.config_path()).unwrap();
    wrong(&installation, 1, "cannot be read");
}

#[test]
fn the_secret_key() {
    let installation = healthy();
    let key = installation.path("etc/poem/secret_key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).unwrap();
    wrong(&installation, 1, "is readable or writable by all users: run chmod 0600");
    fs::write(&key, "").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    wrong(&installation, 1, "is empty");
    fs::remove_file(&key).unwrap();
    wrong(&installation, 1, "is missing: restore it from your backup; only for a new installation");
}

#[test]
fn the_logging_file() {
    let installation = healthy();
    let logging = installation.path("etc/poem/poem_logging.conf");
    fs::write(&logging, "[loggers]\nkeys=root\n[handlers]\nkeys=file\n").unwrap();
    wrong(&installation, 1, "is a logging file of POEM 2.3");
    fs::remove_file(&logging).unwrap();
    wrong(&installation, 1, "cannot be read");
}

#[test]
fn templates_and_static_files() {
    let installation = healthy();
    installation.configure("TemplatesPath = /", "TemplatesPath = /nowhere/");
    wrong(&installation, 1, "/templates: there is no directory /nowhere/");
    installation.configure("StaticPath = /", "StaticPath = /nowhere/");
    wrong(&installation, 2, "/static: there is no directory /nowhere/");
    let ran = installation.run("poem", &["serve"]);
    said(&ran, 1, "with the templates: install it, or set [SERVER] TemplatesPath");
}

#[test]
fn a_placeholder_password_is_noted() {
    let installation = healthy();
    installation.configure("Password = poem-secret-1", "Password = CHANGE_ME");
    let output = installation.run("poem", &["doctor"]).done().stdout;
    assert!(output.contains("  note   [SUPERUSER_EGI] Password is still CHANGE_ME"), "{output}");
}

#[test]
fn an_unreachable_database() {
    let installation = healthy();
    installation.configure("Name = poem_", "Name = nowhere_");
    wrong(&installation, 1, "nowhere_");
    let installation = healthy();
    installation.configure("User = poem\n", "User = nobody_at_all\n");
    wrong(&installation, 1, "nobody_at_all");
    let installation = healthy();
    installation.configure("Host = /", "Host = /nowhere/");
    wrong(&installation, 1, "the database is not available");
}

#[test]
fn migrations() {
    let installation = Installation::bare();
    wrong(
        &installation,
        1,
        "schema public: pending: 0001_initial, 0002_sync_status, 0003_mark_metric_profiles; run poem-db -c",
    );
    let installation = healthy();
    sql(&installation, "DELETE FROM public.migration WHERE schema_name = 'egi'");
    wrong(&installation, 1, "schema egi: pending: 0001_initial");
    sql(&installation, "INSERT INTO public.migration VALUES ('egi', 9999, '9999_future', '')");
    wrong(&installation, 1, "schema egi is at migration 9999, newer than this POEM knows");
}

#[test]
fn a_migration_that_was_applied_in_another_form() {
    let installation = healthy();
    sql(&installation, "UPDATE public.migration SET checksum = '' WHERE schema_name = 'egi' AND version = 1");
    wrong(&installation, 1, "schema egi: migration 0001_initial differs from the one that was applied");
}

#[test]
fn a_tenant_without_sections() {
    let installation = healthy();
    installation.run("poem-tenant", &["-t", "TWO", "-d", "two.localhost"]).done();
    wrong(&installation, 1, "[GENERAL_TWO] is missing");
    let output = installation.run("poem", &["doctor"]).stdout;
    assert!(output.contains("  note   [SUPERUSER_TWO] cannot be used"), "{output}");
    assert!(output.contains("  ok     feeds of TWO: none is configured"), "{output}");
    installation
        .configure("[GENERAL_EGI]", "[GENERAL_TWO]\nNamespace = two\n[GENERAL_NONE]\nNamespace = none\n[GENERAL_EGI]");
    let output = installation.run("poem", &["doctor"]).done().stdout;
    assert!(output.contains("  note   [GENERAL_NONE]: there is no tenant NONE"), "{output}");
}

#[test]
fn a_host_that_is_not_allowed() {
    let installation = healthy();
    installation.configure("AllowedHosts = *", "AllowedHosts = poem.example.org");
    wrong(&installation, 1, "AllowedHosts does not allow localhost, the host of EGI");
}

/// Serves every request with this response; returns the address, and the first lines of the requests.
fn web_api(status: u16, body: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, requests) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
            while !request.ends_with(b"\r\n\r\n") {
                let length = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..length]);
            }
            let request = String::from_utf8(request).unwrap();
            assert!(request.contains("x-api-key: the-token-of-egi\r\n"), "{request}");
            seen.send(request.lines().next().unwrap().to_owned()).unwrap();
            let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}", body.len());
            write!(stream, "{head}\r\n\r\n{body}").unwrap();
        }
    });
    (address, requests)
}

#[test]
fn the_web_api_is_read_with_the_token_and_nothing_is_written() {
    let lists = r#"{"status":{"message":"Success","code":"200"},"data":[]}"#;
    let refused = r#"{"status":{"message":"Unauthorized","code":"401","details":"wrong token"}}"#;
    for (status, body, line) in [
        (200, lists, "  ok     [WEBAPI] AggregationProfile with the token of EGI"),
        (
            401,
            refused,
            "  WRONG  [WEBAPI] MetricProfile with the token of EGI: The ARGO WEB-API does not accept POEM's token",
        ),
        (404, "404 page not found", "The ARGO WEB-API knows no such address; is [WEBAPI] in poem.conf right?"),
    ] {
        let (address, requests) = web_api(status, body);
        let installation = healthy();
        let keys = format!("MetricProfile = http://{address}/m/\nAggregationProfile = http://{address}/a\n");
        installation.configure("[SERVER]\n", &format!("[WEBAPI]\n{keys}[SERVER]\n"));
        installation.run("poem-token", &["-t", "WEB-API", "-s", "egi", "-o", "the-token-of-egi"]).done();
        let ran = installation.run("poem", &["doctor"]);
        assert!(ran.stdout.contains(line) && !ran.stdout.contains("the-token-of-egi"), "{line}: {ran:?}");
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), ["GET /a HTTP/1.1", "GET /m HTTP/1.1"]);
    }
}
