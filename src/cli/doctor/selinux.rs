//! SELinux, as far as it keeps httpd from POEM: the port that it connects to, and the static files that it reads.

use std::fs;

use super::system::SystemFiles;
use super::{Check, Findings};
use crate::config::Config;

/// The ports of the type `http_port_t`.
const HTTP_PORTS: [u16; 8] = [80, 81, 443, 488, 8008, 8009, 8443, 9000];

/// Notes what SELinux forbids, if it is enforcing.
pub(super) fn check(findings: &mut Findings, config: &Config, system: &SystemFiles) {
    if !is_enforcing(system) {
        return;
    }
    if let Some(message) = check_port(config.server.port, |name| boolean(system, name)) {
        findings.note(Check::SelinuxPort, message);
    }
    if config.venv.starts_with("/home") {
        let message =
            format!("SELinux: httpd can read files below {} only if they are labelled", config.venv.display());
        findings.note(Check::SelinuxLabels, format!("{message}: see “SELinux” in docs/operations.md"));
    }
}

/// Returns whether SELinux is enforcing, or would be after the next start of a system that does not show it.
fn is_enforcing(system: &SystemFiles) -> bool {
    match fs::read_to_string(system.path("/sys/fs/selinux/enforce")) {
        Ok(text) => text.trim() == "1",
        Err(_) => fs::read_to_string(system.path("/etc/selinux/config"))
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "SELINUX=enforcing")),
    }
}

/// The state of a boolean of the policy; `None` if it cannot be read.
fn boolean(system: &SystemFiles, name: &str) -> Option<bool> {
    let text = fs::read_to_string(system.path("/sys/fs/selinux/booleans").join(name)).ok()?;
    // The current value, then the one that is about to be set.
    Some(text.trim_start().starts_with('1'))
}

/// A sentence about a port that httpd may not connect to; `None` if it may, as far as the booleans can be read.
fn check_port(port: u16, boolean: impl Fn(&str) -> Option<bool>) -> Option<String> {
    let is_on = |name: &str| boolean(name) == Some(true);
    let is_http = HTTP_PORTS.contains(&port);
    let is_cache = matches!(port, 8080 | 8118 | 8123 | 10001..=10010);
    // `httpd_graceful_shutdown` lets httpd connect to its own ports. It is on in CentOS 7, and off in later ones.
    let may_connect = is_on("httpd_can_network_connect")
        || (is_http && boolean("httpd_graceful_shutdown") != Some(false))
        || ((is_http || is_cache) && is_on("httpd_can_network_relay"));
    if may_connect {
        return None;
    }
    let narrow = "setsebool -P httpd_can_network_relay on";
    let remedy = match is_http || is_cache {
        true => format!("run {narrow}"),
        false => format!("set Port = 8008 here and in the vhost, and if that is refused too, run {narrow}"),
    };
    let wide = "setsebool -P httpd_can_network_connect on";
    Some(format!("SELinux: httpd may not connect to port {port}: {remedy}; {wide} allows all ports"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_noted_if_httpd_may_not_connect_to_it() {
        let note = |port, on: &[&str], off: &[&str]| {
            check_port(port, |name| match (on.contains(&name), off.contains(&name)) {
                (false, false) => None,
                (is_on, _) => Some(is_on),
            })
        };
        let (relay, connect, own) = ("httpd_can_network_relay", "httpd_can_network_connect", "httpd_graceful_shutdown");
        for (port, on, off) in [
            (8008, &[][..], &[][..]),
            (443, &[own], &[relay, connect]),
            (8008, &[relay], &[own]),
            (8080, &[relay], &[]),
            (8000, &[connect], &[]),
        ] {
            assert_eq!(note(port, on, off), None, "{port} {on:?} {off:?}");
        }
        let narrow = note(8008, &[], &[own, relay]).unwrap();
        assert!(narrow.contains("may not connect to port 8008: run setsebool -P httpd_can_network_relay on; "));
        assert!(note(8080, &[own], &[]).is_some_and(|note| note.contains("8080: run setsebool")));
        // The narrow boolean does not cover it: it is soundd_port_t.
        assert!(note(8000, &[relay], &[]).is_some_and(|note| note.contains("8000: set Port = 8008 here and")));
    }
}
