//! SimpleSAMLphp, a real identity provider, with the configuration of tests/simplesamlphp. It is not installed but
//! unpacked into the target directory (packaging/prerequisites.sh), and run by PHP's own server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use poem::dev::end_with_parent;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::free_address;
use super::web_client::{Form, Page, WebClient};
use super::{http, missing};

/// The extensions of PHP that it needs.
const EXTENSIONS: [&str; 3] = ["dom", "mbstring", "openssl"];

/// A running identity provider. Ends when dropped. Changes of its settings apply to the next request.
pub struct SimpleSaml {
    process: Child,
    base: String,
    settings: Value,
    keys: usize,
    directory: TempDir,
}

/// A service provider, as the identity provider is told about it.
#[derive(Debug, Clone, Default)]
pub struct ServiceProviderFacts {
    /// The entity id.
    pub entity_id: String,
    /// The address of responses to logins, by HTTP-POST.
    pub acs: String,
    /// The address of the single logout, by HTTP-Redirect; `None` without one.
    pub logout: Option<String>,
    /// The certificate of its messages; `None`: they are not signed.
    pub certificate: Option<X509>,
    /// Refuses logins whose requests are not signed.
    pub must_sign_requests: bool,
}

impl SimpleSaml {
    /// Starts one on a free port. `None` if PHP or SimpleSAMLphp are missing, which is reported.
    pub fn start(service_providers: &[ServiceProviderFacts]) -> Option<Self> {
        let Some(program) = installed() else {
            missing(
                "a login at SimpleSAMLphp: PHP or SimpleSAMLphp is missing (./check or `make simplesamlphp` installs them, on Debian)",
            );
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        for name in ["log", "data", "tmp", "sessions"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        let address = free_address();
        let base = format!("http://{address}/");
        let process = spawn(&program, &address.to_string(), directory.path());
        let settings = initial_settings(&base);
        let mut provider = Self { process, base, settings, keys: 0, directory };
        let key = provider.make_key();
        provider.settings["keys"] = json!([key]);
        service_providers.iter().for_each(|facts| provider.trust(facts));
        provider.write_settings();
        provider.await_metadata(address);
        Some(provider)
    }

    /// The entity id, which is also the address of the metadata.
    pub fn entity_id(&self) -> String {
        format!("{}saml2/idp/metadata.php", self.base)
    }

    /// Returns the metadata, in XML.
    #[track_caller]
    pub fn metadata(&self) -> String {
        let page = WebClient::new().get(&self.entity_id());
        assert_eq!(page.status(), 200, "{}", self.log());
        page.response.text()
    }

    /// Returns the certificate of the key that signs, in PEM.
    pub fn certificate_pem(&self) -> String {
        let name = self.settings["keys"][0].as_str().expect("there is a key");
        fs::read_to_string(self.directory.path().join(format!("{name}.crt"))).unwrap()
    }

    /// Makes a service provider known.
    pub fn trust(&mut self, facts: &ServiceProviderFacts) {
        let certificate = |certificate: &X509| openssl::base64::encode_block(&certificate.to_der().unwrap());
        let described = json!({
            "entity_id": facts.entity_id,
            "acs": facts.acs,
            "logout": facts.logout,
            "certificate": facts.certificate.as_ref().map(certificate),
            "validate_requests": facts.must_sign_requests,
        });
        self.change("service_providers", described);
    }

    /// Makes a service provider known by its metadata.
    pub fn trust_metadata(&mut self, xml: &str) {
        let count = self.settings["metadata"].as_array().map_or(0, Vec::len);
        let file = self.directory.path().join(format!("metadata-{count}.xml"));
        fs::write(&file, xml).unwrap();
        self.change("metadata", json!(file));
    }

    /// Adds a person, or replaces one. The names of attributes may be short (`displayName`) or OIDs (`urn:oid:…`).
    pub fn set_person(&mut self, username: &str, attributes: &[(&str, &[&str])]) {
        let attributes = attributes.iter().map(|(name, values)| ((*name).to_owned(), json!(values))).collect();
        self.settings["people"][username] = Value::Object(attributes);
        self.write_settings();
    }

    /// Sets what is signed. At first both are.
    pub fn sign(&mut self, response: bool, assertion: bool) {
        self.settings["sign_response"] = json!(response);
        self.settings["sign_assertion"] = json!(assertion);
        self.write_settings();
    }

    /// Sets how long a login lasts (`SessionNotOnOrAfter`).
    pub fn set_session_seconds(&mut self, seconds: u32) {
        self.settings["session_seconds"] = json!(seconds);
        self.write_settings();
    }

    /// Rollover, first step: a new key is in the metadata, and the old one signs.
    pub fn announce_key(&mut self) {
        let name = self.make_key();
        self.change("keys", json!(name));
    }

    /// Rollover, second step: the new key signs, and the old one is still in the metadata.
    pub fn switch_key(&mut self) {
        self.settings["keys"].as_array_mut().expect("a list").reverse();
        self.write_settings();
    }

    /// Rollover, last step: only the key that signs is in the metadata.
    pub fn retire_key(&mut self) {
        self.settings["keys"].as_array_mut().expect("a list").truncate(1);
        self.write_settings();
    }

    /// Logs in with a password: opens the address, which may be that of the service provider and redirect to here, and
    /// submits the login form. Returns the form with `SAMLResponse` and `RelayState`, not yet submitted.
    #[track_caller]
    pub fn log_in(&self, client: &mut WebClient, url: &str, username: &str) -> Form {
        let page = client.open(url);
        let mut form = page.form("AuthState").unwrap_or_else(|| panic!("no login form: {page}\n{}", self.log()));
        form.set("username", username);
        form.set("password", self.settings["password"].as_str().expect("there is a password"));
        let page = client.submit(&form);
        self.response_form(&client.follow(page))
    }

    /// Logs in again without a password, because the identity provider knows the client.
    #[track_caller]
    pub fn log_in_again(&self, client: &mut WebClient, url: &str) -> Form {
        let page = client.open(url);
        self.response_form(&page)
    }

    /// Begins a logout here. Returns the response that redirects to the first service provider with a session, or to
    /// `return_to` if there is none. `client.follow` goes on from there.
    #[track_caller]
    pub fn log_out(&self, client: &mut WebClient, return_to: &str) -> Page {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("ReturnTo", return_to).finish();
        let mut page = client.get(&format!("{}saml2/idp/SingleLogoutService.php?{query}", self.base));
        while let Some(next) = page.redirect().filter(|next| next.as_str().starts_with(&self.base)) {
            page = client.get(next.as_str());
        }
        page
    }

    /// Returns the address that a login request is sent to, with a query.
    pub fn login_url(&self, query: &str) -> String {
        format!("{}saml2/idp/SSOService.php?{query}", self.base)
    }

    /// Returns its log, for messages.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        read("log/simplesamlphp.log") + &read("php.log")
    }

    #[track_caller]
    fn response_form(&self, page: &Page) -> Form {
        page.form("SAMLResponse").unwrap_or_else(|| panic!("no SAMLResponse: {page}\n{}", self.log()))
    }

    /// Appends a value to a list of the settings.
    fn change(&mut self, list: &str, value: Value) {
        self.settings[list].as_array_mut().expect("a list").push(value);
        self.write_settings();
    }

    /// Replaces the file at once: a request may read it in the same moment.
    fn write_settings(&self) {
        let file = self.directory.path().join("settings.json");
        let new = file.with_extension("new");
        fs::write(&new, self.settings.to_string()).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// Makes a key and its certificate; returns their name.
    fn make_key(&mut self) -> String {
        self.keys += 1;
        let name = format!("key{}", self.keys);
        let (key, certificate) = self_signed("idp.example.org");
        let file = |end| self.directory.path().join(format!("{name}.{end}"));
        fs::write(file("key"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        fs::write(file("crt"), certificate.to_pem().unwrap()).unwrap();
        name
    }

    fn await_metadata(&mut self, address: std::net::SocketAddr) {
        let end = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "PHP ended: {}", self.log());
            assert!(Instant::now() < end, "PHP does not listen: {}", self.log());
            sleep(Duration::from_millis(20));
        }
        let answer = http::send(address, "GET", "/saml2/idp/metadata.php", &[("Host", &address.to_string())], b"");
        assert_eq!(answer.status, 200, "{}\n{}", answer.text(), self.log());
    }
}

impl Drop for SimpleSaml {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes an RSA key and a certificate for it.
pub fn self_signed(common_name: &str) -> (PKey<Private>, X509) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", common_name).unwrap();
    let name = name.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(127, MsbOption::MAYBE_ZERO, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (key, builder.build())
}

/// Checks a document against one of the OASIS schemas that come with SimpleSAMLphp, for example
/// `saml-schema-metadata-2.0.xsd`. Without the schemas or xmllint nothing is checked, which is reported.
#[track_caller]
pub fn assert_valid(schema: &str, xml: &str) {
    let schema = directory().join("usr/share/simplesamlphp/schemas").join(schema);
    let has_xmllint = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok();
    if !schema.exists() || !has_xmllint {
        return missing(
            "validation of XML: xmllint or the schemas are missing (./check or `make simplesamlphp` installs them, on Debian)",
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("document.xml");
    fs::write(&file, xml).unwrap();
    let output =
        Command::new("xmllint").args(["--nonet", "--noout", "--schema"]).arg(schema).arg(file).output().unwrap();
    assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
}

fn initial_settings(base: &str) -> Value {
    let mut settings: Value = serde_json::from_str(include_str!("../../simplesamlphp/people.json")).expect("JSON");
    let more = json!({
        "base": base, "keys": [], "sign_response": true, "sign_assertion": true, "session_seconds": 28_800,
        "service_providers": [], "metadata": [],
    });
    settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    settings
}

/// The unpacked package, as packaging/prerequisites.sh leaves it.
fn directory() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("simplesamlphp")
}

/// The directory, if all is there that it needs.
fn installed() -> Option<PathBuf> {
    let directory = Some(directory()).filter(|path| path.join("usr/share/simplesamlphp/www").is_dir())?;
    let script =
        format!("exit({} ? 0 : 1);", EXTENSIONS.map(|name| format!("extension_loaded('{name}')")).join(" && "));
    let can_run = Command::new("php").args(["-r", &script]).stdin(Stdio::null()).status().ok()?.success();
    can_run.then_some(directory)
}

fn spawn(program: &Path, address: &str, directory: &Path) -> Child {
    let log = File::create(directory.join("php.log")).unwrap();
    let mut command = Command::new("php");
    command.args(["-d", "display_errors=0", "-S", address, "-t"]).arg(program.join("usr/share/simplesamlphp/www"));
    command.env("SIMPLESAMLPHP_CONFIG_DIR", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simplesamlphp"));
    command.env("POEM_SIMPLESAMLPHP", program).env("POEM_TEST_IDP", directory);
    // One process answers one request after the other, which is enough: workers would outlive a killed test.
    command.env_remove("PHP_CLI_SERVER_WORKERS");
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    end_with_parent(&mut command, Signal::SIGKILL);
    command.spawn().expect("PHP starts")
}
