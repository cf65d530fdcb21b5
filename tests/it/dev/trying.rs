//! `poem try` with its federated login.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poem::dev::identity_provider::people::{DemoPerson, demo_people};
use poem::dev::identity_provider::redirect::{self, MessageKind};
use poem::domain::model::federated_account::old_usernames;
use poem::domain::model::federated_identity::FederatedIdentity;

use crate::support::server::free_address;
use crate::support::{Browser, Installation, http};

/// A running `poem try`, with the address of its identity provider. Ends when dropped.
struct Trial {
    installation: Installation,
    process: Child,
    address: SocketAddr,
    identity_provider: SocketAddr,
    line: String,
}

impl Trial {
    fn start() -> Self {
        let installation = Installation::bare();
        let address = free_address();
        let mut command = installation.command("poem");
        command.args(["try", "--port", &address.port().to_string(), "--dir"]).arg(installation.path("try"));
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the executable runs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("identity provider")).expect("the banner names it");
        assert!(lines.any(|line| line.starts_with("Commands:")));
        let (_, place) = line.split_once("http://").unwrap();
        let identity_provider = place.trim_end_matches('/').parse().unwrap();
        Self { installation, process, address, identity_provider, line }
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.installation.path("try/etc/poem").join(name)).unwrap()
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

#[test]
fn trying_poem_out_starts_an_identity_provider_that_both_sides_know() {
    let trial = Trial::start();
    assert!(trial.line.contains("without passwords") && trial.identity_provider.ip().is_loopback(), "{}", trial.line);
    let host = [("Host", "127.0.0.1")];
    let metadata = http::send(trial.identity_provider, "GET", "/metadata", &host, b"").text();
    for (tenant, host) in [("egi", "localhost"), ("eudat", "eudat.localhost")] {
        assert_eq!(trial.file(&format!("metadata-{tenant}.xml")), metadata);
        let base = format!("http://{host}:{}", trial.address.port());
        let ours = http::send(trial.address, "GET", "/poem/saml2/metadata/", &[("Host", host)], b"").text();
        let acs = format!("{base}/poem/saml2/acs/");
        assert!(ours.contains(&format!("Location=\"{acs}\"")) && ours.contains("SingleLogoutService"), "{ours}");
        let page = http::send(trial.address, "GET", "/poem/admin/login/", &[("Host", host)], b"").text();
        assert!(page.contains("/poem/saml2/login/"), "{page}");
        // The identity provider would answer there.
        let request = format!(
            "<p:AuthnRequest xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' ID='_1' AssertionConsumerServiceURL='{acs}'>\
             <Issuer xmlns='urn:oasis:names:tc:SAML:2.0:assertion'>{base}/poem/saml2/metadata/</Issuer></p:AuthnRequest>"
        );
        let target = redirect::address("/sso", (MessageKind::Request, &request), None, None).unwrap();
        let form = [("Host", "127.0.0.1"), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = http::send(trial.identity_provider, "POST", &target, &form, b"person=0").text();
        assert!(answer.contains(&format!("action=\"{acs}\"")), "{answer}");
    }
    // The person with an old account has its password.
    let mut ivana = Browser::through(&trial.address);
    ivana.log_in("Ivana_Maric", "demo-ivana");
    assert!(ivana.is_logged_in());
}

/// POEM 2.3 made the username of the display name.
#[test]
fn the_demo_data_have_an_account_of_each_kind() {
    let file: serde_json::Value = serde_json::from_str(poem::dev::demo::EGI).unwrap();
    let users = file["users"].as_array().unwrap();
    let [new, known, old]: [_; 3] = demo_people().try_into().unwrap();
    let identifier = |person: &DemoPerson| person.attributes[0].1.clone();
    let has_identifier = |value: &str| users.iter().any(|user| user["egi_id"] == value);
    assert!(has_identifier(&identifier(&known)) && !has_identifier(&identifier(&new)));
    assert!(!has_identifier(&identifier(&old)));
    let of_old_name = |name: &str| {
        let names = old_usernames(&FederatedIdentity { display_name: name.into(), ..FederatedIdentity::default() });
        users.iter().find(|user| names.iter().any(|name| user["username"] == name.as_str()))
    };
    assert!(of_old_name(&old.name).unwrap()["egi_id"].is_null());
    assert!(of_old_name(&new.name).is_none());
}
