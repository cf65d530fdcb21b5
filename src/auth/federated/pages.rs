//! The words of the pages of the federated login. Of a message they show nothing but what the metadata say too: the name
//! of the identity provider.

use rocket::http::Status;

use crate::auth::login;
use crate::registry::login_request::in_seconds;
use crate::saml::federation::Federation;
use crate::saml::refusal::{Refusal, RefusalClass};
use crate::templates::Link;
use crate::templates::federated_page::FederatedPage;
use crate::templates::urls::{INDEX, LOGIN};

/// A page with its status.
#[derive(Debug)]
pub struct Notice {
    /// The HTTP status.
    pub status: Status,
    /// The content.
    pub content: FederatedPage,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<i64>,
}

impl Notice {
    fn new(status: Status, heading: impl Into<String>, text: impl Into<String>, links: Vec<Link>) -> Self {
        let content = FederatedPage { heading: heading.into(), text: text.into(), links, ..FederatedPage::default() };
        Self { status, content, retry_after: None }
    }

    /// Adds the reference under which the log has the cause.
    pub fn with_reference(mut self, reference: String) -> Self {
        self.content.reference = reference;
        self
    }

    fn with_contact(mut self, federation: &Federation) -> Self {
        self.content.contact.clone_from(&federation.sp.settings.support_contact);
        self
    }
}

/// Returns the link that begins a federated login.
fn begin(label: &str, next: Option<&str>) -> Vec<Link> {
    vec![Link::new(label, login::federated_address(next.unwrap_or_default()))]
}

/// The page of a tenant without an identity provider.
pub fn not_set_up() -> Notice {
    let text = "This POEM has no identity provider. Log in with username and password.";
    Notice::new(Status::NotFound, "Federated login is not set up", text, vec![Link::new("Log in", LOGIN)])
}

/// The page if the metadata of the identity provider are missing or have expired.
pub fn not_available() -> Notice {
    let heading = "Logging in with your institution is not available at the moment";
    let text = "The metadata of the identity provider are missing or have expired. An administrator can see the cause \
                in the log.";
    let links = vec![Link::new("Log in with username and password", LOGIN)];
    Notice { retry_after: Some(60), ..Notice::new(Status::ServiceUnavailable, heading, text, links) }
}

/// The page if too many logins were begun.
pub fn too_many(wait: &chrono::TimeDelta, next: Option<&str>) -> Notice {
    let seconds = in_seconds(wait);
    let text = format!("Please wait {seconds} seconds and try again.");
    let notice = Notice::new(Status::TooManyRequests, "Too many logins were begun", text, begin("Try again", next));
    Notice { retry_after: Some(seconds), ..notice }
}

/// The page if the signatures of too many messages are being checked.
pub fn busy() -> Notice {
    let text = "Too many people log in at the moment. Nothing was lost: load the page again in a few seconds.";
    let notice = Notice::new(Status::ServiceUnavailable, "POEM is busy", text, Vec::new());
    Notice { retry_after: Some(1), ..notice }
}

/// The page at the address of messages.
pub fn not_a_page() -> Notice {
    let text = "Identity providers send their answers to this address. To log in, begin here.";
    Notice::new(Status::MethodNotAllowed, "This is not a page", text, begin("Log in", None))
}

