//! A small identity provider (SAML 2.0) for `poem try` and the tests. It asks for no passwords, and no key of poem.conf
//! starts it.

mod error; //         its errors
mod idp; //           what it answers
pub mod logouts; //   the messages of the single logout
mod markup; //        text in XML and HTML
pub mod metadata; //  its metadata
mod pages; //         its pages
pub mod people; //    the people and service providers that it knows
pub mod redirect; //  messages in the query of a redirect
mod requests; //      the messages of service providers
pub mod responses; // responses to logins
mod server; //        its routes
mod sessions; //      who is logged in
pub mod signer; //    its key, and the signatures

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rocket::Shutdown;

pub use self::error::DemoIdpError;
use self::idp::Idp;
use self::people::{DemoPerson, DemoServiceProvider};
use self::sessions::DemoSessions;
use self::signer::Signer;

/// A running identity provider. Ends when dropped.
#[derive(Debug)]
pub struct DemoIdentityProvider {
    idp: Arc<Idp>,
    shutdown: Shutdown,
}

impl DemoIdentityProvider {
    /// Starts it on a free port of 127.0.0.1. Its key is kept in the directory, which must exist.
    ///
    /// # Errors
    /// `File`, `Key`, `Start`.
    pub fn start(
        directory: &Path,
        service_providers: Vec<DemoServiceProvider>,
        people: Vec<DemoPerson>,
    ) -> Result<Self, DemoIdpError> {
        let (certificate, key) = (directory.join("idp-cert.pem"), directory.join("idp-key.pem"));
        let signer = Signer::load_or_generate(&certificate, &key, pages::NAME)?;
        let sessions = DemoSessions::default();
        let idp = Arc::new(Idp { base: OnceLock::new(), signer, people, service_providers, sessions });
        let shutdown = server::start_thread(&idp)?;
        Ok(Self { idp, shutdown })
    }

    /// Its address: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn address(&self) -> String {
        self.idp.at("")
    }

    /// Its entity id.
    pub fn entity_id(&self) -> String {
        self.idp.entity_id()
    }

    /// Its metadata.
    ///
    /// # Errors
    /// `Key`.
    pub fn metadata(&self) -> Result<String, DemoIdpError> {
        self.idp.metadata()
    }

    /// Its key.
    pub fn signer(&self) -> &Signer {
        &self.idp.signer
    }
}

impl Drop for DemoIdentityProvider {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}
