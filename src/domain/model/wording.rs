//! The sentences of the audit log and of versions, which describe the changes of an object.

use std::collections::HashSet;

/// The message of an object's first version.
pub const INITIAL: &str = "Initial version.";

/// The message of a change that changed nothing.
pub const NOTHING: &str = "No fields changed.";

/// Returns the message of a clone: `Derived from argo.AMS-Check (Production)`.
pub fn derived_from(name: &str, tag: &str) -> String {
    format!("Derived from {name} ({tag})")
}

/// Returns `Changed version, description and comment.`; `None` without fields.
pub fn changed_fields(names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("Changed {}.", in_words(names)))
}

/// Joins names to `a`, `a and b` or `a, b and c`; '' without names.
pub fn in_words(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Joins sentences to one line; [`NOTHING`] without sentences.
pub fn sentences(words: Vec<String>) -> String {
    if words.is_empty() { NOTHING.to_owned() } else { words.join(" ") }
}

/// Returns `Added metric config "timeout".` for a setting, parent or executable.
pub fn added(what: &str, name: &str) -> String {
    format!("Added {what} \"{name}\".")
}

/// Returns `Deleted metric config "timeout".` for a setting, parent or executable.
pub fn deleted(what: &str, name: &str) -> String {
    format!("Deleted {what} \"{name}\".")
}

/// Returns `Changed value for metric config "timeout".`
pub fn changed_value(what: &str, name: &str) -> String {
    format!("Changed value for {what} \"{name}\".")
}

/// Returns the sentence about the parent or the executable of a metric; `None` if it did not change.
pub fn single_change(what: &str, before: &str, after: &str) -> Option<String> {
    match (before, after) {
        _ if before == after => None,
        ("", _) => Some(added(what, after)),
        (_, "") => Some(deleted(what, before)),
        _ => Some(format!("Changed {what} \"{after}\".")),
    }
}

/// The maximum number of names in a sentence. Further ones are only counted, so that log entries stay short.
const MAX_NAMES: usize = 10;

/// A noun in the singular and the plural: `["tuple", "tuples"]`.
pub type Noun<'a> = [&'a str; 2];

/// Returns `Added tuple "x".` or `Added tuples "x", "y" and 3 more.`; `None` without names.
pub fn listed(verb: &str, noun: Noun<'_>, names: &[String]) -> Option<String> {
    listed_of(verb, noun, names, names.len())
}

/// Returns what [`listed`] returns if only the first of `total` names are known.
pub fn listed_of(verb: &str, [one, many]: Noun<'_>, names: &[String], total: usize) -> Option<String> {
    let mut quoted: Vec<String> = names.iter().take(MAX_NAMES).map(|name| format!("\"{name}\"")).collect();
    if total > quoted.len() {
        quoted.push(format!("{} more", total - quoted.len()));
    }
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    let noun = if total == 1 { one } else { many };
    (!names.is_empty()).then(|| format!("{verb} {noun} {}.", in_words(&quoted)))
}

/// Returns the names of `after` that are not in `before`, each once, in their order.
pub fn missing_in(before: &[String], after: &[String]) -> Vec<String> {
    let mut seen: HashSet<&str> = before.iter().map(String::as_str).collect();
    after.iter().filter(|name| seen.insert(name)).cloned().collect()
}

/// Returns the sentence about the name of a metric that stays in a foreign group.
pub fn name_stays(name: &str, group: &str) -> String {
    format!("The name “{name}” stays in the group {group}, of which you are not a member.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_fields_are_one_sentence() {
        assert_eq!(changed_fields(&["VO", "group"]).unwrap(), "Changed VO and group.");
        assert_eq!(changed_fields(&[]), None);
    }

    #[test]
    fn names_are_joined_with_commas_and_and() {
        assert_eq!(in_words(&["a", "b", "c"]), "a, b and c");
        assert_eq!(derived_from("a.B", "Test"), "Derived from a.B (Test)");
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn names_above_the_limit_are_only_counted() {
        let noun = ["tuple", "tuples"];
        assert_eq!(listed("Added", noun, &[]), None);
        assert_eq!(listed("Added", noun, &names(1)).unwrap(), "Added tuple \"0\".");
        assert_eq!(listed("Deleted", noun, &names(2)).unwrap(), "Deleted tuples \"0\" and \"1\".");
        let long = listed("Added", noun, &names(10_000)).unwrap();
        assert!(long.starts_with("Added tuples \"0\", \"1\"") && long.ends_with("\"9\" and 9990 more."), "{long}");
        assert!(listed("Added", noun, &names(10)).unwrap().ends_with("\"8\" and \"9\"."));
    }

    #[test]
    fn a_new_name_is_listed_once() {
        let of = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(missing_in(&of("a b"), &of("c b d c")), of("c d"));
    }
}