/// Returns the page of a login that was refused. `next`: the path of the login, if it is known.
pub fn of_refusal(refusal: &Refusal, federation: &Federation, next: Option<&str>) -> Notice {
    let name = &federation.idp.name;
    let again = || begin("Try again", next);
    let forbidden = |heading: String, text: String, links| Notice::new(Status::Forbidden, heading, text, links);
    match refusal.class {
        RefusalClass::Malformed | RefusalClass::Shape => unreadable(again()),
        RefusalClass::Issuer
        | RefusalClass::Destination
        | RefusalClass::Unsigned
        | RefusalClass::Signature
        | RefusalClass::Subject
        | RefusalClass::Audience
        | RefusalClass::Condition => not_accepted(name, again()),
        RefusalClass::Idp => {
            let text = match refusal.failed_login.as_ref().map(|failed| failed.status.as_str()).unwrap_or_default() {
                "AuthnFailed" => format!("You cancelled, or {name} does not know you."),
                "RequestDenied" => format!("{name} does not let you use this service."),
                _ => format!("{name} could not log you in."),
            };
            Notice::new(Status::Ok, format!("{name} did not log you in"), text, again())
        }
        RefusalClass::Encrypted => {
            let text = "It encrypts its answers, which POEM cannot read. Tell an administrator the reference.";
            Notice::new(Status::BadGateway, format!("{name} must be set up differently"), text, Vec::new())
        }
        RefusalClass::Unsolicited => forbidden(
            "This login was not begun here".to_owned(),
            "Begin it here, and you will probably be logged in at once.".to_owned(),
            begin("Log in", next),
        ),
        RefusalClass::Used => forbidden(
            "This login was already used".to_owned(),
            "If you are logged in, go on. If not, log in again.".to_owned(),
            [vec![Link::new("Go on", next.unwrap_or(INDEX))], begin("Log in", next)].concat(),
        ),
        RefusalClass::Expired | RefusalClass::Stale | RefusalClass::Session => {
            forbidden("The login took too long".to_owned(), "It is no longer valid.".to_owned(), again())
        }
        RefusalClass::Browser => forbidden(
            "Your browser did not send back its cookie".to_owned(),
            "A login must end in the browser in which it began, and that browser must accept cookies.".to_owned(),
            again(),
        ),
        RefusalClass::Early => forbidden(
            "The clocks differ".to_owned(),
            format!("{name} and this POEM do not agree on the time. Tell an administrator the reference."),
            again(),
        ),
        RefusalClass::Attribute => forbidden(
            format!("{name} did not say who you are"),
            format!(
                "POEM needs an identifier, which {name} did not release. Tell the helpdesk of {name} that POEM needs \
                 the attribute {}.",
                federation.sp.settings.identifier.join(" or ")
            ),
            again(),
        ),
        RefusalClass::Entitlement | RefusalClass::Account => may_not(federation),
    }
}

fn unreadable(links: Vec<Link>) -> Notice {
    let heading = "That was no answer of an identity provider";
    Notice::new(Status::BadRequest, heading, "What arrived cannot be read.", links)
}

fn not_accepted(name: &str, links: Vec<Link>) -> Notice {
    let text = format!(
        "It is not certain that it comes from {name} and is meant for this POEM. If this happens again, tell an \
         administrator the reference."
    );
    Notice::new(Status::Forbidden, format!("The answer of {name} was not accepted"), text, links)
}

/// The page if the account may not log in.
pub fn may_not(federation: &Federation) -> Notice {
    let text = "You are known, but your account is not active, or may not use this POEM. Ask its administrators.";
    Notice::new(Status::Forbidden, "Your account may not log in here", text, Vec::new()).with_contact(federation)
}

/// The page if two accounts have the identifier.
pub fn two_accounts(federation: &Federation) -> Notice {
    let text = "An administrator must join them. Tell them the reference.";
    Notice::new(Status::Forbidden, "Two accounts are yours", text, Vec::new()).with_contact(federation)
}

/// The page if the person has no account, and logins do not create any.
pub fn no_account(federation: &Federation, identifier: &str) -> Notice {
    let text = "Ask the administrators of this POEM for an account, and send them this identifier:";
    let mut notice =
        Notice::new(Status::Forbidden, "You have no account here", text, Vec::new()).with_contact(federation);
    identifier.clone_into(&mut notice.content.copied);
    notice
}

/// The page if the question whether an account is theirs is over.
pub fn too_late() -> Notice {
    Notice::new(Status::Forbidden, "The login took too long", "It is no longer valid.", begin("Try again", None))
}

/// The page if the link that logs out at the identity provider is over.
pub fn link_is_over() -> Notice {
    let text = "The link to log out there as well works once, for ten minutes. You are logged out of POEM.";
    Notice::new(Status::Forbidden, "This link is over", text, vec![Link::new("Log in again", LOGIN)])
}

/// Returns the page of a message about a logout that was refused.
pub fn of_logout_refusal(refusal: &Refusal, federation: &Federation) -> Notice {
    match refusal.class {
        RefusalClass::Malformed | RefusalClass::Shape | RefusalClass::Unsolicited => unreadable(Vec::new()),
        RefusalClass::Encrypted => of_refusal(refusal, federation, None),
        _ => not_accepted(&federation.idp.name, Vec::new()),
    }
}

/// The page after a logout that the identity provider has confirmed; or that it could not do everywhere.
pub fn logged_out(federation: &Federation, is_everywhere: bool) -> Notice {
    let name = &federation.idp.name;
    let text = match is_everywhere {
        true => format!("You are logged out here and at {name}."),
        false => format!(
            "You are logged out here, but {name} could not log you out everywhere. Close the browser to be safe."
        ),
    };
    Notice::new(Status::Ok, "You are logged out", text, vec![Link::new("Log in again", LOGIN)])
}

/// The page after a logout about which nothing more is known.
pub fn logged_out_of_poem() -> Notice {
    let text = "You are logged out of POEM.";
    Notice::new(Status::Ok, "You are logged out", text, vec![Link::new("Log in again", LOGIN)])
}
