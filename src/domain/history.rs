//! The words of the history: what changed between two versions of a probe or a metric. Pure wording, nothing is stored.

use super::metric::{MetricContent, Section, Setting};
use super::probe::ProbeContent;

/// The message of an object's first version.
pub const INITIAL: &str = "Initial version.";

/// The message where two versions are equal.
pub const NOTHING: &str = "No fields changed.";

/// The sections in the order of the metric's form, which is the order of the sentences.
const FORM_ORDER: [Section; 7] = [
    Section::Config,
    Section::Attribute,
    Section::Dependency,
    Section::Parameter,
    Section::Flags,
    Section::FileAttribute,
    Section::FileParameter,
];

/// «Derived from argo.AMS-Check (Production)»: the message of a clone.
pub fn derived_from(name: &str, tag: &str) -> String {
    format!("Derived from {name} ({tag})")
}

/// «Changed version and comment.», or [`NOTHING`].
pub fn probe_changes(before: &ProbeContent, after: &ProbeContent) -> String {
    let compared = [
        ("name", before.name != after.name),
        ("version", before.version != after.version),
        ("repository", before.repository != after.repository),
        ("docurl", before.docurl != after.docurl),
        ("description", before.description != after.description),
        ("comment", before.comment != after.comment),
        ("group", before.group != after.group),
    ];
    sentences(fields(&compared).into_iter().collect())
}

/// «Changed tag. Changed value for metric config "timeout".», in the order of the form, or [`NOTHING`].
pub fn metric_changes(before: &MetricContent, after: &MetricContent) -> String {
    let compared = [
        ("name", before.name != after.name),
        ("probeversion", before.probe != after.probe),
        ("tag", before.tag != after.tag),
        ("type", before.metric_type != after.metric_type),
        ("group", before.group != after.group),
    ];
    let mut words: Vec<String> = fields(&compared).into_iter().collect();
    words.extend(single_change("metric probe executable", &before.executable, &after.executable));
    for section in FORM_ORDER {
        words.extend(section_changes(section, before.settings.of(section), after.settings.of(section)));
    }
    words.extend(single_change("metric parent", &before.parent, &after.parent));
    sentences(words)
}

/// The words of [`metric_changes`] for a metric that follows another's new name, where it has it as parent, as key of
/// its section dependency, or both.
pub fn followed(old: &str, new: &str, as_parent: bool, as_dependency: bool) -> String {
    let what = format!("metric {}", Section::Dependency.in_words());
    let dependency = if as_dependency { vec![added(&what, new), deleted(&what, old)] } else { Vec::new() };
    let parent = single_change("metric parent", old, new).filter(|_| as_parent);
    sentences(dependency.into_iter().chain(parent).collect())
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

/// The keys of one section whose settings differ, each list in the order of the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SettingChanges<'a> {
    /// The key stayed, its value did not.
    pub changed: Vec<&'a str>,
    pub added: Vec<&'a str>,
    pub deleted: Vec<&'a str>,
}

/// Compares the settings of one section. A key that stands several times is paired in order; a renamed key is one
/// added and one deleted.
pub fn compare_settings<'a>(before: &'a [Setting], after: &'a [Setting]) -> SettingChanges<'a> {
    let mut gone: Vec<&Setting> = before.iter().collect();
    let mut come: Vec<&Setting> = after.iter().collect();
    come.retain(|new| take_first(&mut gone, |old| old == *new).is_none());
    let mut changes = SettingChanges::default();
    for new in come {
        match take_first(&mut gone, |old| old.key() == new.key()) {
            Some(_) => changes.changed.push(new.key()),
            None => changes.added.push(new.key()),
        }
    }
    changes.deleted = gone.into_iter().map(Setting::key).collect();
    changes
}

fn take_first<'a>(settings: &mut Vec<&'a Setting>, fits: impl Fn(&Setting) -> bool) -> Option<&'a Setting> {
    let place = settings.iter().position(|setting| fits(setting))?;
    Some(settings.remove(place))
}

