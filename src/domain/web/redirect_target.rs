//! Where a login leads afterwards: an address of this host that came in with the request, so anybody may have made it.

use std::fmt;

/// Longer ones nobody needs.
const LONGEST: usize = 2000;

/// A path with its query string that every browser takes for one of the same host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// `None` for whatever else it is: an address with scheme or host, also one that a browser would make out of it
    /// (`//host`, `/\host`, white space that it leaves out), and what would end up elsewhere after `..` and `//`.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_path = path.starts_with('/') && !path.contains("//") && !path.contains("/.");
        (is_plain && is_path).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_of_this_host_are_taken() {
        for good in
            ["/", "/poem/admin/", "/poem/admin/poem/probe/?q=a%20b&p=2", "/poem/admin/?next=//x", "/a#b", "/%2F%2Fa"]
        {
            assert_eq!(NextPath::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_not() {
        for bad in [
            "",
            "poem/admin/",
            "//evil.example.org",
            "///evil.example.org",
            "/\\evil.example.org",
            "\\\\evil.example.org",
            "/\t/evil.example.org",
            "/\n/evil.example.org",
            "\u{1}//evil.example.org",
            " //evil.example.org",
            "https://evil.example.org/",
            "https:evil.example.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "/poem\r\nSet-Cookie: a=b",
            "/.//evil.example.org",
            "/poem/..//evil.example.org",
            "/poem//evil.example.org",
            "/ä",
            "?next=/",
            "#",
        ] {
            assert_eq!(NextPath::parse(bad), None, "{bad:?}");
        }
        assert_eq!(NextPath::parse(&format!("/{}", "a".repeat(LONGEST))), None);
    }

    proptest! {
        #[test]
        fn what_is_taken_has_one_slash_at_its_beginning(text in "[/\\\\a:.?# \t]{0,12}") {
            if let Some(path) = NextPath::parse(&text) {
                prop_assert!(path.as_str().starts_with('/') && !path.as_str().starts_with("//"));
                prop_assert!(!path.as_str().contains('\\'));
            }
        }
    }
}
