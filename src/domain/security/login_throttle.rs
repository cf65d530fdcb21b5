//! The rate limit of logins, against guessed passwords: delays and locks after failures, by account and by address.
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

/// The account or address whose failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The username as typed. An account with this name need not exist.
    Account(&'a str),
    /// The address of the client. All addresses of an IPv6 /64 network count as one.
    Address(IpAddr),
}

impl Subject<'_> {
    /// Returns the word for the kind in the database: `account` or `address`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Address(_) => "address",
        }
    }

    /// Returns the stored form of the name or address: its SHA-256, 32 bytes.
    ///
    /// The name is not stored as text, since users sometimes type their password into the username field.
    pub fn hash(&self) -> Vec<u8> {
        let subject = match self {
            Self::Account(name) => format!("account {name}"),
            Self::Address(address) => format!("address {}", network(*address)),
        };
        openssl::sha::sha256(subject.as_bytes()).to_vec()
    }

    /// Returns the number of failures without any wait.
    fn free(&self) -> u32 {
        match self {
            Self::Account(_) => 3,
            // A whole office can share one address.
            Self::Address(_) => 15,
        }
    }

    /// Returns the number of failures at which the subject is locked.
    pub fn locked_at(&self) -> u32 {
        match self {
            Self::Account(_) => 10,
            Self::Address(_) => 50,
        }
    }
}

/// Returns the address that is counted: an IPv4 address itself (also if written as IPv6), of IPv6 the /64 network.
///
/// A single IPv6 host usually has a whole /64 network at its disposal.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
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
    }
}
