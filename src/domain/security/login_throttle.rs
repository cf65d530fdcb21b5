//! The rate limit of logins, against guessed passwords: delays and locks after failures, by account, by address and
//! network, and by browser, place or session where the user is known.
//!
//! The first few failures have no effect. After that, each failure doubles the wait before the next attempt, and after
//! many the account or the address is locked for a while. Unknown usernames are treated like existing ones, so that the
//! response does not reveal which accounts exist.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};

/// The log target of login events. The log file shows them as the program `poem-authbackend`.
pub const LOG_TARGET: &str = "poem::authbackend";

/// The duration of a lock; also the time without an attempt after which the failures are forgotten.
pub const LOCKED_FOR: TimeDelta = TimeDelta::minutes(15);
/// The longest wait before the lock, as an exponent: 2^5 = 32 seconds.
const LONGEST_WAIT: u32 = 5;

/// The subject whose failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The username as typed. An account with this name need not exist.
    Account(&'a str),
    /// The id of a browser that has logged in to an account before, for that account.
    Browser(&'a str),
    /// The username, at an address from which this user has logged in before.
    Place(&'a str, IpAddr),
    /// The hash of the session in which a user changes the password.
    Session(&'a [u8]),
    /// The address of the client. All addresses of an IPv6 /64 network count as one.
    Address(IpAddr),
    /// The IPv6 /56 network of the client: providers give one to a household.
    Network56(Ipv6Addr),
    /// The IPv6 /48 network of the client: providers give one to a site.
    Network48(Ipv6Addr),
}

impl<'a> Subject<'a> {
    /// Returns the address and its networks, the smallest first.
    pub fn networks(address: IpAddr) -> Vec<Self> {
        let own = Subject::Address(address);
        match address.to_canonical() {
            IpAddr::V6(v6) => vec![own, Subject::Network56(v6), Subject::Network48(v6)],
            IpAddr::V4(_) => vec![own],
        }
    }

    /// Returns the word for the kind in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Browser(_) => "browser",
            Self::Place(..) => "place",
            Self::Session(_) => "session",
            Self::Address(_) => "address",
            Self::Network56(_) => "network56",
            Self::Network48(_) => "network48",
        }
    }

    /// Returns the stored form of the subject: a SHA-256, 32 bytes.
    ///
    /// The name is not stored as text, since users sometimes type their password into the username field.
    pub fn hash(&self) -> Vec<u8> {
        let subject = match self {
            Self::Account(name) => format!("account {name}"),
            Self::Browser(id) => format!("browser {id}"),
            Self::Place(name, address) => format!("place {} {name}", network(*address)),
            Self::Session(id_hash) => format!("session {id_hash:?}"),
            Self::Address(address) => format!("address {}", network(*address)),
            Self::Network56(v6) => format!("network {}/56", masked(*v6, 56)),
            Self::Network48(v6) => format!("network {}/48", masked(*v6, 48)),
        };
        openssl::sha::sha256(subject.as_bytes()).to_vec()
    }

    /// Returns the words for a log line; `name` is the account's.
    pub fn in_words(&self, name: &str) -> String {
        match self {
            Self::Account(_) => name.to_owned(),
            Self::Browser(_) => format!("{name}, in a known browser,"),
            Self::Place(_, address) => format!("{name}, at the known address {address},"),
            Self::Session(_) => format!("the password change of {name}"),
            Self::Address(address) => address.to_string(),
            Self::Network56(v6) => format!("{}/56", masked(*v6, 56)),
            Self::Network48(v6) => format!("{}/48", masked(*v6, 48)),
        }
    }

    /// Returns the number of failures without any wait.
    fn free(&self) -> u32 {
        match self {
            Self::Account(_) | Self::Browser(_) | Self::Place(..) | Self::Session(_) => 3,
            // A whole office can share one address.
            Self::Address(_) => 15,
            Self::Network56(_) => 30,
            Self::Network48(_) => 60,
        }
    }

    /// Returns the number of failures at which the subject is locked.
    pub fn locked_at(&self) -> u32 {
        match self {
            Self::Account(_) | Self::Browser(_) | Self::Place(..) | Self::Session(_) => 10,
            Self::Address(_) => 50,
            Self::Network56(_) => 100,
            Self::Network48(_) => 200,
        }
    }
}

/// Returns the address that is counted: an IPv4 address itself (also if written as IPv6), of IPv6 the /64 network.
///
/// A single IPv6 host usually has a whole /64 network at its disposal.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => masked(v6, 64).into(),
        v4 => v4,
    }
}

