//! A server whose tenant EGI logs in at SimpleSAMLphp.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::server::free_address;
use crate::support::simplesamlphp::self_signed;
use crate::support::sql::sql;
use crate::support::web_client::{Form, Page};
use crate::support::{Installation, Server, SimpleSaml, WebClient};

/// POEM and its identity provider. POEM is at the host `localhost`, the identity provider at `127.0.0.1`: another site.
pub struct FederatedSite {
    /// The identity provider.
    pub idp: SimpleSaml,
    /// The installation, with small.json.
    pub installation: Installation,
    /// The server.
    pub server: Server,
    /// The address of POEM, without a slash at the end.
    pub base: String,
}

/// Starts POEM with a key of its own and without an identity provider; returns its address too.
pub fn without_idp() -> (Installation, Server, String) {
    let installation = Installation::with_small_data();
    let address = free_address();
    let base = format!("http://localhost:{}", address.port());
    let (key, certificate) = self_signed("poem");
    let etc = installation.path("etc/poem");
    fs::write(etc.join("saml.key"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    fs::write(etc.join("saml.crt"), certificate.to_pem().unwrap()).unwrap();
    let section = format!(
        "[SAML]\nBaseUrl = {base}\nCert = %(VENV)s/etc/poem/saml.crt\nKey = %(VENV)s/etc/poem/saml.key\n[SERVER]\n"
    );
    installation.configure("[SERVER]\n", &section);
    let server = Server::start_at(&installation, address);
    (installation, server, base)
}

/// Gives POEM the metadata of its identity provider, and waits until it has read them.
pub fn set_idp(installation: &Installation, server: &Server, metadata: &str) {
    fs::write(installation.path("etc/poem/metadata-egi.xml"), metadata).unwrap();
    server.catch_up();
}

impl FederatedSite {
    /// Starts both; `None` if SimpleSAMLphp is missing, which is reported.
    pub fn start() -> Option<Self> {
        let mut idp = SimpleSaml::start(&[])?;
        let (installation, server, base) = without_idp();
        idp.trust_metadata(&server.get("/poem/saml2/metadata/").text());
        set_idp(&installation, &server, &idp.metadata());
        Some(Self { idp, installation, server, base })
    }

    /// Returns an absolute address of POEM.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Begins a login and logs in at the identity provider; returns the form with the answer, not yet submitted.
    pub fn answer(&self, client: &mut WebClient, username: &str, next: &str) -> Form {
        self.idp.log_in(client, &self.at(&format!("/poem/saml2/login/?next={next}")), username)
    }

    /// Logs a person in; returns the first page.
    pub fn log_in(&self, client: &mut WebClient, username: &str) -> Page {
        let form = self.answer(client, username, "");
        let answer = client.submit(&form);
        assert_eq!(answer.status(), 303, "{}\n{}", answer.response.text(), self.installation.log());
        client.follow(answer)
    }

    /// Returns the name that the page shows as the user's; `None` for a page without a login.
    pub fn user_of(page: &Page) -> Option<String> {
        let text = page.response.text();
        let (_, rest) = text.split_once("Account of </span>")?;
        rest.split('<').next().map(|name| name.trim().to_owned())
    }

    /// Returns true if the client has a session.
    pub fn is_logged_in(&self, client: &mut WebClient) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            // A server on a machine that was stalled answers 503: its state may be stale.
            match client.get(&self.at("/poem/admin/poem/profile/")).status() {
                503 if Instant::now() < end => {}
                status => return status == 200,
            }
        }
    }

    /// Waits until the log has a text; lines without a warning are buffered for a moment.
    pub fn expect_log(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.installation.log().contains(text) {
            assert!(Instant::now() < end, "the log lacks {text:?}:\n{}", self.installation.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a statement in the database.
    pub fn sql(&self, statement: &str) -> Vec<String> {
        sql(&self.installation, statement)
    }
}
