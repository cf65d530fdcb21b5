//! Security rules: secrets, keys, passwords, login sessions, and the rate limit of logins.

pub mod api_token;
pub mod keys;
pub mod login_throttle;
pub mod password;
pub mod password_rules;
pub mod secret;
pub mod session;
pub mod ssl_mode;
