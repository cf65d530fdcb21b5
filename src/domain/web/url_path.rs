//! The rules of paths: which need a slash at the end, which must not have one, and what else leads elsewhere.
//!
//! The web framework takes `/a//b/` and `/a/b` for the same; clients of 2.3 know them apart.

use std::borrow::Cow;

/// Lists of the REST API: with a slash at the end; without it they answer 301.
const API_LISTS: [&str; 6] = [
    "/poem/api/v2/profiles/",
    "/poem/api/v2/metrics/",
    "/poem/api/v2/internal/tokens/",
    "/poem/api/v2/internal/users/",
    "/poem/api/v2/internal/groups/",
    "/poem/api/v2/internal/aggregations/",
];

/// The old API takes one slash at the end or none.
const OLD_API: &str = "/poem/api/0.2/json/";

/// What to do with a request's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathRule<'a> {
    /// Serve it, under this path.
    Serve(&'a str),
    /// It moved here for good (301).
    MovedPermanently(Cow<'a, str>),
    /// It leads here (302).
    Redirect(&'static str),
    /// There is no such address (404).
    Unknown,
}

/// Decides about a raw path, without its query string.
pub fn decide(raw: &str) -> PathRule<'_> {
    let path = collapse_leading_slashes(raw);
    if matches!(path, "/" | "/poem" | "/poem/") {
        return PathRule::Redirect("/poem/admin/");
    }
    let (body, slash) = match path.strip_suffix('/') {
        Some(body) => (body, true),
        None => (path, false),
    };
    // No name has a NUL: the database cannot keep one.
    if !path.starts_with('/') || path.contains("%00") || body.split('/').skip(1).any(str::is_empty) {
        return PathRule::Unknown;
    }
    if !slash {
        let wanted = is_list(path) || path.starts_with("/poem/admin");
        return if wanted { PathRule::MovedPermanently(format!("{path}/").into()) } else { PathRule::Serve(path) };
    }
    let allowed = API_LISTS.contains(&path) || path.starts_with(OLD_API) || path.starts_with("/poem/admin/");
    if allowed { PathRule::Serve(path) } else { PathRule::Unknown }
}

fn is_list(path: &str) -> bool {
    API_LISTS.iter().any(|list| list.strip_suffix('/') == Some(path))
}

/// `//poem/…` is `/poem/…`: a client of 2.3 joins its addresses that way.
pub fn collapse_leading_slashes(raw: &str) -> &str {
    let rest = raw.trim_start_matches('/');
    &raw[raw.len() - rest.len() - usize::from(raw.starts_with('/'))..]
}

#[cfg(test)]
mod tests {
    use super::PathRule::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slashes() {
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
