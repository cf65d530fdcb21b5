//! The files of the federated login are read again when they change.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use poem::auth::federated::providers::{FederatedLogin, FederatedLogins};
use poem::config::reload::LiveConfig;
use poem::dev::identity_provider::signer::SignerKey;
use poem::domain::model::tenant::{Tenant, new_tenant};

use super::{IDP, SIGNER, good, metadata_of, new_signer, write_metadata};
use crate::support::{Browser, Installation, Server, block_on};

/// The federated logins of an installation, with a clock that only moves on demand.
struct Logins {
    installation: Installation,
    config: LiveConfig,
    seconds: Arc<AtomicI64>,
    logins: FederatedLogins,
    tenant: Tenant,
}

impl Logins {
    fn new(metadata: &str) -> Self {
        let installation = Installation::bare();
        write_metadata(&installation, metadata);
        let config = LiveConfig::load(&installation.config_path()).unwrap();
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = seconds.clone();
        let logins = FederatedLogins::with_clock(move || start() + TimeDelta::seconds(clock.load(Ordering::Relaxed)));
        Self { installation, config, seconds, logins, tenant: new_tenant("EGI", "localhost").unwrap() }
    }

    fn now(&self) -> String {
        match block_on(self.logins.of_tenant(&self.config, &self.tenant)) {
            FederatedLogin::Off => "off".to_owned(),
            FederatedLogin::Broken(cause) => format!("broken: {cause}"),
            FederatedLogin::Ready(federation) => {
                format!("{} {}", federation.idp.entity_id, federation.idp.certificates.len())
            }
        }
    }

    /// The state after so much time.
    fn after(&self, seconds: i64) -> String {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
        self.now()
    }

    /// The state after a change of the file.
    fn with(&self, metadata: &str) -> String {
        write_metadata(&self.installation, metadata);
        self.after(1)
    }
}

fn start() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn ready(certificates: usize) -> String {
    format!("{IDP} {certificates}")
}

#[test]
fn the_files_are_looked_at_once_a_second() {
    let logins = Logins::new(&good());
    assert_eq!(logins.now(), ready(1));
    let both = metadata_of(IDP, "", &[&SIGNER, &new_signer(SignerKey::Rsa2048)]);
    write_metadata(&logins.installation, &both);
    assert_eq!(logins.now(), ready(1));
    assert_eq!(logins.after(1), ready(2));
    // A clock that is set back does not keep the old state.
    write_metadata(&logins.installation, &good());
    assert_eq!(logins.after(-3600), ready(1));
}

#[test]
fn a_new_file_that_cannot_be_used_leaves_the_last_good_one() {
    let logins = Logins::new(&good());
    assert_eq!(logins.now(), ready(1));
    let expired = metadata_of(IDP, "validUntil=\"2025-12-31T23:59:59Z\"", &[&SIGNER]);
    let broken = [
        &good()[..good().len() / 2],
        "",
        "<!DOCTYPE a><a/>",
        "<html/>",
        &metadata_of(IDP, "", &[]),
        &expired,
        &" ".repeat(21 * 1024 * 1024),
    ];
    for text in broken {
        assert_eq!(logins.with(text), ready(1), "{:.80}", text);
    }
    fs::remove_file(logins.installation.path("etc/poem/metadata-egi.xml")).unwrap();
    assert_eq!(logins.after(1), "off");
    // After that there is nothing to go on with.
    assert!(logins.with("<html/>").contains("metadata-egi.xml: it is not SAML metadata"), "{}", logins.now());
    assert_eq!(logins.with(&good()), ready(1));
}

#[test]
fn the_last_good_one_serves_only_the_settings_that_it_was_read_with() {
    let mut logins = Logins::new(&good());
    assert_eq!(logins.now(), ready(1));
    let configure = |logins: &mut Logins, settings: &str| {
        logins.installation.configure("[GENERAL_EGI]\n", &format!("{settings}\n[GENERAL_EGI]\n"));
        logins.config = LiveConfig::load(&logins.installation.config_path()).unwrap();
        let now = logins.after(1);
        logins.installation.configure(&format!("{settings}\n[GENERAL_EGI]\n"), "[GENERAL_EGI]\n");
        now
    };
    let other = configure(&mut logins, "[SAML_EGI]\nIdpEntityId = https://other.example.org/");
    assert!(other.contains("no identity provider with the entity id https://other.example.org/"), "{other}");
    let wrong = configure(&mut logins, "[SAML_EGI]\nSignRequests = maybe");
    assert!(wrong.contains("[SAML_EGI] SignRequests is not auto"), "{wrong}");
    let no_key = configure(&mut logins, "[SAML]\nCert = /nowhere\nKey = /nowhere");
    assert!(no_key.contains("broken: /nowhere: No such file"), "{no_key}");
    assert_eq!(configure(&mut logins, "[SAML_EGI]\nSupportContact = a@example.org"), ready(1));
    // Unusable certificates of [SECURITY] only mean that nothing is signed.
    let old = "[SECURITY]\n";
    logins.installation.configure(old, "[SECURITY]\nHostCert = /nowhere\nHostKey = /nowhere\n");
    logins.config = LiveConfig::load(&logins.installation.config_path()).unwrap();
    assert_eq!(logins.after(1), ready(1));
}

