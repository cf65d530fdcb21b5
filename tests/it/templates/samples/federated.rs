//! Sample pages of the federated login.

use poem::templates::Link;
use poem::templates::federated_page::{FederatedAccountPage, FederatedPage};
use poem::templates::login_page::{LoginPage, LogoutPage};
use poem::templates::urls::{INDEX, LOGIN, LOGOUT};

use super::{Sample, outside};

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let refused = FederatedPage {
        heading: "The answer of EGI Check-in was not accepted".to_owned(),
        text:
            "It is not certain that it comes from EGI Check-in and is meant for this POEM. If this happens again, tell \
               an administrator the reference."
                .to_owned(),
        links: vec![again()],
        reference: "1a2b3c4d".to_owned(),
        ..FederatedPage::default()
    };
    let used = FederatedPage {
        heading: "This login was already used".to_owned(),
        text: "If you are logged in, go on. If not, log in again.".to_owned(),
        links: vec![Link::new("Go on", INDEX), again()],
        ..refused.clone()
    };
    let no_account = FederatedPage {
        heading: "You have no account here".to_owned(),
        text: "Ask the administrators of this POEM for an account, and send them this identifier:".to_owned(),
        copied: "8f2d0c6b1e7a4f3d9c5b@egi.eu".to_owned(),
        contact: "poem-support@example.org".to_owned(),
        links: Vec::new(),
        ..refused.clone()
    };
    let account = FederatedAccountPage {
        action: "/poem/saml2/account/".to_owned(),
        token: "token".to_owned(),
        username: "Ivan_Ilic".to_owned(),
        idp: "EGI Check-in".to_owned(),
        has_password: true,
        problem: String::new(),
    };
    let wrong = FederatedAccountPage {
        problem: "This is not the password of the account, or the account may not log in.".to_owned(),
        ..account.clone()
    };
    let undecided = FederatedAccountPage { has_password: false, ..account.clone() };
    let logged_out = LogoutPage {
        action: LOGOUT.to_owned(),
        login: LOGIN.to_owned(),
        is_logged_out: true,
        idp: "EGI Check-in".to_owned(),
        idp_logout: "/poem/saml2/logout/?h=1".to_owned(),
    };
    let unavailable = LoginPage { action: LOGIN.to_owned(), federated_unavailable: true, ..LoginPage::default() };
    vec![
        Sample::new("federated-refused", outside("Log in"), refused),
        Sample::new("federated-used", outside("Log in"), used),
        Sample::new("federated-no-account", outside("Log in"), no_account),
        Sample::new("federated-account", outside("Log in"), account),
        Sample::new("federated-account-wrong", outside("Log in"), wrong),
        Sample::new("federated-account-undecided", outside("Log in"), undecided),
        Sample::new("logged-out-federated", outside("Logged out"), logged_out),
        Sample::new("login-unavailable", outside("Log in"), unavailable),
    ]
}

fn again() -> Link {
    Link::new("Try again", "/poem/saml2/login/?next=")
}
