//! The parsers of what comes from outside, each fed with any bytes. A panic is a finding; an error in words is not.
//! Used by the short run of the tests and by the coverage-guided long run (fuzz/).

use poem::auth::{csrf, session};
use poem::config::Config;
use poem::domain::model::snapshot_diff::first_difference;
use poem::domain::model::tenant::{SchemaName, new_tenant};
use poem::domain::security::keys::{Keys, session_hash};
use poem::domain::security::secret::Secret;
use poem::domain::web::host::{AllowedHosts, Host};
use poem::domain::web::url_path::{PathRule, decide};
use poem::import_export::{django, profiles};
use rocket::http::Cookie;

/// poem.conf.
pub fn ini(input: &[u8]) {
    let file = std::env::temp_dir().join(format!("poem-fuzz-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::write(&file, input).expect("the temporary directory takes a file");
    match Config::load(&file) {
        Ok(config) => {
            let _ = (config.tenant_general("EGI"), config.superuser("EGI"), config.sync("EGI"));
            let _ = config.tenant_sections().count();
        }
        Err(error) => one_line(&error.to_string()),
    }
    std::fs::remove_file(&file).expect("the file is there");
}

/// A dump of POEM 2.3.
pub fn dump(input: &[u8]) {
    let keys = Keys::derive(&Secret::new("fuzz"));
    match django::parse(input, &keys, chrono_tz::Europe::Zagreb) {
        Ok(loaded) => assert_eq!(first_difference(&loaded.snapshot, &loaded.snapshot), None),
        Err(error) => one_line(&error.to_string()),
    }
}

/// Profiles as JSON. What was taken comes out as it went in.
pub fn profiles_json(input: &[u8]) {
    match profiles::parse(input) {
        Ok(parsed) => {
            let again = profiles::parse(profiles::to_json(&parsed).as_bytes()).expect("our own export is readable");
            assert_eq!(again, parsed);
        }
        Err(error) => one_line(&error.to_string()),
    }
}

/// The Host header, and names of tenants.
pub fn host(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(host) = Host::parse(&text) {
        assert!(!host.as_str().is_empty() && host.as_str().is_ascii());
        let _ = AllowedHosts::new(&[".example.org", "localhost"]).allows(&host);
    }
    if let Ok(schema) = SchemaName::parse(&text) {
        assert!(schema.as_str().bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()));
    }
    let _ = new_tenant(&text, "localhost");
    let _ = new_tenant("EGI", &text);
}

/// The path of a request.
pub fn path(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match decide(&text) {
        PathRule::Serve(path) => assert!(path.starts_with('/') && !path.contains("//")),
        PathRule::MovedPermanently(path) => assert!(path.starts_with("/poem/"), "nobody is sent to another host"),
        PathRule::Redirect(_) | PathRule::Unknown => {}
    }
}

/// The Cookie header and the token shown beside it: the first line and the rest.
pub fn cookies(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (header, shown) = text.split_once('\n').unwrap_or((&text, ""));
    // Rocket takes the header apart, and leaves out what is no cookie.
    let cookies: Vec<_> = header.split(';').filter_map(|one| Cookie::parse_encoded(one.trim()).ok()).collect();
    let value = |name: &str| cookies.iter().rev().find(|cookie| cookie.name() == name).map(Cookie::value);
    if let Some(id) = value(session::COOKIE) {
        assert_eq!(session_hash(id).len(), 32);
        assert_ne!(session_hash(id), session_hash(&format!("{id} ")), "every character counts");
    }
    let token = value(csrf::COOKIE).unwrap_or_default();
    assert_eq!(csrf::compare(token, shown).is_ok(), !token.is_empty() && token == shown);
    assert!(csrf::compare("", token).is_err(), "without a cookie nothing is shown");
}

fn one_line(words: &str) {
    assert!(!words.is_empty() && !words.contains(['\n', '\r']), "an error is one line: {words:?}");
}
