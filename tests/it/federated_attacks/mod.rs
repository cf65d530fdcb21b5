//! Attacks on the server of the federated login: messages that are well-formed and signed, and not meant for this login,
//! browser, tenant or time; and those that should change an account or a session of somebody else.

mod accounts;
mod linking;
mod logouts;
mod redirects;
mod replay;
mod requests;

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::Utc;
use openssl::base64::encode_block;
use poem::dev::identity_provider::responses::{Parties, ResponseFacts};
use poem::dev::identity_provider::signer::{Signer, SignerKey};
use poem::domain::model::federated_identity::NameId;
use reqwest::Url;

use crate::federation::{IDP, SIGNER, good};
use crate::support::server::free_address;
use crate::support::sql::sql;
use crate::support::web_client::{Form, Page};
use crate::support::{Installation, Server, WebClient};

/// The address at the identity provider from which forms are posted.
const IDP_PAGE: &str = "https://idp.example.org/sso";
/// The names of attributes.
const IDENTIFIER: &str = "urn:oid:1.3.6.1.4.1.25178.4.1.6";
const UNIQUE_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.13";
const DISPLAY_NAME: &str = "urn:oid:2.16.840.1.113730.3.1.241";
const MAIL: &str = "urn:oid:0.9.2342.19200300.100.1.3";

/// The heading of pages of refused messages.
const UNREADABLE: &str = "That was no answer of an identity provider";
const NOT_ACCEPTED: &str = "The answer of idp.example.org was not accepted";
const USED: &str = "This login was already used";
const TOO_LONG: &str = "The login took too long";
const NO_IDENTIFIER: &str = "idp.example.org did not say who you are";

/// The key of POEM.
static OWN_KEY: LazyLock<Signer> = LazyLock::new(|| Signer::generate(SignerKey::EcP256, "poem").unwrap());

/// A server whose tenants EGI and TWO have the same identity provider: that of `federation`. Both sign their messages.
struct Target {
    installation: Installation,
    server: Server,
    /// The address of EGI, without a slash at the end.
    egi: String,
    /// The address of TWO.
    two: String,
}

/// A refusal: the status of the page, its heading, and the beginning of the cause in the log.
type Refused<'a> = (u16, &'a str, &'a str);

impl Target {
    fn start() -> Self {
        Self::start_with("")
    }

    /// Starts a server with more settings in `[GENERAL_EGI]`.
    fn start_with(general: &str) -> Self {
        let installation = Installation::with_small_data();
        let address = free_address();
        let [egi, two] = ["localhost", "two.localhost"].map(|host| format!("http://{host}:{}", address.port()));
        let etc = installation.path("etc/poem");
        OWN_KEY.save(&etc.join("saml.crt"), &etc.join("saml.key")).unwrap();
        let logout = "<SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
                      Location=\"https://idp.example.org/slo\"/><SingleSignOnService";
        let metadata = good().replace("<SingleSignOnService", logout);
        for tenant in ["egi", "two"] {
            fs::write(etc.join(format!("metadata-{tenant}.xml")), &metadata).unwrap();
        }
        let sections = format!(
            "[SAML]\nCert = %(VENV)s/etc/poem/saml.crt\nKey = %(VENV)s/etc/poem/saml.key\n[SAML_EGI]\nBaseUrl = {egi}\n\
             [SAML_TWO]\nBaseUrl = {two}\n[SERVER]\n"
        );
        installation.configure("[SERVER]\n", &sections);
        installation.configure("[GENERAL_EGI]\n", &format!("[GENERAL_EGI]\n{general}"));
        let server = Server::start_at(&installation, address);
        Self { installation, server, egi, two }
    }

    /// Begins a login at a tenant; returns the id of the request.
    #[track_caller]
    fn begin(&self, client: &mut WebClient, base: &str) -> String {
        let page = settled(|| client.get(&format!("{base}/poem/saml2/login/")));
        let to = page.redirect().unwrap_or_else(|| panic!("{page}"));
        assert!(to.as_str().starts_with(IDP_PAGE), "{to}");
        to.query_pairs().find(|(name, _)| name == "RelayState").expect("the id of the request").1.into_owned()
    }

    /// The correct answer to a login of a tenant, for a person with this identifier and name.
    fn facts(&self, base: &str, request: &str, (identifier, name): (&str, &str)) -> ResponseFacts {
        let (entity_id, acs) = (format!("{base}/poem/saml2/metadata/"), format!("{base}/poem/saml2/acs/"));
        let parties = Parties { idp: IDP, service_provider: &entity_id, acs: &acs, request };
        ResponseFacts::valid(parties, &[(IDENTIFIER, identifier), (DISPLAY_NAME, name)], Utc::now())
    }

