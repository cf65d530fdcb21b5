//! The Host header of a request, and the list of allowed hosts.

/// A well-formed Host header, without its port, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

/// The error for a malformed Host header. The request gets 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedHost;

impl Host {
    /// Parses a Host header: `[a-z0-9.-]+` case-insensitively, or `[IPv6]`; with an optional port.
    pub fn parse(header: &str) -> Result<Self, MalformedHost> {
        let (name, port) = split_port(header).ok_or(MalformedHost)?;
        if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(MalformedHost);
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// Returns the host, in lower case and without a port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name for finding the tenant: the host without a leading `www.`.
    pub fn tenant_name(&self) -> &str {
        self.0.strip_prefix("www.").unwrap_or(&self.0)
    }
}

/// Splits a header into the name and the port after the colon, if any; `None` if the name is malformed.
fn split_port(header: &str) -> Option<(&str, Option<&str>)> {
    let end = if header.starts_with('[') { header.find(']')? + 1 } else { header.find(':').unwrap_or(header.len()) };
    let (name, rest) = header.split_at(end);
    let fits = match name.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-'),
    };
    match (fits, rest.strip_prefix(':')) {
        (false, _) => None,
        (true, Some(port)) => Some((name, Some(port))),
        (true, None) => rest.is_empty().then_some((name, None)),
    }
}

/// The `Origin` of a request: the scheme, host and port of the page that has sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOrigin {
    /// The page came over TLS.
    pub is_https: bool,
    host: Host,
    port: Option<u16>,
}

impl PageOrigin {
    /// Parses the header; `None` for `null`, and for pages that did not come over http or https.
    pub fn parse(header: &str) -> Option<Self> {
        let (is_https, address) = match header.split_once("://")? {
            ("https", address) => (true, address),
            ("http", address) => (false, address),
            _ => return None,
        };
        Some(Self { is_https, host: Host::parse(address).ok()?, port: port(address)? })
    }

    /// Returns whether this is the origin of pages with this Host header. Without a port, both mean the one of the
    /// origin's scheme.
    pub fn is_of_host(&self, header: &str) -> bool {
        let own = if self.is_https { 443 } else { 80 };
        let (Ok(host), Some(port)) = (Host::parse(header), port(header)) else { return false };
        host == self.host && port.unwrap_or(own) == self.port.unwrap_or(own)
    }
}

/// Returns the port of a host, `Some(None)` if it has none; `None` if it is no port.
fn port(header: &str) -> Option<Option<u16>> {
    match split_port(header)?.1 {
        Some(port) => Some(Some(port.parse().ok()?)),
        None => Some(None),
    }
}

/// The hosts that the server serves: `AllowedHosts` of poem.conf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Makes a list of entries, case-insensitively: a host, `*` for all, or `.example.org` for a domain with its subdomains.
    pub fn new<S: AsRef<str>>(entries: &[S]) -> Self {
        Self(entries.iter().map(|entry| entry.as_ref().trim().to_ascii_lowercase()).collect())
    }

    /// Returns true if an entry matches the host.
    pub fn allows(&self, host: &Host) -> bool {
        let host = host.as_str();
        self.0.iter().any(|entry| match entry.strip_prefix('.') {
            _ if entry == "*" => true,
            Some(domain) => host == domain || host.ends_with(entry.as_str()),
            None => host == entry,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_origin_is_compared_with_its_port() {
        let is_of = |origin: &str, host: &str| PageOrigin::parse(origin).is_some_and(|origin| origin.is_of_host(host));
        for (origin, host) in [
            ("http://localhost", "localhost"),
            ("http://LOCALHOST", "localhost:80"),
            ("http://localhost:80", "localhost"),
            ("https://localhost", "localhost"),
            ("https://localhost", "localhost:443"),
            ("https://localhost:8443", "localhost:8443"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert!(is_of(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://localhost:9999", "localhost"),
            ("http://localhost", "localhost:8000"),
            ("https://localhost:8443", "localhost"),
            ("https://localhost", "localhost:80"),
            ("http://localhost:99999", "localhost"),
            ("http://evil.example.org", "localhost"),
            ("http://localhost.evil.example.org", "localhost"),
            ("moz-extension://localhost", "localhost"),
            ("http://localhost/", "localhost"),
            ("null", "localhost"),
            ("http://", "localhost"),
            ("", "localhost"),
        ] {
            assert!(!is_of(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn a_malformed_host_is_refused() {
        for (header, name) in [
            ("localhost", "localhost"),
            ("LOCALHOST:8000", "localhost"),
            ("localhost.", "localhost."),
            ("[::1]:80", "[::1]"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(Host::parse(header).map(|host| host.0).as_deref(), Ok(name), "{header}");
        }
        for header in
            ["", "bad host!", "bad_host", "localhost:", "localhost:8a", "[::1", "[x]", "a:1:2", "é", "[::1]x", ":80"]
        {
            assert_eq!(Host::parse(header), Err(MalformedHost), "{header}");
        }
    }

    #[test]
    fn allowed_hosts() {
        let allowed = AllowedHosts::new(&["poem.EGI.eu", " .example.org"]);
        let allows = |header: &str| allowed.allows(&Host::parse(header).unwrap());
        assert!(allows("POEM.egi.eu:443") && allows("example.org") && allows("a.b.example.org"));
        assert!(
            !allows("egi.eu") && !allows("badexample.org") && !allows("www.poem.egi.eu") && !allows("poem.egi.eu.")
        );
        assert!(AllowedHosts::new(&["*"]).allows(&Host::parse("any").unwrap()));
        assert!(!AllowedHosts::default().allows(&Host::parse("any").unwrap()));
    }

    proptest! {
        #[test]
        fn a_host_is_the_beginning_of_its_header(header in ".{0,40}") {
            if let Ok(host) = Host::parse(&header) {
                prop_assert!(header.to_ascii_lowercase().starts_with(host.as_str()));
            }
        }
    }
}
