//! Login sessions: their lifetime, and the client that starts one.

use std::net::IpAddr;

use chrono::TimeDelta;

/// The client that asks for a login.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// Its address.
    pub address: IpAddr,
    /// Its header `User-Agent`; '' if it sent none.
    pub user_agent: &'a str,
}

/// The time limits of a session, which ends when the first of them is reached.
///
/// The browser drops its cookie earlier, when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// The time without any request.
    pub idle: TimeDelta,
    /// The time since the login, with or without requests.
    pub absolute: TimeDelta,
}

impl SessionLimits {
    /// Returns the lifetime of a new session that makes no further request.
    pub fn at_first(&self) -> TimeDelta {
        self.idle.min(self.absolute)
    }
}

impl Default for SessionLimits {
    /// Returns 12 hours (a working day) without a request, and 7 days in total.
    fn default() -> Self {
        Self { idle: TimeDelta::hours(12), absolute: TimeDelta::days(7) }
    }
}
