//! Fuzz targets: every parser of untrusted input, with arbitrary bytes. A panic is a finding, an error message is not.
//!
//! The short run of the tests and the long, coverage-guided run (fuzz/) use them.

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use poem::auth::{csrf, session};
use poem::config::Config;
use poem::domain::model::service::Service;
use poem::domain::model::snapshot_diff::first_difference;
use poem::domain::model::sync_feed::FeedContent;
use poem::domain::model::tenant::{SchemaName, new_tenant};
use poem::domain::security::keys::{Keys, session_hash};
use poem::domain::security::secret::Secret;
use poem::domain::web::cookie_header;
use poem::domain::web::host::{AllowedHosts, Host};
use poem::domain::web::url_path::{PathDecision, decide};
use poem::import_export::{django, profiles};
use poem::saml::identity_provider::{IdentityProvider, MetadataError};
use poem::saml::logout::{LogoutFacts, LogoutRequest, LogoutResponse};
use poem::saml::redirect_binding::ReceivedMessage;
use poem::saml::refusal::Refusal;
use poem::saml::response::ReceivedResponse;
use poem::saml::service_provider::ServiceProvider;
use poem::sync;

/// Parses a configuration file, poem.conf.
pub fn ini(input: &[u8]) {
    match with_file(input, Config::load) {
        Ok(config) => {
            let _ = (config.tenant_general("EGI"), config.superuser("EGI"), config.sync("EGI"));
            let _ = config.tenant_sections().count();
            if let Err(error) = config.saml(&new_tenant("EGI", "localhost").expect("a tenant")) {
                one_line(&error.to_string());
            }
        }
        Err(error) => one_line(&error.to_string()),
    }
}

