//! Changes between two states of a metric, as sentences for its history.

use super::metric::{MetricContent, Section, Setting};
use super::pairing::pair;
use super::wording::{added, changed_value, deleted, fields, sentences, single_change};

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

impl MetricContent {
    /// Returns the log message of a change, in the order of the form, or [`super::wording::NOTHING`].
    ///
    /// For example `Changed tag. Changed value for metric config "timeout".`
    pub fn changes(&self, after: &Self) -> String {
        let compared = [
            ("name", self.name != after.name),
            ("probeversion", self.probe != after.probe),
            ("tag", self.tag != after.tag),
            ("type", self.metric_type != after.metric_type),
            ("group", self.group != after.group),
        ];
        let mut words: Vec<String> = fields(&compared).into_iter().collect();
        words.extend(single_change("metric probe executable", &self.executable, &after.executable));
        for section in FORM_ORDER {
            words.extend(section_changes(section, self.settings.of(section), after.settings.of(section)));
        }
        words.extend(single_change("metric parent", &self.parent, &after.parent));
        sentences(words)
    }
}

/// Returns the log message of a metric that follows the new name of another one.
///
/// It refers to the other metric as parent, as a key of the section dependency, or both. The sentences are those of
/// [`MetricContent::changes`].
pub fn followed(old: &str, new: &str, as_parent: bool, as_dependency: bool) -> String {
    let what = format!("metric {}", Section::Dependency.in_words());
    let dependency = if as_dependency { vec![added(&what, new), deleted(&what, old)] } else { Vec::new() };
    let parent = single_change("metric parent", old, new).filter(|_| as_parent);
    sentences(dependency.into_iter().chain(parent).collect())
}

/// The keys of a section whose settings differ, each list in the order of the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SettingChanges<'a> {
    /// Keys that are in both lists, with different values.
    pub changed: Vec<&'a str>,
    /// Keys that are only in the second list.
    pub added: Vec<&'a str>,
    /// Keys that are only in the first list.
    pub deleted: Vec<&'a str>,
}

/// Compares the settings of one section.
///
/// A key that occurs several times is paired in order. A renamed key counts as one added and one deleted.
pub fn compare_settings<'a>(before: &'a [Setting], after: &'a [Setting]) -> SettingChanges<'a> {
    let (pairs, deleted) = pair(before, after, Setting::key);
    let mut changes = SettingChanges::default();
    for (new, old) in after.iter().zip(pairs) {
        match old {
            Some(old) if before[old] == *new => {}
            Some(_) => changes.changed.push(new.key()),
            None => changes.added.push(new.key()),
        }
    }
    changes.deleted = deleted.into_iter().map(|old| before[old].key()).collect();
    changes
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
    fn a_metric_names_the_keys_of_its_settings() {
        let before = metric(&[(Section::Config, "timeout", "60"), (Section::Flags, "Y", "1")]);
        let after = metric(&[(Section::Config, "timeout", "180"), (Section::Attribute, "X", "")]);
        assert_eq!(
            before.changes(&after),
            "Changed value for metric config \"timeout\". Added metric attribute \"X\". Deleted metric flags \"Y\"."
        );
    }

    #[test]
    fn a_key_that_occurs_twice_is_paired_in_order() {
        let before = metric(&[(Section::Parameter, "-c", "10"), (Section::Parameter, "-c", "20")]);
        let after = metric(&[(Section::Parameter, "-c", "20"), (Section::Parameter, "-c", "30")]);
        assert_eq!(before.changes(&after), "Changed value for metric parameter \"-c\".");
    }

    #[test]
    fn another_order_is_a_change() {
        let before = metric(&[(Section::FileAttribute, "a", ""), (Section::FileAttribute, "b", "")]);
        let after = metric(&[(Section::FileAttribute, "b", ""), (Section::FileAttribute, "a", "")]);
        assert_eq!(before.changes(&after), "Changed order of metric file attributes.");
    }

    #[test]
    fn an_added_or_changed_parent_is_named() {
        let before = MetricContent { tag: "Test".into(), ..Default::default() };
        let after = MetricContent { parent: "p".into(), executable: "e".into(), ..Default::default() };
        assert_eq!(
            before.changes(&after),
            "Changed tag. Added metric probe executable \"e\". Added metric parent \"p\"."
        );
        assert_eq!(single_change("metric parent", "p", "q").as_deref(), Some("Changed metric parent \"q\"."));
    }

    #[test]
    fn following_a_new_name_is_described_like_any_change() {
        for (as_parent, as_dependency) in [(true, false), (false, true), (true, true)] {
            let [before, after] = ["old", "new"].map(|name| {
                let key = if as_dependency { name } else { "other" };
                let parent = if as_parent { name } else { "other" };
                MetricContent { parent: parent.into(), ..metric(&[(Section::Dependency, key, "1")]) }
            });
            assert_eq!(followed("old", "new", as_parent, as_dependency), before.changes(&after));
        }
    }
}
