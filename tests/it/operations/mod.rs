//! What whoever runs POEM relies on: health and metrics, backups, rotation of the secret key.

mod backup;
mod health;
mod rotation;

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Server;

const ADDRESSES: [&str; 3] = ["/poem/api/v2/metrics/", "/poem/api/v2/profiles/", "/poem/api/0.2/json/profiles"];

/// What the API of the tenant EGI says to a client, and with which status.
fn answers(server: &Server, token: &str) -> Vec<(u16, String)> {
    let answer = |address: &&str| server.get_with_key(address, token);
    ADDRESSES.iter().map(answer).map(|answer| (answer.status, answer.text())).collect()
}

/// Asks until the key is answered with this status: a server sees what others wrote within a second.
#[track_caller]
fn await_status(server: &Server, token: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while server.get_with_key(ADDRESSES[0], token).status != status {
        assert!(Instant::now() < end, "the answer to {token} does not become {status}");
        sleep(Duration::from_millis(20));
    }
}
