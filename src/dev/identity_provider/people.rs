//! The people and the service providers that the demo identity provider knows.

use openssl::x509::X509;

use crate::domain::model::federated_identity::NameId;

const VO_PERSON_ID: &str = "urn:oid:1.3.6.1.4.1.25178.4.1.6";
const EDU_PERSON_UNIQUE_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.13";
const DISPLAY_NAME: &str = "urn:oid:2.16.840.1.113730.3.1.241";
const GIVEN_NAME: &str = "urn:oid:2.5.4.42";
const SURNAME: &str = "urn:oid:2.5.4.4";
const MAIL: &str = "urn:oid:0.9.2342.19200300.100.1.3";

/// A person who can log in.
#[derive(Debug, Clone)]
pub struct DemoPerson {
    /// The name on the page.
    pub name: String,
    /// The words of the page about the person.
    pub note: String,
    /// The attributes that are asserted: `Name` and value.
    pub attributes: Vec<(String, String)>,
    /// The NameID; `None`: a new one in each session.
    pub name_id: Option<NameId>,
}

impl DemoPerson {
    /// A person with the attributes that EGI Check-in releases.
    pub fn new(identifier: &str, (given_name, surname): (&str, &str), mail: &str, note: &str) -> Self {
        let name = format!("{given_name} {surname}");
        let attributes = [
            (VO_PERSON_ID, identifier),
            (EDU_PERSON_UNIQUE_ID, identifier),
            (DISPLAY_NAME, &name),
            (GIVEN_NAME, given_name),
            (SURNAME, surname),
            (MAIL, mail),
        ];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { name, note: note.into(), attributes, name_id: None }
    }
}

/// The people of `poem try`: one is new, one is in the demo data with an identifier, and one has an account of POEM 2.3.
pub fn demo_people() -> Vec<DemoPerson> {
    vec![
        DemoPerson::new(
            "demo-0009@egi.example.org",
            ("Jakob", "Nyström"),
            "jakob@idp.example.org",
            "has no account yet",
        ),
        DemoPerson::new(
            "demo-0007@egi.example.org",
            ("Hanna", "Virtanen"),
            "hanna@idp.example.org",
            "has an account in EGI with this identifier",
        ),
        DemoPerson::new(
            "demo-0008@egi.example.org",
            ("Ivana", "Marić"),
            "ivana@idp.example.org",
            "has an old account in EGI without an identifier; its password is demo-ivana",
        ),
    ]
}

/// A service provider that the demo identity provider answers to.
#[derive(Debug, Clone)]
pub struct DemoServiceProvider {
    /// Its name on pages.
    pub name: String,
    /// Its entity id.
    pub entity_id: String,
    /// The address of its AssertionConsumerService, by HTTP-POST; there is no other.
    pub acs: String,
    /// The address of its SingleLogoutService, by HTTP-Redirect; `None` for none.
    pub logout: Option<String>,
    /// The address at which a login begins, for a link.
    pub login: String,
    /// The certificate that its LogoutRequests must be signed with; `None`: they are not checked.
    pub certificate: Option<X509>,
}
