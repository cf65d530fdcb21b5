//! Logging in and out, and the password.

use serde::Serialize;

use super::form_page::{self, ErrorLink, Widget};
use super::page::Content;
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The hidden field that keeps what was typed when the session had ended.
pub const TYPED: &str = "_typed";

/// The field that tells a form's page to show what was typed, and to save nothing yet.
pub const RESUME: &str = "_resume";

/// Template `login`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoginPage {
    pub action: String,
    /// Where it leads afterwards; '' for the default.
    pub next: String,
    pub username: String,
    /// One message for every refusal; '' at first.
    pub problem: String,
    /// The words of the federated button; '' where there is none.
    pub federated: String,
    pub federated_href: String,
    /// What was typed when the session had ended, to be kept; '' else.
    pub typed: String,
}

impl Content for LoginPage {
    const TEMPLATE: &'static str = "login";
}

/// Template `logged_in_again`: after a login in the middle of a form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoggedInAgainPage {
    /// The form's address.
    pub action: String,
    /// What was typed: name and value.
    pub typed: Vec<(String, String)>,
}

impl Content for LoggedInAgainPage {
    const TEMPLATE: &'static str = "logged_in_again";
}

/// Template `logout`: a button, and a word after it was pressed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogoutPage {
    pub action: String,
    pub login: String,
    pub is_logged_out: bool,
}

impl Content for LogoutPage {
    const TEMPLATE: &'static str = "logout";
}

/// Template `password`: of oneself, or by a superuser of another.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordPage {
    pub heading: String,
    pub action: String,
    pub error_heading: String,
    pub error_links: Vec<ErrorLink>,
    pub widgets: Vec<Widget>,
    /// What a good password is.
    pub rules: Vec<String>,
    pub is_done: bool,
}

impl PasswordPage {
    /// The form, with what is wrong with what was typed; passwords themselves are not shown again. `fields`: name and
    /// label of each.
    pub fn new(
        heading: &str,
        action: &str,
        fields: &[(&'static str, &str)],
        rules: &[&str],
        wrong: &ValidationErrors,
    ) -> Self {
        let widget = |(name, label): &(&'static str, &str)| Widget {
            name: (*name).to_owned(),
            label: (*label).to_owned(),
            required: true,
            input_type: "password",
            errors: wrong.of(Place::Field(name)).into_iter().map(str::to_owned).collect(),
            ..Widget::default()
        };
        Self {
            heading: heading.to_owned(),
            action: action.to_owned(),
            error_heading: form_page::error_heading(wrong),
            error_links: form_page::error_links(wrong, |_| ("", "")),
            widgets: fields.iter().map(widget).collect(),
            rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            is_done: false,
        }
    }
}

impl Content for PasswordPage {
    const TEMPLATE: &'static str = "password";
}
