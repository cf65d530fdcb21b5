//! What a trusted proxy says of the client: its address, and whether it came by https. Nobody else's word counts.

use std::net::{IpAddr, Ipv4Addr};

use rocket::Request;

/// The proxies whose word counts.
pub struct TrustedProxies(pub Vec<IpAddr>);

impl TrustedProxies {
    fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state::<Self>().expect("app::build manages the proxies")
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|trusted| trusted.to_canonical() == address.to_canonical())
    }

    /// `forwarded` is what `X-Forwarded-For` lists: each proxy adds whom it was asked by, so the last one that is no
    /// proxy of ours is the client; what stands before it, anybody can have written.
    fn client(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let mut client = peer;
        for hop in forwarded.rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            match hop.trim().parse() {
                Ok(address) => client = address,
                Err(_) => break,
            }
        }
        client
    }

    /// `proto` is `X-Forwarded-Proto`; of several values the nearest proxy's is the last.
    fn is_tls(&self, peer: IpAddr, proto: &str) -> bool {
        self.trusts(peer) && proto.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("https"))
    }
}

/// The client's address.
pub fn client_address(request: &Request<'_>) -> IpAddr {
    TrustedProxies::of(request).client(peer(request), &header(request, "X-Forwarded-For"))
}

/// Whether the client speaks TLS, so that cookies must not go any other way.
pub fn is_tls(request: &Request<'_>) -> bool {
    TrustedProxies::of(request).is_tls(peer(request), &header(request, "X-Forwarded-Proto"))
}

fn peer(request: &Request<'_>) -> IpAddr {
    // Without a connection (a client within a test) nobody is trusted.
    request.remote().map_or(Ipv4Addr::UNSPECIFIED.into(), |remote| remote.ip())
}

/// All headers of this name as one list.
fn header(request: &Request<'_>, name: &str) -> String {
    request.headers().get(name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies(vec![ip("127.0.0.1"), ip("10.0.0.1")])
    }

    #[test]
    fn the_client_is_the_last_who_is_no_proxy_of_ours() {
        for (peer, forwarded, client) in [
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "6.6.6.6, nonsense", "127.0.0.1"),
            ("192.0.2.9", "6.6.6.6", "192.0.2.9"),
            ("192.0.2.9", "6.6.6.6, 127.0.0.1", "192.0.2.9"),
        ] {
            assert_eq!(proxies().client(ip(peer), forwarded), ip(client), "{peer}: {forwarded}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_https() {
        let is_tls = |peer, proto| proxies().is_tls(ip(peer), proto);
        assert!(is_tls("127.0.0.1", "https") && is_tls("10.0.0.1", "HTTPS") && is_tls("10.0.0.1", "http, https"));
        assert!(!is_tls("127.0.0.1", "") && !is_tls("127.0.0.1", "http") && !is_tls("127.0.0.1", "https, http"));
        assert!(!is_tls("192.0.2.9", "https"));
    }
}