    /// Posts a message to a tenant, as the page of the identity provider does.
    #[track_caller]
    fn post(&self, client: &mut WebClient, base: &str, xml: &str) -> Page {
        self.post_encoded(client, base, &encode_block(xml.as_bytes()))
    }

    #[track_caller]
    fn post_encoded(&self, client: &mut WebClient, base: &str, message: &str) -> Page {
        let form = idp_form(&format!("{base}/poem/saml2/acs/"), &[("SAMLResponse", message), ("RelayState", "x")]);
        settled(|| client.submit(&form))
    }

    /// Logs a person in at EGI; returns how the identity provider names the session.
    #[track_caller]
    fn log_in(&self, client: &mut WebClient, person: (&str, &str)) -> (NameId, String) {
        let request = self.begin(client, &self.egi);
        let facts = self.facts(&self.egi, &request, person);
        let page = self.post(client, &self.egi, &signed(&facts));
        assert!(page.status() == 303 && self.is_logged_in(client), "{page}\n{}", self.installation.log());
        let assertion = facts.assertion.unwrap();
        (assertion.name_id.unwrap(), assertion.sessions[0].index.clone().unwrap())
    }

    /// Posts a message that is refused: nobody is logged in, and nothing is stored.
    #[track_caller]
    fn attack(&self, client: &mut WebClient, base: &str, xml: &str, refused: Refused<'_>) {
        let before = self.state();
        let page = self.post(client, base, xml);
        self.expect_refusal(&page, refused);
        assert_eq!(self.state(), before);
    }

    /// Checks the page of a refusal, and finds its reference with the cause in the log.
    #[track_caller]
    fn expect_refusal(&self, page: &Page, (status, heading, cause): Refused<'_>) {
        assert_eq!(page.status(), status, "{page}\n{}", self.installation.log());
        let text = page.response.text();
        assert!(text.contains(&format!("<h1>{heading}</h1>")), "{heading}: {text}");
        assert_eq!(page.response.headers("Set-Cookie").count(), 0, "{page}");
        assert_eq!(page.response.header("Cache-Control"), Some("no-store"));
        let reference = text.split_once("Reference: <code>").expect("a reference").1.split('<').next().unwrap();
        self.expect_log(&format!("[{reference}] from 127.0.0.1: {cause}"));
    }

    /// Waits until the log has a text; lines without a warning are buffered for a moment.
    #[track_caller]
    fn expect_log(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.installation.log().contains(text) {
            assert!(Instant::now() < end, "the log lacks {text:?}:\n{}", self.installation.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All accounts, sessions and claims of both tenants.
    fn state(&self) -> Vec<String> {
        let rows = |schema: &str| {
            self.sql(&format!(
                "SELECT u::text FROM {schema}.app_user u UNION ALL
                 SELECT encode(id_hash, 'hex') || user_id FROM {schema}.login_session UNION ALL
                 SELECT s::text FROM {schema}.saml_session s UNION ALL
                 SELECT c::text FROM {schema}.saml_claim c ORDER BY 1"
            ))
        };
        [rows("egi"), rows("two")].concat()
    }

    /// The account with this name, without what each login changes.
    fn account(&self, username: &str) -> Vec<String> {
        self.sql(&format!(
            "SELECT concat_ws(',', username, egi_id, email, first_name, last_name, is_superuser, password)
             FROM egi.app_user WHERE username = '{username}'"
        ))
    }

    fn sql(&self, statement: &str) -> Vec<String> {
        sql(&self.installation, statement)
    }

    /// Returns true if the client has a session at EGI.
    #[track_caller]
    fn is_logged_in(&self, client: &mut WebClient) -> bool {
        settled(|| client.get(&format!("{}/poem/admin/poem/profile/", self.egi))).status() == 200
    }
}

/// Repeats a request that got 503: a server on a machine that was stalled for a second cannot know its state.
#[track_caller]
fn settled(mut send: impl FnMut() -> Page) -> Page {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let page = send();
        if page.status() != 503 {
            assert!(page.status() < 500, "{page}");
            return page;
        }
        assert!(Instant::now() < end, "{page}");
    }
}

/// Writes the message with both signatures.
fn signed(facts: &ResponseFacts) -> String {
    facts.to_signed_xml(Some(&SIGNER), Some(&SIGNER)).unwrap()
}

/// Writes the message with the signature of the assertion only.
fn signed_inside(facts: &ResponseFacts) -> String {
    facts.to_signed_xml(Some(&SIGNER), None).unwrap()
}

/// A form on a page of the identity provider.
fn idp_form(action: &str, fields: &[(&str, &str)]) -> Form {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let [page, action] = [IDP_PAGE, action].map(|address| Url::parse(address).unwrap());
    Form { page, action, fields: fields.iter().map(own).collect() }
}
