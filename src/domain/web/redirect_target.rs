//! The target of the redirect after a login. It comes from the request, so it cannot be trusted.

use std::fmt;

/// The maximum length, in bytes.
const LONGEST: usize = 2000;

/// A path with an optional query string that every browser resolves to the same host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// Parses a path; `None` for every text that could lead to another host.
    ///
    /// This refuses addresses with a scheme or host, texts that a browser turns into one (`//host`, `/\host`, white
    /// space that it drops), and paths that change when `..` and `//` are resolved.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_path = path.starts_with('/') && !path.contains("//") && !path.contains("/.");
        (is_plain && is_path).then(|| Self(text.to_owned()))
    }

    /// Returns the path with its query string.
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
    fn paths_of_the_same_host_are_accepted() {
        for good in
            ["/", "/poem/admin/", "/poem/admin/poem/probe/?q=a%20b&p=2", "/poem/admin/?next=//x", "/a#b", "/%2F%2Fa"]
        {
            assert_eq!(NextPath::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn texts_that_could_lead_to_another_host_are_refused() {
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
        fn an_accepted_path_begins_with_one_slash(text in "[/\\\\a:.?# \t]{0,12}") {
            if let Some(path) = NextPath::parse(&text) {
                prop_assert!(path.as_str().starts_with('/') && !path.as_str().starts_with("//"));
                prop_assert!(!path.as_str().contains('\\'));
            }
        }
    }
}
