//! `[DATABASE] SslMode` and `CAFile`, with a PostgreSQL that accepts only TLS, and with a false server.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use super::said;
use crate::support::disposable_database::open_directory;
use crate::support::installation::EGI_TOKEN;
use crate::support::server::free_address;
use crate::support::{DisposableDatabase, Installation, Server, missing};

/// Runs openssl in the directory; false if it is not installed.
fn openssl(directory: &Path, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(directory);
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => false,
    }
}

/// Makes an authority, a certificate of it for `localhost`, and another authority; false without openssl.
fn make_certificates(directory: &Path) -> bool {
    fs::write(directory.join("names"), "subjectAltName=DNS:localhost").unwrap();
    let authority = |name: &str| {
        format!("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -keyout {name}.key -out {name}.crt")
    };
    openssl(directory, &authority("ca"))
        && openssl(directory, &authority("other"))
        && openssl(directory, "req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr")
        && openssl(
            directory,
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.crt",
        )
}

/// Sets host, port, `SslMode` and `CAFile` in poem.conf.
struct Connection<'a> {
    installation: &'a Installation,
    original: String,
}

impl<'a> Connection<'a> {
    fn of(installation: &'a Installation) -> Self {
        Self { installation, original: fs::read_to_string(installation.config_path()).unwrap() }
    }

    fn set(&self, host: &str, port: u16, more: &str) {
        let Self { installation, original } = self;
        let old = format!("Host = {}\nPort = {}\n", installation.host(), installation.port());
        assert!(original.contains(&old), "{original}");
        let new = format!("Host = {host}\nPort = {port}\n{more}");
        fs::write(installation.config_path(), original.replace(&old, &new)).unwrap();
    }
}

#[test]
fn every_mode_is_that_of_libpq_for_server_psql_and_pg_dump() {
    let certificates = open_directory();
    if !make_certificates(certificates.path()) {
        return missing("TLS to PostgreSQL: there is no openssl here");
    }
    let mut database = DisposableDatabase::new();
    let installation = database.installation();
    let port = free_address().port();
    let path = |name: &str| certificates.path().join(name).to_str().unwrap().to_owned();
    // PostgreSQL reads a key only if it belongs to its own user.
    let owner = fs::metadata(installation.host()).unwrap().uid();
    fs::set_permissions(path("server.key"), Permissions::from_mode(0o600)).unwrap();
    chown(path("server.key"), Some(owner), None).unwrap();
    fs::write(path("pg_hba.conf"), "local all all trust\nhostssl all all 127.0.0.1/32 trust\n").unwrap();
    for name in ["pg_hba.conf", "server.crt"] {
        fs::set_permissions(path(name), Permissions::from_mode(0o644)).unwrap();
    }
    database.stop();
    database.start_with(&[
        ("listen_addresses", "127.0.0.1"),
        ("port", &port.to_string()),
        ("ssl", "on"),
        ("ssl_cert_file", &path("server.crt")),
        ("ssl_key_file", &path("server.key")),
        ("hba_file", &path("pg_hba.conf")),
    ]);
    let connection = Connection::of(&installation);
    let (ca, other) = (format!("CAFile = {}\n", path("ca.crt")), format!("CAFile = {}\n", path("other.crt")));
    for (mode, host, file, works) in [
        ("", "localhost", "", true),
        ("prefer", "127.0.0.1", "", true),
        ("disable", "localhost", "", false),
        ("require", "127.0.0.1", "", true),
        ("require", "localhost", &ca, true),
        ("require", "localhost", &other, false),
        ("verify-ca", "127.0.0.1", &ca, true),
        ("verify-ca", "127.0.0.1", &other, false),
        ("verify-full", "localhost", &ca, true),
        ("verify-full", "127.0.0.1", &ca, false),
        ("verify-full", "localhost", &other, false),
    ] {
        let mode = if mode.is_empty() { String::new() } else { format!("SslMode = {mode}\n") };
        connection.set(host, port, &format!("{mode}{file}"));
        let ran = installation.run("poem-tenant", &["--list"]);
        assert_eq!(ran.status == 0, works, "{mode}{file} at {host}: {ran:?}");
    }
    connection.set("localhost", port, &format!("SslMode = verify-full\n{ca}"));
    let server = Server::start(&installation);
    assert_eq!(server.knows(|server| server.get_with_key("/poem/api/v2/metrics/", EGI_TOKEN)).status, 200);
    let ran = installation.run("poem-backup", &["-n", "egi", "-o", installation.path("").to_str().unwrap()]).done();
    let file = ran.stdout.lines().next().unwrap();
    installation.run("poem-restore", &["-f", file, "--replace", "--yes"]).done();
    let doctor = installation.run("poem", &["doctor"]).done();
    assert!(!doctor.stdout.contains("SslMode"), "{doctor:?}");
}

#[test]
fn a_mode_that_verifies_needs_an_authority_and_other_words_are_refused() {
    let installation = Installation::with_tenants();
    let connection = Connection::of(&installation);
    connection.set("localhost", 1, "SslMode = verify-full\n");
    said(&installation.run("poem-tenant", &["--list"]), 1, "[DATABASE] CAFile is missing");
    connection.set("localhost", 1, "SslMode = allow\n");
    let words = "[DATABASE] SslMode is not disable, prefer, require, verify-ca or verify-full";
    said(&installation.run("poem-tenant", &["--list"]), 1, words);
}

#[test]
fn a_server_without_tls_gets_nothing_from_a_client_that_requires_it() {
    let installation = Installation::with_tenants();
    let connection = Connection::of(&installation);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (received, all) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut rest) = ([0; 8], Vec::new());
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"N").unwrap();
            // A client that goes on would wait for an answer: this one closes the connection.
            let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(5)));
            let _ = stream.read_to_end(&mut rest);
            received.send((request, rest)).unwrap();
        }
    });
    let authority = installation.path("ca.crt");
    fs::write(&authority, "").unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let file = if mode == "require" { String::new() } else { format!("CAFile = {}\n", authority.display()) };
        connection.set("127.0.0.1", port, &format!("SslMode = {mode}\n{file}"));
        said(&installation.run("poem-tenant", &["--list"]), 1, "server does not support TLS");
        let (request, rest) = all.recv().unwrap();
        // The code of a request for TLS.
        assert_eq!((request, rest.len()), ([0, 0, 0, 8, 4, 210, 22, 47], 0), "{mode}");
    }
}
