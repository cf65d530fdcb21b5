//! The line about accounts that wait for a superuser, on the index and above the list of users.

use serde::Serialize;

use super::layout::Link;

/// A line about accounts that wait for a superuser.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WaitingLine {
    /// The words before the names: `A federated login asks for 1 account`.
    pub label: String,
    /// The links to the forms of the accounts.
    pub users: Vec<Link>,
    /// The words after the names, if not all accounts are named: `and 3 more`; else empty.
    pub more: String,
}