/// Reads a temporary file that has this content.
fn with_file<T>(content: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let file = std::env::temp_dir().join(format!("poem-fuzz-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::write(&file, content).expect("the temporary directory takes a file");
    let outcome = read(&file);
    std::fs::remove_file(&file).expect("the file is there");
    outcome
}

/// Parses a dump of POEM 2.3.
pub fn dump(input: &[u8]) {
    let keys = Keys::derive(&Secret::new("fuzz"));
    match django::parse(input, &keys, chrono_tz::Europe::Zagreb) {
        Ok(loaded) => assert_eq!(first_difference(&loaded.snapshot, &loaded.snapshot), None),
        Err(error) => one_line(&error.to_string()),
    }
}

/// Parses profiles as JSON. Accepted ones must survive an export and a second import.
pub fn profiles_json(input: &[u8]) {
    match profiles::parse(input) {
        Ok(parsed) => {
            let json = profiles::to_json(&parsed.profiles);
            let again = profiles::parse(json.as_bytes()).expect("our own export is readable");
            assert_eq!((again.profiles, again.warnings.len()), (parsed.profiles, 0));
        }
        Err(error) => one_line(&error.to_string()),
    }
}

/// Reads a feed of VOs.
pub fn vo_feed(input: &[u8]) {
    feed(sync::vos::read(input, None));
    feed(sync::vos::read(input, Some("iso-8859-1")));
}

/// Reads a feed of service types.
pub fn service_type_feed(input: &[u8]) {
    feed(sync::xml_feed::service_types(input, None));
}

/// Reads a feed of services. Accepted ones must survive the way through the database's type.
pub fn service_feed(input: &[u8]) {
    feed(sync::services::read(input, false));
    if let Ok(content) = sync::services::read(input, true) {
        for (id, values) in content.entries {
            assert_eq!(Service::from_values(id, values.clone()).values(), values);
        }
    }
}

/// Checks what a feed was read as: names that fit the database, and messages of one line.
fn feed(read: Result<FeedContent, sync::xml_feed::FeedError>) {
    match read {
        Ok(content) => {
            for (name, values) in &content.entries {
                assert!(!name.is_empty() && name.chars().count() <= 1024 && !name.contains('\0'));
                assert!(values.iter().all(|value| value.chars().count() <= 1024 && !value.contains('\0')));
            }
            content.warnings.iter().for_each(|warning| one_line(warning));
        }
        Err(error) => one_line(&error.to_string()),
    }
}

/// The two sides of the federated login for which the messages of the corpus were made.
pub static SIDES: LazyLock<(ServiceProvider, IdentityProvider)> = LazyLock::new(|| {
    let config = with_file(include_bytes!("corpus/ini/small"), Config::load).expect("a valid poem.conf");
    let tenant = new_tenant("EGI", "egi.example.org").expect("a valid tenant");
    let sp = ServiceProvider::load(&config, &tenant).expect("nothing is configured");
    (sp, identity_provider(include_bytes!("corpus/saml_metadata/valid.xml")).expect("valid metadata"))
});

/// Returns the time at which the messages of the corpus were made.
pub fn saml_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

/// Reads the metadata of an identity provider. Accepted ones can be used.
pub fn saml_metadata(input: &[u8]) {
    match identity_provider(input) {
        Ok(idp) => assert!(!idp.entity_id.is_empty() && !idp.certificates.is_empty() && !idp.login.is_empty()),
        Err(error) => one_line(&error.to_string()),
    }
    let _ = IdentityProvider::parse(input, "https://idp.example.org/metadata", saml_time());
}

/// Reads the metadata of an identity provider.
pub fn identity_provider(metadata: &[u8]) -> Result<IdentityProvider, MetadataError> {
    IdentityProvider::parse(metadata, "", saml_time())
}

/// Reads a Response up to its signature, as XML and in base64.
pub fn saml_response(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let (sp, idp) = &*SIDES;
    if let Err(refusal) = ReceivedResponse::read(&text, sp, idp) {
        one_line(&refusal.to_string());
    }
    if let Err(refusal) = received_response(text) {
        one_line(&refusal.to_string());
    }
}

/// Reads a Response up to its signature.
pub fn received_response(text: String) -> Result<ReceivedResponse, Refusal> {
    ReceivedResponse::of_text(text, &SIDES.0, &SIDES.1)
}

/// Reads a query with a message about a logout, and messages that are not in a query.
pub fn saml_redirect(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match ReceivedMessage::read(&text) {
        Ok(message) => {
            assert!(message.xml.len() <= 64 * 1024 && message.relay_state.len() <= 3 * 2000, "the limits hold");
            let verified = message.verify(&SIDES.1.certificates, "metadata.xml");
            verified.unwrap_or_else(|refusal| one_line(&refusal.to_string()));
            logout(&message.xml);
        }
        Err(refusal) => one_line(&refusal.to_string()),
    }
    logout(&text);
}

/// Reads a message about a logout, whose signature would have been verified before.
fn logout(text: &str) {
    let (sp, idp) = &*SIDES;
    let facts =
        LogoutFacts { address: &sp.at("/poem/saml2/ls/"), idp, now: saml_time(), skew: TimeDelta::seconds(180) };
    let request = LogoutRequest::read(text, &facts).map(|request| assert!(!request.id.is_empty()));
    let response = LogoutResponse::read(text, &facts).map(|response| assert!(!response.in_response_to.is_empty()));
    for refusal in [request.err(), response.err()].into_iter().flatten() {
        one_line(&refusal.to_string());
    }
}

/// Parses a Host header, and names of tenants.
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

/// Decides about the path of a request.
pub fn path(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match decide(&text) {
        PathDecision::Serve(path) => assert!(path.starts_with('/') && !path.contains("//")),
        PathDecision::MovedPermanently(path) => assert!(path.starts_with("/poem/"), "no redirect to another host"),
        PathDecision::Redirect(_) | PathDecision::Unknown => {}
    }
}

/// Compares a Cookie header (the first line) with the CSRF token of a form (the rest).
pub fn cookies(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (header, token) = text.split_once('\n').unwrap_or((&text, ""));
    for id in cookie_header::values(header, session::COOKIE) {
        assert_eq!(session_hash(id).len(), 32);
        assert_ne!(session_hash(id), session_hash(&format!("{id} ")), "every character counts");
    }
    let values: Vec<_> = cookie_header::values(header, csrf::COOKIE).collect();
    if csrf::compare(&values, token).is_ok() {
        assert!(values.contains(&token) && (32..=64).contains(&token.len()), "a token has a form");
    }
    assert!(csrf::compare(&[], token).is_err() && csrf::compare(&[""], token).is_err(), "without a cookie");
}

fn one_line(message: &str) {
    assert!(!message.is_empty() && !message.contains(['\n', '\r']), "an error is one line: {message:?}");
}
