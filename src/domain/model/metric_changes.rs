//! Changes between two states of a metric, as sentences for its history.

use super::change_set::{ChangeSet, FieldChange};
use super::metric::{MetricContent, Section, Setting};
use super::pairing::pair;

/// The field of the probe version, as POEM 2.3 called it.
pub const PROBE_VERSION: &str = "probeversion";

const PARENT: &str = "metric parent";

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
    /// Returns what a change changed, in the order of the form.
    ///
    /// In words for example `Changed tag. Changed value for metric config "timeout".`
    pub fn changes(&self, after: &Self) -> ChangeSet {
        let values = ChangeSet::of_values(&[
            ("name", &self.name, &after.name),
            (PROBE_VERSION, &self.probe, &after.probe),
            ("tag", &self.tag, &after.tag),
            ("type", &self.metric_type, &after.metric_type),
            ("group", &self.group, &after.group),
        ])
        .and(FieldChange::named("metric probe executable", &self.executable, &after.executable));
        let sections = FORM_ORDER.into_iter().fold(values, |changes, section| {
            let field = format!("metric {}", section.in_words());
            changes.and(FieldChange::settings(&field, self.settings.of(section), after.settings.of(section)))
        });
        sections.and(FieldChange::named(PARENT, &self.parent, &after.parent))
    }
}

/// Returns the change of a metric that follows the new name of another one.
///
/// It refers to the other metric as parent, as a key of the section dependency with these values, or both. The change is
/// that of [`MetricContent::changes`].
pub fn followed(old: &str, new: &str, as_parent: bool, dependencies: &[String]) -> ChangeSet {
    let settings = |key: &str| dependencies.iter().map(|value| Setting(key.into(), value.clone())).collect::<Vec<_>>();
    let field = format!("metric {}", Section::Dependency.in_words());
    ChangeSet::default()
        .and(FieldChange::settings(&field, &settings(old), &settings(new)))
        .and(FieldChange::named(PARENT, old, new).filter(|_| as_parent))
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
            before.changes(&after).in_words(),
            "Changed value for metric config \"timeout\". Added metric attribute \"X\". Deleted metric flags \"Y\"."
        );
    }

    #[test]
    fn a_key_that_occurs_twice_is_paired_in_order() {
        let before = metric(&[(Section::Parameter, "-c", "10"), (Section::Parameter, "-c", "20")]);
        let after = metric(&[(Section::Parameter, "-c", "20"), (Section::Parameter, "-c", "30")]);
        assert_eq!(before.changes(&after).in_words(), "Changed value for metric parameter \"-c\".");
    }

    #[test]
    fn another_order_is_a_change() {
        let before = metric(&[(Section::FileAttribute, "a", ""), (Section::FileAttribute, "b", "")]);
        let after = metric(&[(Section::FileAttribute, "b", ""), (Section::FileAttribute, "a", "")]);
        assert_eq!(before.changes(&after).in_words(), "Changed order of metric file attributes.");
    }

    #[test]
    fn an_added_or_changed_parent_is_named() {
        let before = MetricContent { tag: "Test".into(), ..Default::default() };
        let after = MetricContent { parent: "p".into(), executable: "e".into(), ..Default::default() };
        assert_eq!(
            before.changes(&after).in_words(),
            "Changed tag. Added metric probe executable \"e\". Added metric parent \"p\"."
        );
        let changed = MetricContent { parent: "q".into(), ..after.clone() };
        assert_eq!(after.changes(&changed).in_words(), "Changed metric parent \"q\".");
    }

    #[test]
    fn following_a_new_name_is_described_like_any_change() {
        for (as_parent, as_dependency) in [(true, false), (false, true), (true, true)] {
            let [before, after] = ["old", "new"].map(|name| {
                let key = if as_dependency { name } else { "other" };
                let parent = if as_parent { name } else { "other" };
                MetricContent { parent: parent.into(), ..metric(&[(Section::Dependency, key, "1")]) }
            });
            let dependencies = if as_dependency { vec!["1".to_owned()] } else { Vec::new() };
            assert_eq!(followed("old", "new", as_parent, &dependencies), before.changes(&after));
        }
    }
}
