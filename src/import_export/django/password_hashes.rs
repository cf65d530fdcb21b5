//! Password hashes of kinds that Django knows and POEM cannot verify.

use std::collections::BTreeMap;

use super::error::quoted;
use crate::domain::model::user::StoredUser;
use crate::domain::security::password;

/// The beginning of a hash that Django stores for accounts without a password.
const UNUSABLE: char = '!';

/// Warns of users who cannot log in with their passwords: one line for each kind of hash, with its number of users and
/// their names.
pub(super) fn warn_of_unknown(users: &[StoredUser], warnings: &mut Vec<String>) {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for user in users.iter().filter(|user| is_unknown(&user.password)) {
        kinds.entry(kind(&user.password)).or_default().push(&user.username);
    }
    warnings.extend(kinds.into_iter().map(|(kind, names)| {
        format!(
            "{} user(s) cannot log in until a superuser sets a new password, because POEM does not know their kind of \
             password hash, {}: {}",
            names.len(),
            quoted(kind),
            names.join(", ")
        )
    }));
}

fn is_unknown(hash: &str) -> bool {
    !hash.is_empty() && !hash.starts_with(UNUSABLE) && !password::is_usable(hash)
}

/// The name of the algorithm before the first `$`. A hash without one is old MD5, of which nothing may be shown.
fn kind(hash: &str) -> &str {
    hash.split_once('$').map_or("md5", |(kind, _)| kind)
}