#[test]
fn a_key_that_is_replaced_in_two_steps_goes_on_until_both_fit() {
    let mut logins = Logins::new(&good());
    let path = |name: &str| logins.installation.path(&format!("etc/poem/{name}"));
    let (certificate, key) = (path("saml.crt"), path("saml.key"));
    let (old, new) = (new_signer(SignerKey::EcP256), new_signer(SignerKey::EcP256));
    old.save(&certificate, &key).unwrap();
    let settings = format!("[SAML]\nCert = {}\nKey = {}\n[GENERAL_EGI]\n", certificate.display(), key.display());
    logins.installation.configure("[GENERAL_EGI]\n", &settings);
    logins.config = LiveConfig::load(&logins.installation.config_path()).unwrap();
    let print = |logins: &Logins| {
        let sp = block_on(logins.logins.service_provider(&logins.config, &logins.tenant)).unwrap().0;
        sp.key.as_ref().unwrap().certificate.der().to_vec()
    };
    assert_eq!((logins.now(), print(&logins)), (ready(1), old.certificate().to_der().unwrap()));
    let other = tempfile::tempdir().unwrap();
    let (new_certificate, new_key) = (other.path().join("crt"), other.path().join("key"));
    new.save(&new_certificate, &new_key).unwrap();
    fs::copy(new_key, &key).unwrap();
    assert_eq!((logins.after(1), print(&logins)), (ready(1), old.certificate().to_der().unwrap()));
    fs::copy(new_certificate, &certificate).unwrap();
    assert_eq!((logins.after(1), print(&logins)), (ready(1), new.certificate().to_der().unwrap()));
}

#[test]
fn metadata_that_expire_end_the_login_until_they_are_renewed() {
    let logins = Logins::new(&metadata_of(IDP, "validUntil=\"2026-01-01T00:01:00Z\"", &[&SIGNER]));
    assert_eq!((logins.now(), logins.after(59)), (ready(1), ready(1)));
    assert!(logins.after(1).contains("metadata-egi.xml: it expired on 2026-01-01 00:01 UTC: fetch new metadata"));
    assert_eq!(logins.with(&metadata_of(IDP, "validUntil=\"2026-01-01T01:00:00Z\"", &[&SIGNER])), ready(1));
}

/// Waits until the login page has these words. The server looks at the file once a second.
#[track_caller]
fn await_page(server: &Server, words: &str, is_there: bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while Browser::of_host(server, "localhost").get("/poem/admin/login/").text().contains(words) != is_there {
        assert!(Instant::now() < end, "{words}: {is_there}");
    }
}

#[test]
fn the_login_page_follows_the_file() {
    const NOT_AVAILABLE: &str = "Logging in with your institution is not available at the moment.";
    const BUTTON: &str = "Log in with your institution";
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    await_page(&server, BUTTON, false);
    write_metadata(&installation, "<html/>");
    await_page(&server, NOT_AVAILABLE, true);
    write_metadata(&installation, &good());
    await_page(&server, BUTTON, true);
    await_page(&server, NOT_AVAILABLE, false);
    write_metadata(&installation, "");
    let end = Instant::now() + Duration::from_secs(20);
    while !installation.log().contains("changed but cannot be used") {
        await_page(&server, BUTTON, true);
        assert!(Instant::now() < end);
    }
    fs::remove_file(installation.path("etc/poem/metadata-egi.xml")).unwrap();
    await_page(&server, BUTTON, false);
    let log = installation.log();
    for (level, words) in [
        ("ERROR", "EGI: federated login is off: "),
        ("INFO", "EGI: federated login by https://idp.example.org/metadata (1 certificate)"),
        ("WARNING", "EGI: messages are not signed, and single logout is off: neither [SAML] Cert"),
        (
            "WARNING",
            "metadata-egi.xml changed but cannot be used, going on with what it said before: it is not well-formed",
        ),
        ("WARNING", "EGI: federated login is off: its metadata file is gone"),
    ] {
        let is_it = |line: &str| line.contains(words) && line.contains(level) && line.contains("poem-authbackend");
        assert!(log.lines().any(is_it), "{level} {words}: {log}");
    }
}
