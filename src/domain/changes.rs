//! The words of the action history about what has no versions: profiles, groups, users, keys, aggregations.
//! Pure wording, nothing is stored.

use std::collections::HashSet;

use super::history::in_words;

/// More names than this are counted only: a log entry stays short whatever was saved.
const MOST_NAMES: usize = 10;

/// What a sentence calls one thing and several: `["tuple", "tuples"]`.
pub type Noun<'a> = [&'a str; 2];

/// «Added tuple "x".», «Added tuples "x", "y" and 3 more.»; `None` without names.
pub fn listed(verb: &str, [one, many]: Noun<'_>, names: &[String]) -> Option<String> {
    let mut quoted: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("\"{name}\"")).collect();
    if names.len() > MOST_NAMES {
        quoted.push(format!("{} more", names.len() - MOST_NAMES));
    }
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    let noun = if names.len() == 1 { one } else { many };
    (!names.is_empty()).then(|| format!("{verb} {noun} {}.", in_words(&quoted)))
}

/// What stands in the second list and not in the first, each once, in its order there.
pub fn missing_in(those: &[String], these: &[String]) -> Vec<String> {
    let mut seen: HashSet<&str> = those.iter().map(String::as_str).collect();
    these.iter().filter(|name| seen.insert(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn many_names_are_counted_only() {
        let noun = ["tuple", "tuples"];
        assert_eq!(listed("Added", noun, &[]), None);
        assert_eq!(listed("Added", noun, &names(1)).unwrap(), "Added tuple \"0\".");
        assert_eq!(listed("Deleted", noun, &names(2)).unwrap(), "Deleted tuples \"0\" and \"1\".");
        let long = listed("Added", noun, &names(10_000)).unwrap();
        assert!(long.starts_with("Added tuples \"0\", \"1\"") && long.ends_with("\"9\" and 9990 more."), "{long}");
        assert!(listed("Added", noun, &names(10)).unwrap().ends_with("\"8\" and \"9\"."));
    }

    #[test]
    fn what_came_is_named_once() {
        let of = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(missing_in(&of("a b"), &of("c b d c")), of("c d"));
    }
}
