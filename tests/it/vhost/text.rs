//! The text of the vhost: only what httpd 2.4.34 knows, and nothing that a newer Apache would forgive.

use crate::support::apache::VHOST;

/// The directives that it may have, as httpd 2.4.34 with its own modules knows them. (Newer ones: MergeSlashes is of
/// 2.4.39.) `IfFile` came with 2.4.34.
const KNOWN: [&str; 30] = [
    "<Directory",
    "<IfDefine",
    "<IfFile",
    "<IfModule",
    "<VirtualHost",
    "Alias",
    "AllowEncodedSlashes",
    "AllowOverride",
    "CustomLog",
    "Define",
    "ErrorDocument",
    "ErrorLog",
    "Header",
    "Options",
    "ProxyPass",
    "ProxyPreserveHost",
    "ProxyRequests",
    "RedirectMatch",
    "RequestHeader",
    "RequestReadTimeout",
    "Require",
    "RewriteEngine",
    "RewriteRule",
    "SSLCACertificatePath",
    "SSLCertificateFile",
    "SSLCertificateKeyFile",
    "SSLEngine",
    "ServerAlias",
    "ServerName",
    "UseCanonicalName",
];
/// Those of the remarks only.
const IN_REMARKS: [&str; 1] = ["SSLProtocol"];

/// Returns the lines that httpd reads.
fn lines() -> impl Iterator<Item = &'static str> {
    VHOST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn it_has_only_directives_that_httpd_2_4_34_knows() {
    assert!(KNOWN.is_sorted());
    let commented = |line: &&str| line.starts_with('#') && line[1..].starts_with(char::is_alphabetic);
    let remarks: Vec<_> = VHOST.lines().map(str::trim).filter(commented).map(|line| &line[1..]).collect();
    let directive = |line: &str| line.split(' ').next().unwrap().to_owned();
    for name in lines().filter(|line| !line.starts_with("</")).map(directive) {
        assert!(KNOWN.contains(&&*name), "{name}");
    }
    for name in remarks.into_iter().map(directive) {
        assert!(KNOWN.contains(&&*name) || IN_REMARKS.contains(&&*name), "{name}");
    }
    // OpenSSL 1.0.2 does not know it, and httpd does not start then.
    assert!(!VHOST.contains("TLSv1.3"));
}

#[test]
fn everything_to_edit_is_at_the_top() {
    let definitions: Vec<_> = lines().take_while(|line| line.starts_with("Define ")).collect();
    assert_eq!(definitions[..2], ["Define VENV /home/pyvenv/poem", "Define POEM_BACKEND http://127.0.0.1:8008"]);
    for path in ["/home/pyvenv", "127.0.0.1", "hostcert.pem", "hostkey.pem"] {
        assert_eq!(lines().filter(|line| line.contains(path)).count(), 1, "{path}");
    }
}

#[test]
fn connections_to_the_server_are_closed_before_the_server_closes_them() {
    let keep_alive = u64::from(rocket::Config::release_default().keep_alive);
    let passes: Vec<_> = VHOST.lines().filter(|line| line.contains("ProxyPass \"")).collect();
    assert_eq!(passes.len(), 3);
    for line in passes {
        let value =
            |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)).unwrap().parse::<u64>().unwrap();
        assert!(value("ttl=") < keep_alive, "{line}");
        // httpd of that age does not ask a server again for a minute after a refused connection.
        assert_eq!(value("retry="), 0, "{line}");
    }
}
