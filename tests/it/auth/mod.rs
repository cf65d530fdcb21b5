//! Authentication: logins, sessions, forms and passwords.

mod cookies;
mod form_limits;
mod forms;
mod known_browsers;
mod login;
mod login_resume;
mod password;
mod sessions;
mod throttle;

/// The message of every refused login, whatever the reason.
const REFUSED: &str =
    "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive.";
