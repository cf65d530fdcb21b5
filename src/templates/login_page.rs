//! The pages for login, logout and the change of a password.

use serde::Serialize;

use super::form_page::{self, ErrorLink, PlaceNames, Widget};
use super::page::Content;
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The hidden field of the login page that keeps the input of a form whose session has expired.
pub const TYPED: &str = "_typed";

/// The field that makes the page of a form show the posted input without saving it.
pub const RESUME: &str = "_resume";

/// The button of the login page for users who have logged in through their institution in another tab.
pub const LOGGED_IN: &str = "_logged_in";

/// Content of the template `login`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoginPage {
    /// The address that the form is posted to.
    pub action: String,
    /// The address to redirect to after the login; empty for the default.
    pub next: String,
    /// The public page that shows what is at `next`; empty if there is none.
    pub public: String,
    /// The username that was typed; empty at first.
    pub username: String,
    /// The error after a failed login, the same for every cause; empty at first.
    pub problem: String,
    /// The text of the button for the federated login; empty if there is none.
    pub federated: String,
    /// The address of the federated login.
    pub federated_href: String,
    /// True if there is a federated login, but it does not work at the moment: the page says so in place of the button.
    pub federated_unavailable: bool,
    /// The input of a form whose session has expired, for the field [`TYPED`]; else empty.
    pub typed: String,
}

impl Content for LoginPage {
    const TEMPLATE: &'static str = "login";
}

/// Content of the template `logged_in_again`: the page after a login in the middle of a form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoggedInAgainPage {
    /// The address of the form.
    pub action: String,
    /// The input of the form, as names and values.
    pub typed: Vec<(String, String)>,
}

impl Content for LoggedInAgainPage {
    const TEMPLATE: &'static str = "logged_in_again";
}

/// Content of the template `logout`: a button, or the confirmation after it was pressed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogoutPage {
    /// The address that the button posts to.
    pub action: String,
    /// The address of the login page.
    pub login: String,
    /// True after the logout.
    pub is_logged_out: bool,
    /// The name of the identity provider at which the user is still logged in; empty if there is none.
    pub idp: String,
    /// The address that logs out there as well.
    pub idp_logout: String,
}

impl Content for LogoutPage {
    const TEMPLATE: &'static str = "logout";
}

/// Content of the template `password`, for the user's own password and for one that a superuser sets.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordPage {
    /// The heading of the page.
    pub heading: String,
    /// The address that the form is posted to.
    pub action: String,
    /// The heading of the errors; empty without errors.
    pub error_heading: String,
    /// The errors, each with a link to its field.
    pub error_links: Vec<ErrorLink>,
    /// The password fields.
    pub widgets: Vec<Widget>,
    /// The rules for a new password, a sentence each.
    pub rules: Vec<String>,
    /// True after the change: the page only confirms it.
    pub is_done: bool,
}

impl PasswordPage {
    /// Returns the form with its errors; passwords that were typed are not shown again.
    ///
    /// `fields` has the name and the label of each field.
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
            error_links: form_page::error_links(wrong, |_| PlaceNames::default()),
            widgets: fields.iter().map(widget).collect(),
            rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            is_done: false,
        }
    }
}

impl Content for PasswordPage {
    const TEMPLATE: &'static str = "password";
}