fn section_changes(section: Section, before: &[Setting], after: &[Setting]) -> Vec<String> {
    let what = format!("metric {}", section.in_words());
    let changes = compare_settings(before, after);
    let words: Vec<String> = (changes.added.iter().map(|key| added(&what, key)))
        .chain(changes.changed.iter().map(|key| changed_value(&what, key)))
        .chain(changes.deleted.iter().map(|key| deleted(&what, key)))
        .collect();
    if words.is_empty() && before != after { vec![format!("Changed order of {what}.")] } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(settings: &[(Section, &str, &str)]) -> MetricContent {
        let mut content = MetricContent { name: "a.B".into(), ..Default::default() };
        for (section, key, value) in settings {
            content.settings.push(*section, *key, *value);
        }
        content
    }

    #[test]
    fn only_fields_that_differ_are_named() {
        assert_eq!(fields(&[("name", false), ("VO", true), ("group", true)]).unwrap(), "Changed VO and group.");
        assert_eq!(fields(&[("name", false)]), None);
    }

    #[test]
    fn a_probe_lists_its_changed_fields() {
        let before = ProbeContent { version: "1".into(), comment: "a".into(), ..Default::default() };
        let after = ProbeContent { version: "2".into(), comment: "b".into(), ..Default::default() };
        assert_eq!(probe_changes(&before, &after), "Changed version and comment.");
        assert_eq!(probe_changes(&before, &before), "No fields changed.");
    }

    #[test]
    fn a_metric_names_the_keys_of_its_settings() {
        let before = metric(&[(Section::Config, "timeout", "60"), (Section::Flags, "Y", "1")]);
        let after = metric(&[(Section::Config, "timeout", "180"), (Section::Attribute, "X", "")]);
        assert_eq!(
            metric_changes(&before, &after),
            "Changed value for metric config \"timeout\". Added metric attribute \"X\". Deleted metric flags \"Y\"."
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_paired_in_order() {
        let before = metric(&[(Section::Parameter, "-c", "10"), (Section::Parameter, "-c", "20")]);
        let after = metric(&[(Section::Parameter, "-c", "20"), (Section::Parameter, "-c", "30")]);
        assert_eq!(metric_changes(&before, &after), "Changed value for metric parameter \"-c\".");
    }

    #[test]
    fn another_order_is_a_change() {
        let before = metric(&[(Section::FileAttribute, "a", ""), (Section::FileAttribute, "b", "")]);
        let after = metric(&[(Section::FileAttribute, "b", ""), (Section::FileAttribute, "a", "")]);
        assert_eq!(metric_changes(&before, &after), "Changed order of metric file attributes.");
    }

    #[test]
    fn the_parent_comes_and_goes() {
        let before = MetricContent { tag: "Test".into(), ..Default::default() };
        let after = MetricContent { parent: "p".into(), executable: "e".into(), ..Default::default() };
        assert_eq!(
            metric_changes(&before, &after),
            "Changed tag. Added metric probe executable \"e\". Added metric parent \"p\"."
        );
        assert_eq!(single_change("metric parent", "p", "q").as_deref(), Some("Changed metric parent \"q\"."));
    }

    #[test]
    fn who_follows_a_new_name_says_what_changed() {
        for (as_parent, as_dependency) in [(true, false), (false, true), (true, true)] {
            let [before, after] = ["old", "new"].map(|name| {
                let key = if as_dependency { name } else { "other" };
                let parent = if as_parent { name } else { "other" };
                MetricContent { parent: parent.into(), ..metric(&[(Section::Dependency, key, "1")]) }
            });
            assert_eq!(followed("old", "new", as_parent, as_dependency), metric_changes(&before, &after));
        }
    }

    #[test]
    fn words_are_joined_as_people_do() {
        assert_eq!(in_words(&["a", "b", "c"]), "a, b and c");
        assert_eq!(derived_from("a.B", "Test"), "Derived from a.B (Test)");
    }
}
