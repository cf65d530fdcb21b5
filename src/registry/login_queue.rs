//! The queue of logins before the check of their passwords, which only a few at a time can have.
//!
//! The login that has waited longest is next. A network has few places in the queue, so that a crowd of attempts from
//! one network does not make the logins of others wait.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::domain::security::login_throttle::masked;

/// The most logins of a network that wait or are checked at the same time.
const MAX_OF_A_NETWORK: usize = 10;

/// The logins of each network that are in the queue.
static QUEUE: LazyLock<Mutex<HashMap<IpAddr, usize>>> = LazyLock::new(Mutex::default);

/// A place in the queue, until it is dropped.
pub(super) struct QueuePlace(IpAddr);

/// Takes a place in the queue; `None` if the network of the address has none left.
pub(super) fn enter(address: IpAddr) -> Option<QueuePlace> {
    let network = network(address);
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    let count = queue.entry(network).or_default();
    (*count < MAX_OF_A_NETWORK).then(|| {
        *count += 1;
        QueuePlace(network)
    })
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = queue.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                queue.remove(&self.0);
            }
        }
    }
}

/// Returns the network that shares places: /24 for IPv4, /48 for IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & !0xff).into(),
        IpAddr::V6(v6) => masked(v6, 48).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_few_places_and_leaves_those_of_others() {
        let enter = |text: &str| super::enter(text.parse().unwrap());
        let mut places: Vec<_> = (1..=MAX_OF_A_NETWORK).map(|host| enter(&format!("2001:db8:7:{host}::1"))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(enter("2001:db8:7:ffff::1").is_none(), "another /64 of the same site");
        assert!(enter("2001:db8:8::1").is_some() && enter("192.0.2.1").is_some());
        places.pop();
        assert!(enter("2001:db8:7:ffff::1").is_some(), "a place was left");
    }
}
