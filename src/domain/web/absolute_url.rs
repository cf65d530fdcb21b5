//! Absolute addresses of other servers, and of this one: https, or http at this machine.

use super::host::Host;

/// An address with scheme and host. It has only characters that an address may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsoluteUrl<'a> {
    /// The scheme is https; else it is http.
    pub is_https: bool,
    /// The host, without its port.
    pub host: Host,
    /// The rest after host and port: path, query and fragment; may be empty.
    pub rest: &'a str,
}

impl<'a> AbsoluteUrl<'a> {
    /// Parses an address; `None` if it is none, has another scheme, or a user.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (is_https, after) = match text.split_once("://")? {
            (scheme, after) if scheme.eq_ignore_ascii_case("https") => (true, after),
            (scheme, after) if scheme.eq_ignore_ascii_case("http") => (false, after),
            _ => return None,
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return None;
        }
        let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
        Some(Self { is_https, host: Host::parse(authority).ok()?, rest })
    }

    /// Returns true for https, and for http at this machine: no other machine can listen to that.
    pub fn is_safe(&self) -> bool {
        self.is_https || is_loopback(self.host.as_str())
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_safe_and_http_only_at_this_machine() {
        let is_safe = |text: &str| AbsoluteUrl::parse(text).map(|url| url.is_safe());
        for url in [
            "https://idp.example.org/a?b=c#d",
            "HTTPS://idp.example.org:8443",
            "http://egi.localhost:8000/",
            "http://[::1]/",
        ] {
            assert_eq!(is_safe(url), Some(true), "{url}");
        }
        for url in ["http://idp.example.org/", "http://localhost.example.org/", "http://127.0.0.1.example.org/"] {
            assert_eq!(is_safe(url), Some(false), "{url}");
        }
        for url in [
            "",
            "/a",
            "ftp://localhost/",
            "javascript://localhost/",
            "https://",
            "https://a@b/",
            "https://a b/",
            "https://a/é",
        ] {
            assert_eq!(is_safe(url), None, "{url}");
        }
    }

    #[test]
    fn the_rest_is_kept() {
        let url = AbsoluteUrl::parse("https://IDP.example.org:1?a=b").unwrap();
        assert_eq!((url.host.as_str(), url.rest), ("idp.example.org", "?a=b"));
    }
}
