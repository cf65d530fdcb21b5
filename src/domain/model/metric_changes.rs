//! What changed between two states of a metric, in the words of its history.

use super::metric::{MetricContent, Section, Setting};
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
    /// «Changed tag. Changed value for metric config "timeout".», in the order of the form, or «No fields changed.».
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

/// The words of [`MetricContent::changes`] for a metric that follows another's new name, where it has it as parent, as key of
/// its section dependency, or both.
pub fn followed(old: &str, new: &str, as_parent: bool, as_dependency: bool) -> String {
    let what = format!("metric {}", Section::Dependency.in_words());
    let dependency = if as_dependency { vec![added(&what, new), deleted(&what, old)] } else { Vec::new() };
    let parent = single_change("metric parent", old, new).filter(|_| as_parent);
    sentences(dependency.into_iter().chain(parent).collect())
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
    fn a_metric_names_the_keys_of_its_settings() {
        let before = metric(&[(Section::Config, "timeout", "60"), (Section::Flags, "Y", "1")]);
        let after = metric(&[(Section::Config, "timeout", "180"), (Section::Attribute, "X", "")]);
        assert_eq!(
            before.changes(&after),
            "Changed value for metric config \"timeout\". Added metric attribute \"X\". Deleted metric flags \"Y\"."
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_paired_in_order() {
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
    fn the_parent_comes_and_goes() {
        let before = MetricContent { tag: "Test".into(), ..Default::default() };
        let after = MetricContent { parent: "p".into(), executable: "e".into(), ..Default::default() };
        assert_eq!(
            before.changes(&after),
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
            assert_eq!(followed("old", "new", as_parent, as_dependency), before.changes(&after));
        }
    }
}
