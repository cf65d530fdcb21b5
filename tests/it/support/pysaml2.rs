//! pysaml2 as an identity provider, which asks for no password: tests/saml_peers/idp.py.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use poem::dev::end_with_parent;
use tempfile::TempDir;

use super::missing;
use super::server::free_address;
use super::simplesamlphp::self_signed;
use super::web_client::{Form, WebClient};

/// A running identity provider. Ends when dropped.
pub struct PySaml2 {
    process: Child,
    base: String,
    directory: TempDir,
}

impl PySaml2 {
    /// Starts one that knows the service provider with these metadata. It signs the `response`, the `assertion`, `both` or
    /// `none`. `None` if pysaml2 is missing, which is reported.
    pub fn start(service_provider: &str, signed: &str) -> Option<Self> {
        let Some(python) = python() else {
            missing("a login at pysaml2: it is missing (make test-saml-peers installs it, on Debian)");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let (key, certificate) = self_signed("pysaml2.example.org");
        fs::write(path("key.pem"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        fs::write(path("cert.pem"), certificate.to_pem().unwrap()).unwrap();
        fs::write(path("sp.xml"), service_provider).unwrap();
        let address = free_address();
        let log = File::create(path("log")).unwrap();
        let mut command = Command::new(python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saml_peers/idp.py"));
        command.arg(address.port().to_string()).arg(directory.path()).arg(signed);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        end_with_parent(&mut command, Signal::SIGKILL);
        let process = command.spawn().expect("Python starts");
        let mut provider = Self { process, base: format!("http://{address}"), directory };
        provider.await_listening(address);
        Some(provider)
    }

    /// The entity id, which is also the address of the metadata.
    pub fn entity_id(&self) -> String {
        format!("{}/metadata", self.base)
    }

    /// Returns the metadata, in XML.
    #[track_caller]
    pub fn metadata(&self) -> String {
        let page = WebClient::new().get(&self.entity_id());
        assert_eq!(page.status(), 200, "{}", self.log());
        page.response.text()
    }

    /// Returns the address that a login request is sent to, with a query.
    pub fn login_url(&self, query: &str) -> String {
        format!("{}/sso?{query}", self.base)
    }

    /// Logs in as `ana`: opens the address, which may be that of the service provider and redirect to here. Returns the
    /// form with `SAMLResponse` and `RelayState`, not yet submitted.
    #[track_caller]
    pub fn log_in(&self, client: &mut WebClient, url: &str) -> Form {
        let page = client.open(url);
        page.form("SAMLResponse").unwrap_or_else(|| panic!("no SAMLResponse: {page}\n{}", self.log()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn await_listening(&mut self, address: std::net::SocketAddr) {
        let end = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "pysaml2 ended: {}", self.log());
            assert!(Instant::now() < end, "pysaml2 does not listen: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for PySaml2 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Finds a Python with pysaml2: `POEM_PYTHON`, for example that of a virtual environment, or the system's.
fn python() -> Option<String> {
    let has_tool = Command::new("xmlsec1").arg("--version").stdout(Stdio::null()).status().is_ok();
    let named = std::env::var("POEM_PYTHON").ok();
    let candidates = named.into_iter().chain(["/usr/bin/python3", "python3"].map(str::to_owned));
    let works = |python: &String| {
        let mut command = Command::new(python);
        command.args(["-c", "import saml2.server"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    candidates.filter(|_| has_tool).find(works)
}
