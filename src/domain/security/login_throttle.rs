//! Guessing passwords: what failed logins cost those who come next, for one account and from one address.
//!
//! A few failures are free. Then each makes the next attempt wait longer, and after many the account, or the address,
//! is locked for a while. Names that nobody has are treated as any account, so nothing tells whether there is one.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};

/// Where events of logins are logged: the file shows them as the program `poem-authbackend`.
pub const LOG_TARGET: &str = "poem::authbackend";

/// How long a lock lasts, and after how long without an attempt everything is forgotten.
pub const LOCKED_FOR: TimeDelta = TimeDelta::minutes(15);
/// The longest that an attempt must wait before the lock: 2 to the power of this, in seconds.
const LONGEST_WAIT: u32 = 5;

/// Whose failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The name as typed, whether or not somebody has it.
    Account(&'a str),
    Address(IpAddr),
}

impl Subject<'_> {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Address(_) => "address",
        }
    }

    /// What is kept instead of the name or address: 32 bytes. A name that was typed may be a password, at the wrong place.
    pub fn hash(&self) -> Vec<u8> {
        let subject = match self {
            Self::Account(name) => format!("account {name}"),
            Self::Address(address) => format!("address {}", network(*address)),
        };
        openssl::sha::sha256(subject.as_bytes()).to_vec()
    }

    /// Failures that cost nothing.
    fn free(&self) -> u32 {
        match self {
            Self::Account(_) => 3,
            // Behind one address may be a whole office.
            Self::Address(_) => 15,
        }
    }

    /// Failures after which it is locked.
    pub fn locked_at(&self) -> u32 {
        match self {
            Self::Account(_) => 10,
            Self::Address(_) => 50,
        }
    }
}

/// A host has a whole network of addresses in IPv6; and IPv4 has two ways to be written.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// What is known of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last: DateTime<Utc>,
}

impl Failures {
    /// How long the next attempt must wait from `now` on; `None`: not at all.
    pub fn wait(&self, subject: Subject<'_>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let cost = match self.count {
            count if count >= subject.locked_at() => LOCKED_FOR,
            count if count > subject.free() => TimeDelta::seconds(1 << (count - subject.free() - 1).min(LONGEST_WAIT)),
            _ => return None,
        };
        let left = self.last + cost - now;
        (left > TimeDelta::zero()).then_some(left)
    }

    /// The count after one more.
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
    fn an_address_may_fail_more_often() {
        let address = Subject::Address("192.0.2.1".parse().unwrap());
        assert_eq!([15, 16, 49, 50].map(|count| waits(address, count, 0)), [0, 1, 32, 900]);
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(failures(7).one_more(at(899)), 8);
        assert_eq!(failures(7).one_more(at(900)), 1);
        assert_eq!(failures(u32::MAX).one_more(at(0)), u32::MAX);
    }

    #[test]
    fn subjects_are_told_apart_by_kind_and_network() {
        let address = |text: &str| Subject::Address(text.parse().unwrap()).hash();
        assert_eq!(address("192.0.2.1"), address("::ffff:192.0.2.1"));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_ne!(address("192.0.2.1"), Subject::Account("192.0.2.1").hash());
    }
}
