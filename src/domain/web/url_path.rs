//! Rules for request paths: trailing slashes, redirects and unknown paths.
//!
//! Rocket treats `/a//b/` and `/a/b` as equal; POEM 2.3 did not, so these rules apply before routing.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Lists of the REST API. Their paths end with a slash; without it they get 301.
const API_LISTS: [&str; 6] = [
    "/poem/api/v2/profiles/",
    "/poem/api/v2/metrics/",
    "/poem/api/v2/internal/tokens/",
    "/poem/api/v2/internal/users/",
    "/poem/api/v2/internal/groups/",
    "/poem/api/v2/internal/aggregations/",
];

/// The prefix of the old API, whose paths may end with one slash.
const OLD_API: &str = "/poem/api/0.2/json/";

/// The prefix of the federated login.
const FEDERATED: &str = "/poem/saml2/";

/// The characters that are encoded in a segment: all but the unreserved ones of RFC 3986.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns a name as one segment of a path.
pub fn segment(name: &str) -> String {
    utf8_percent_encode(name, &ENCODED).to_string()
}

/// The decision about the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathDecision<'a> {
    /// Serve it, under this path.
    Serve(&'a str),
    /// Redirect permanently to this path (301).
    MovedPermanently(Cow<'a, str>),
    /// Redirect to this path (302).
    Redirect(&'static str),
    /// There is no such path (404).
    Unknown,
}

/// Decides what to do with a raw path, without its query string.
pub fn decide(raw: &str) -> PathDecision<'_> {
    let path = collapse_leading_slashes(raw);
    if matches!(path, "/" | "/poem" | "/poem/") {
        return PathDecision::Redirect("/poem/admin/");
    }
    let (body, slash) = match path.strip_suffix('/') {
        Some(body) => (body, true),
        None => (path, false),
    };
    // PostgreSQL cannot store NUL in a text, so no object has it in its name.
    if !path.starts_with('/') || path.contains("%00") || body.split('/').skip(1).any(str::is_empty) {
        return PathDecision::Unknown;
    }
    if !slash {
        let needs_slash = is_list(path) || path.starts_with("/poem/admin") || path.starts_with(FEDERATED);
        return if needs_slash {
            PathDecision::MovedPermanently(format!("{path}/").into())
        } else {
            PathDecision::Serve(path)
        };
    }
    let allowed = API_LISTS.contains(&path)
        || path.starts_with(OLD_API)
        || path.starts_with("/poem/admin/")
        || path.starts_with(FEDERATED);
    if allowed { PathDecision::Serve(path) } else { PathDecision::Unknown }
}

/// Returns true if a request that changes something must not be redirected to this path, because that would lose its
/// body: the messages of identity providers.
pub fn takes_messages(path: &str) -> bool {
    path.starts_with(FEDERATED)
}

fn is_list(path: &str) -> bool {
    API_LISTS.iter().any(|list| list.strip_suffix('/') == Some(path))
}

/// Replaces several leading slashes by one. Clients of 2.3 build addresses like `//poem/…`.
pub fn collapse_leading_slashes(raw: &str) -> &str {
    let rest = raw.trim_start_matches('/');
    &raw[raw.len() - rest.len() - usize::from(raw.starts_with('/'))..]
}

#[cfg(test)]
mod tests {
    use super::PathDecision::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_path_has_one_decision() {
        for (raw, rule) in [
            ("/", Redirect("/poem/admin/")),
            ("//", Redirect("/poem/admin/")),
            ("/poem", Redirect("/poem/admin/")),
            ("/poem/admin", MovedPermanently("/poem/admin/".into())),
            ("/poem/admin/poem/probe", MovedPermanently("/poem/admin/poem/probe/".into())),
            ("/poem/api/v2/profiles", MovedPermanently("/poem/api/v2/profiles/".into())),
            ("//poem/api/v2/profiles", MovedPermanently("/poem/api/v2/profiles/".into())),
            ("/poem/api/v2/profiles/", Serve("/poem/api/v2/profiles/")),
            ("/poem/api/v2/profiles/X", Serve("/poem/api/v2/profiles/X")),
            ("/poem/api/v2/profiles/X/", Unknown),
            ("/poem/api/v2/profiles//", Unknown),
            ("/poem/api/v2/internal/probes/", Unknown),
            ("//poem/api/0.2/json/metrics", Serve("/poem/api/0.2/json/metrics")),
            ("/poem/api/0.2/json/metrics/", Serve("/poem/api/0.2/json/metrics/")),
            ("/poem/api/0.2/json/metrics//", Unknown),
            ("/poem//api/0.2/json/metrics", Unknown),
            ("/poem/api/v2/profiles/a%00b", Unknown),
            ("/poem/saml2/acs", MovedPermanently("/poem/saml2/acs/".into())),
            ("/poem/saml2/acs/", Serve("/poem/saml2/acs/")),
            ("/poem/saml2/ls/post/", Serve("/poem/saml2/ls/post/")),
            ("/poem/saml2", Serve("/poem/saml2")),
            ("/poem/saml2//acs/", Unknown),
            ("*", Unknown),
            ("", Unknown),
        ] {
            assert_eq!(decide(raw), rule, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_is_served_has_no_empty_segment(raw in "[/a-z.]{0,30}") {
            if let Serve(path) = decide(&raw) {
                prop_assert!(path.starts_with('/') && !path.contains("//"));
            }
        }
    }
}
