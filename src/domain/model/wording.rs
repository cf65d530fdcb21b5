//! The words of the action history: what changed between two states of an object. Wording alone, nothing is stored.

use std::collections::HashSet;

/// The message of an object's first version.
pub const INITIAL: &str = "Initial version.";

/// The message where two versions are equal.
pub const NOTHING: &str = "No fields changed.";

/// «Derived from argo.AMS-Check (Production)»: the message of a clone.
pub fn derived_from(name: &str, tag: &str) -> String {
    format!("Derived from {name} ({tag})")
}

/// «Changed name and description.», of the words whose field differs; `None` where none does.
pub fn fields(fields: &[(&str, bool)]) -> Option<String> {
    let names: Vec<&str> = fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    changed_fields(&names)
}

/// «Changed version, description and comment.»; `None` without any field.
pub fn changed_fields(names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("Changed {}.", in_words(names)))
}

/// «a», «a and b», «a, b and c»; '' without any.
pub fn in_words(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The sentences in one line, or [`NOTHING`] where there are none.
pub fn sentences(words: Vec<String>) -> String {
    if words.is_empty() { NOTHING.to_owned() } else { words.join(" ") }
}

/// What happened to one setting, parent or executable; `what` like «metric config».
pub fn added(what: &str, name: &str) -> String {
    format!("Added {what} \"{name}\".")
}

/// See [`added`].
pub fn deleted(what: &str, name: &str) -> String {
    format!("Deleted {what} \"{name}\".")
}

/// «Changed value for metric config "timeout".»
pub fn changed_value(what: &str, name: &str) -> String {
    format!("Changed value for {what} \"{name}\".")
}

/// The sentence about a text that a metric has once or not at all; `None` where it stayed.
pub fn single_change(what: &str, before: &str, after: &str) -> Option<String> {
    match (before, after) {
        _ if before == after => None,
        ("", _) => Some(added(what, after)),
        (_, "") => Some(deleted(what, before)),
        _ => Some(format!("Changed {what} \"{after}\".")),
    }
}

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

    #[test]
    fn only_fields_that_differ_are_named() {
        assert_eq!(fields(&[("name", false), ("VO", true), ("group", true)]).unwrap(), "Changed VO and group.");
        assert_eq!(fields(&[("name", false)]), None);
    }

    #[test]
    fn words_are_joined_as_people_do() {
        assert_eq!(in_words(&["a", "b", "c"]), "a, b and c");
        assert_eq!(derived_from("a.B", "Test"), "Derived from a.B (Test)");
    }

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
