//! The pages of the federated login.

use serde::Serialize;

use super::Link;
use super::page::Content;

/// Content of the template `federated`: what has happened, and the next step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FederatedPage {
    /// The heading.
    pub heading: String,
    /// The explanation.
    pub text: String,
    /// A text to copy; '' for none.
    pub copied: String,
    /// An e-mail address to ask; '' for none.
    pub contact: String,
    /// The next steps; the first one is the usual one.
    pub links: Vec<Link>,
    /// The reference that people tell an administrator, who finds it in the log; '' for none.
    pub reference: String,
}

impl Content for FederatedPage {
    const TEMPLATE: &'static str = "federated";
}

/// Content of the template `federated_account`: a person is asked whether an account is theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FederatedAccountPage {
    /// The address that the forms are posted to.
    pub action: String,
    /// The secret that stands for the proven identity.
    pub token: String,
    /// The name of the account.
    pub username: String,
    /// The name of the identity provider.
    pub idp: String,
    /// The account may have a password.
    pub has_password: bool,
    /// The error after a wrong password; '' at first.
    pub problem: String,
}

impl Content for FederatedAccountPage {
    const TEMPLATE: &'static str = "federated_account";
}
