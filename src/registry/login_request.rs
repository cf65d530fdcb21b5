//! The context of login requests, and the reasons why they fail.

use chrono::TimeDelta;
use sqlx::PgPool;

use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::session::{Client, SessionLimits};
use crate::store::StoreError;

/// The context of a login request.
#[derive(Clone, Copy)]
pub struct LoginRequest<'a> {
    /// The connection pool of the server.
    pub pool: &'a PgPool,
    /// The tenant that the request belongs to.
    pub tenant: &'a Tenant,
    /// The lifetime of the session that a login starts.
    pub limits: SessionLimits,
    /// The client that asks, for the rate limit, the log and the list of sessions.
    pub client: Client<'a>,
}

/// The reason why a login or a change of password failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or password, inactive, or not staff: the message does not reveal which.
    ///
    /// In a change of password: the old password is wrong.
    #[error(
        "Please enter the correct username and password for a staff account. Note that both fields may be case-sensitive."
    )]
    Refused,
    /// Too many failures of this account or from this address, so the password was not checked; holds the wait.
    #[error("Too many failed logins. Please wait {} and try again.", in_words(.0))]
    TooMany(TimeDelta),
    /// Too many logins of the network wait for the check of their passwords.
    #[error("Too many people log in from your network at the moment. Please wait {} and try again.", in_words(.0))]
    Busy(TimeDelta),
    /// The new password is not acceptable.
    #[error(transparent)]
    Rejected(#[from] ValidationErrors),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns a wait in whole seconds, rounded up, at least 1.
pub fn in_seconds(wait: &TimeDelta) -> i64 {
    (wait.num_seconds() + i64::from(wait.subsec_nanos() > 0)).max(1)
}

/// Words a wait, rounded up: `1 second`, `30 seconds`, `15 minutes`.
fn in_words(wait: &TimeDelta) -> String {
    let seconds = in_seconds(wait);
    let (number, unit) = if seconds <= 60 { (seconds, "second") } else { ((seconds + 59) / 60, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_to_whole_units() {
        for (milliseconds, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (1000, "1 second"),
            (1001, "2 seconds"),
            (60_000, "60 seconds"),
            (61_000, "2 minutes"),
            (900_000, "15 minutes"),
        ] {
            assert_eq!(in_words(&TimeDelta::milliseconds(milliseconds)), words);
        }
    }
}