/// Returns the address of the network of this many bits; at most 127.
pub fn masked(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> bits))
}

/// The failed logins of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// The number of failures since the last success or pause.
    pub count: u32,
    /// The time of the last failure.
    pub last: DateTime<Utc>,
}

impl Failures {
    /// Returns the time that the next attempt has to wait from `now` on; `None` if it need not wait.
    pub fn wait(&self, subject: Subject<'_>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let delay = match self.count {
            count if count >= subject.locked_at() => LOCKED_FOR,
            count if count > subject.free() => TimeDelta::seconds(1 << (count - subject.free() - 1).min(LONGEST_WAIT)),
            _ => return None,
        };
        let left = self.last + delay - now;
        (left > TimeDelta::zero()).then_some(left)
    }

    /// Returns the count after one more failure, which is 1 if the last one is forgotten.
    pub fn one_more(&self, now: DateTime<Utc>) -> u32 {
        if now - self.last >= LOCKED_FOR { 1 } else { self.count.saturating_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(count: u32) -> Failures {
        Failures { count, last: DateTime::UNIX_EPOCH }
    }

    fn waits(subject: Subject<'_>, count: u32, after_seconds: i64) -> i64 {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(after_seconds);
        failures(count).wait(subject, now).map_or(0, |wait| wait.num_seconds())
    }

    #[test]
    fn an_account_is_slowed_then_locked_then_free() {
        let alice = Subject::Account("alice");
        let seconds: Vec<_> = (0..=11).map(|count| waits(alice, count, 0)).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 900, 900]);
        assert_eq!(
            [waits(alice, 9, 31), waits(alice, 9, 32), waits(alice, 10, 899), waits(alice, 10, 900)],
            [1, 0, 1, 0]
        );
    }

    #[test]
    fn an_address_may_fail_more_often_than_an_account() {
        let address = Subject::Address("192.0.2.1".parse().unwrap());
        assert_eq!([15, 16, 49, 50].map(|count| waits(address, count, 0)), [0, 1, 32, 900]);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(failures(7).one_more(at(899)), 8);
        assert_eq!(failures(7).one_more(at(900)), 1);
        assert_eq!(failures(u32::MAX).one_more(at(0)), u32::MAX);
    }

    #[test]
    fn subjects_differ_by_kind_and_network() {
        let address = |text: &str| Subject::Address(text.parse().unwrap()).hash();
        assert_eq!(address("192.0.2.1"), address("::ffff:192.0.2.1"));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_ne!(address("192.0.2.1"), Subject::Account("192.0.2.1").hash());
        let networks = |text: &str| Subject::networks(text.parse().unwrap());
        let hashes = |text: &str| networks(text).iter().map(Subject::hash).collect::<Vec<_>>();
        let of = hashes("2001:db8:0:1200::1");
        let in_other_64 = hashes("2001:db8:0:12ff::1");
        let in_other_56 = hashes("2001:db8:0:ff00::1");
        assert_eq!((of.len(), hashes("::ffff:192.0.2.1").len()), (3, 1));
        assert!(of[0] != in_other_64[0] && of[1] == in_other_64[1] && of[2] == in_other_64[2]);
        assert!(of[1] != in_other_56[1] && of[2] == in_other_56[2] && of[1] != of[2]);
        assert_ne!(of[2], hashes("2001:db8:1:1200::1")[2]);
    }
}
