//! The way in and out: logins, sessions, forms, passwords.

mod forms;
mod login;
mod login_resume;
mod password;
mod sessions;
mod throttle;

/// One message for every refusal.
const REFUSED: &str =
    "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive.";
