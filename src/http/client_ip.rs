//! The client's address and scheme (http or https), as reported by trusted proxies. Headers of others are ignored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rocket::Request;

/// The addresses of the proxies whose `X-Forwarded-…` headers are believed.
pub struct TrustedProxies(pub Vec<IpAddr>);

impl TrustedProxies {
    fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state::<Self>().expect("app::build manages the proxies")
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|trusted| trusted.to_canonical() == address.to_canonical())
    }

    /// Returns the client's address, from the peer of the connection and the list in `X-Forwarded-For`.
    ///
    /// Each proxy appends the address of its own peer. So the list is read from its end, and the first address that is
    /// not a trusted proxy is the client. Any client can forge the addresses before that one.
    fn client(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let mut client = peer;
        for hop in forwarded.rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// Returns whether the client used https, by the list in `X-Forwarded-Proto`: the nearest proxy's value is the
    /// last.
    fn is_tls(&self, peer: IpAddr, proto: &str) -> bool {
        self.trusts(peer) && proto.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("https"))
    }
}

/// Parses an address of the list. Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn address(hop: &str) -> Option<IpAddr> {
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
}

/// Returns the client's address: that of the connection, unless a trusted proxy reports another one.
pub fn client_address(request: &Request<'_>) -> IpAddr {
    TrustedProxies::of(request).client(peer(request), &header(request, "X-Forwarded-For"))
}

/// Returns whether the client uses TLS, by the report of a trusted proxy. Cookies are `Secure` then.
pub fn is_tls(request: &Request<'_>) -> bool {
    TrustedProxies::of(request).is_tls(peer(request), &header(request, "X-Forwarded-Proto"))
}

fn peer(request: &Request<'_>) -> IpAddr {
    // A request of Rocket's local client has no connection: no proxy is trusted then.
    request.remote().map_or(Ipv4Addr::UNSPECIFIED.into(), |remote| remote.ip())
}

/// Joins all headers of this name into one list.
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
    fn the_client_is_the_last_address_that_is_not_a_trusted_proxy() {
        for (peer, forwarded, client) in [
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1:4711, 10.0.0.1:80", "192.0.2.1"),
            ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("127.0.0.1", "6.6.6.6, nonsense", "127.0.0.1"),
            ("127.0.0.1", "6.6.6.6, 192.0.2.1:port", "127.0.0.1"),
            ("127.0.0.1", "6.6.6.6, [192.0.2.1]:1", "127.0.0.1"),
            ("192.0.2.9", "6.6.6.6", "192.0.2.9"),
            ("192.0.2.9", "6.6.6.6, 127.0.0.1", "192.0.2.9"),
        ] {
            assert_eq!(proxies().client(ip(peer), forwarded), ip(client), "{peer}: {forwarded}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_can_report_https() {
        let is_tls = |peer, proto| proxies().is_tls(ip(peer), proto);
        assert!(is_tls("127.0.0.1", "https") && is_tls("10.0.0.1", "HTTPS") && is_tls("10.0.0.1", "http, https"));
        assert!(!is_tls("127.0.0.1", "") && !is_tls("127.0.0.1", "http") && !is_tls("127.0.0.1", "https, http"));
        assert!(!is_tls("192.0.2.9", "https"));
    }
}
