//! `poem try` with its federated login and its ARGO WEB-API.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::rc::Rc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use openssl::base64::encode_block;
use poem::dev::identity_provider::people::{DemoPerson, demo_people};
use poem::domain::model::federated_account::old_usernames;
use poem::domain::model::federated_identity::FederatedIdentity;

use super::identity_provider::PassedOn;
use crate::support::server::free_address;
use crate::support::{Browser, HttpResponse, Installation, http};

/// A running `poem try`, with the address of its identity provider. Ends when dropped.
struct Trial {
    installation: Rc<Installation>,
    process: Child,
    address: SocketAddr,
    identity_provider: SocketAddr,
    line: String,
}

impl Trial {
    fn start() -> Self {
        Self::start_in(Rc::new(Installation::bare()))
    }

    fn start_in(installation: Rc<Installation>) -> Self {
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

    /// Sends a request to the identity provider.
    fn ask(&self, method: &str, target: &str, cookie: &str, body: &[u8]) -> HttpResponse {
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        http::send(self.identity_provider, method, target, &[("Host", "127.0.0.1"), ("Cookie", cookie), form], body)
    }

    /// Logs in at POEM as one of the people. Returns POEM's response, and the cookie at the identity provider.
    #[track_caller]
    fn log_in(&self, browser: &mut Browser<'_>, person: usize) -> (HttpResponse, String) {
        let begun = browser.get("/poem/saml2/login/?next=/poem/admin/poem/metric/");
        let target = self.at_identity_provider(&begun);
        assert!(self.ask("GET", &target, "", b"").text().contains("POEM EGI asks who you are."));
        let page = self.ask("POST", &target, "", format!("person={person}").as_bytes());
        let passed_on = PassedOn::read(&page);
        assert_eq!(passed_on.acs, format!("http://localhost:{}/poem/saml2/acs/", self.address.port()));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("SAMLResponse", &encode_block(passed_on.xml.as_bytes()));
        form.extend_pairs(passed_on.relay_state.map(|value| ("RelayState", value)));
        let answer = browser.post_body("/poem/saml2/acs/", &form.finish());
        assert_eq!(answer.status, 303, "{answer:?}");
        (answer, page.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned())
    }

    /// Logs out at the identity provider, which tells POEM.
    #[track_caller]
    fn log_out(&self, cookie: &str) {
        let told = self.ask("POST", "/logout", cookie, b"");
        let base = format!("http://localhost:{}", self.address.port());
        let target = told.header("Location").unwrap().strip_prefix(&base).unwrap();
        let answer = http::send(self.address, "GET", target, &[("Host", "localhost")], b"");
        let last = self.ask("GET", &self.at_identity_provider(&answer), cookie, b"");
        assert!(last.text().contains("You are logged out here and at the service providers."), "{}", last.text());
    }

    /// The target of a redirect to the identity provider.
    #[track_caller]
    fn at_identity_provider(&self, answer: &HttpResponse) -> String {
        assert_eq!(answer.status, 302, "{answer:?}");
        let base = format!("http://{}", self.identity_provider);
        answer.header("Location").unwrap().strip_prefix(&base).unwrap().to_owned()
    }

    /// Sends a request about aggregation profiles to the ARGO WEB-API of poem.conf, with the demo token of EGI.
    fn ask_web_api(&self, method: &str, id: &str) -> HttpResponse {
        let conf = self.file("poem.conf");
        let place = conf.split_once("\nAggregationProfile = http://").unwrap().1.lines().next().unwrap();
        let (address, path) = place.split_at(place.find('/').unwrap());
        let address: SocketAddr = address.parse().unwrap();
        assert!(address.ip().is_loopback());
        let headers = [("Host", "127.0.0.1"), ("Accept", "application/json"), ("x-api-key", "demo-egi-web-api")];
        http::send(address, method, &format!("{path}{id}"), &headers, b"")
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
fn trying_poem_out_includes_the_federated_login() {
    let trial = Trial::start();
    assert!(trial.line.contains("without passwords") && trial.identity_provider.ip().is_loopback(), "{}", trial.line);
    let metadata = trial.ask("GET", "/metadata", "", b"").text();
    for (tenant, host) in [("egi", "localhost"), ("eudat", "eudat.localhost")] {
        assert_eq!(trial.file(&format!("metadata-{tenant}.xml")), metadata);
        let ours = http::send(trial.address, "GET", "/poem/saml2/metadata/", &[("Host", host)], b"").text();
        let acs = format!("Location=\"http://{host}:{}/poem/saml2/acs/\"", trial.address.port());
        assert!(ours.contains(&acs) && ours.contains("SingleLogoutService"), "{ours}");
        let page = http::send(trial.address, "GET", "/poem/admin/login/", &[("Host", host)], b"").text();
        assert!(page.contains("Log in with your institution"), "{page}");
    }
    let log_in = |person| {
        let mut browser = Browser::through(&trial.address);
        let (answer, cookie) = trial.log_in(&mut browser, person);
        (browser, answer, cookie)
    };
    let (mut jakob, ..) = log_in(0);
    assert!(jakob.is_logged_in(), "a first login makes an account");
    let (mut hanna, answer, cookie) = log_in(1);
    assert_eq!(answer.header("Location"), Some("/poem/admin/poem/metric/"));
    assert!(hanna.is_logged_in());
    let (mut ivana, answer, _) = log_in(2);
    assert!(answer.header("Location").unwrap().contains("/poem/saml2/account/?t="), "{answer:?}");
    assert!(!ivana.is_logged_in(), "her account has to be confirmed");
    ivana.log_in("Ivana_Maric", "demo-ivana");
    assert!(ivana.is_logged_in());
    trial.log_out(&cookie);
    assert!(!hanna.is_logged_in() && ivana.is_logged_in());
}

#[test]
fn trying_poem_out_includes_a_web_api_that_keeps_its_profiles() {
    let names = |trial: &Trial| {
        let list = trial.ask_web_api("GET", "").json();
        let profiles = list["data"].as_array().unwrap().iter();
        profiles.map(|profile| profile["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let trial = Trial::start();
    assert_eq!(names(&trial), ["critical", "operators", "cloud"]);
    assert_eq!(trial.ask_web_api("DELETE", "/00000000-0000-4000-8000-000000000002").status, 200);
    let installation = trial.installation.clone();
    drop(trial);
    assert_eq!(names(&Trial::start_in(installation)), ["critical", "cloud"]);
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
