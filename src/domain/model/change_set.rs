//! What a change did to an object: the data of the audit log and of versions' messages. Its words are made, and
//! shortened, only when it is shown.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;
use super::metric::Setting;
use super::pairing::{pair, pair_renamed};
use super::wording;
use crate::domain::form::field::RowValues;

/// The maximum number of settings of a section that the words name for each kind of change.
///
/// A list of log entries reads no more rows of each kind of change than this.
pub const MAX_ROWS_IN_WORDS: usize = 50;

/// The differences between two states of an object, field by field, in the order of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeSet(pub Vec<FieldChange>);

/// The change of one field. Fields are named as in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FieldChange {
    /// A field with one value: `Changed VO.`
    Value(ValueChange),
    /// A field with one value, which the words name: `Added metric parent "x".`
    Named(ValueChange),
    /// The settings of a section: `Added metric config "timeout".`
    Settings(SettingsChange),
    /// The named parts of an object: `Changed service flavour group "compute".`
    Parts(SettingsChange),
    /// The order of the settings of a section.
    Order(OrderChange),
    /// A set of names or tuples: `Added tuple "SRM, org.sam.SRM-All".`
    List(ListChange),
    /// A kind of change that a later POEM stored.
    #[serde(other)]
    Unknown,
}

/// Two values of a field; '' without one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValueChange {
    /// The name of the field.
    pub field: String,
    /// The old value.
    pub before: String,
    /// The new value.
    pub after: String,
}

/// The settings of a section that differ, each list in the order of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsChange {
    /// The section: `metric config`.
    pub field: String,
    /// The added settings.
    pub added: Vec<Setting>,
    /// The settings whose value was changed; `field` is their key.
    pub changed: Vec<ValueChange>,
    /// The removed settings.
    pub removed: Vec<Setting>,
    /// The numbers of rows that were left out above.
    #[serde(skip_serializing_if = "MoreRows::is_none")]
    pub more: MoreRows,
}

/// All settings of a section in the old and in the new order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderChange {
    /// The section: `metric config`.
    pub field: String,
    /// The old order.
    pub before: Vec<Setting>,
    /// The new order.
    pub after: Vec<Setting>,
}

/// The rows that were added to a set and removed from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListChange {
    /// The rows in the plural: `tuples`.
    pub field: String,
    /// The added rows: one text for each column.
    pub added: Vec<RowValues>,
    /// The removed rows.
    pub removed: Vec<RowValues>,
    /// The numbers of rows that were left out above.
    #[serde(skip_serializing_if = "MoreRows::is_none")]
    pub more: MoreRows,
}

/// The numbers of rows that a list of log entries leaves out. What is stored is complete: all are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MoreRows {
    /// Further added rows.
    pub added: usize,
    /// Further changed rows.
    pub changed: usize,
    /// Further removed rows.
    pub removed: usize,
}

impl MoreRows {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The words for the rows of a set: how one and several are called, and the verbs of a change.
struct ListWords {
    one: String,
    many: String,
    added: &'static str,
    removed: &'static str,
}

impl ListWords {
    /// Returns the words of the set with this name; of one that no change has any more, words that fit all.
    fn of(field: &str) -> Self {
        let words = |one: &str, many: &str, added, removed| Self { one: one.into(), many: many.into(), added, removed };
        let members = GroupKind::ALL.into_iter().map(|kind| {
            let [one, many] = kind.noun();
            words(one, many, "Added", "Removed")
        });
        let groups = GroupKind::ALL
            .into_iter()
            .map(|kind| words(&format!("group of {kind}"), &groups_of(kind), "Added to", "Removed from"));
        let others = [words("tuple", TUPLES, "Added", "Deleted"), words("user", USERS, "Added", "Removed")];
        let known = members.chain(groups).chain(others).find(|words| words.many == field);
        known.unwrap_or_else(|| words(field, field, "Added", "Removed"))
    }
}

/// The set of the tuples of a profile.
pub const TUPLES: &str = "tuples";

/// The set of the users of a group.
pub const USERS: &str = "users";

/// Returns the name of the set of a user's groups of this kind.
pub fn groups_of(kind: GroupKind) -> String {
    format!("groups of {kind}")
}

/// Returns a flag as a value of a field.
pub fn yes_or_no(flag: bool) -> &'static str {
    if flag { "Yes" } else { "No" }
}

impl FieldChange {
    /// Returns the change of a value that the words name; `None` if it did not change.
    pub fn named(field: &str, before: &str, after: &str) -> Option<Self> {
        value_change(field, before, after).map(Self::Named)
    }

    /// Returns the change of a set; `None` if it did not change. The order of the rows does not count.
    pub fn list(field: &str, before: &[RowValues], after: &[RowValues]) -> Option<Self> {
        let (added, removed) = (missing_rows(before, after), missing_rows(after, before));
        let change = ListChange { field: field.to_owned(), added, removed, more: MoreRows::default() };
        (!change.added.is_empty() || !change.removed.is_empty()).then_some(Self::List(change))
    }

    /// Returns the change of a set of names; `None` if it did not change.
    pub fn names(field: &str, before: &[String], after: &[String]) -> Option<Self> {
        let rows = |names: &[String]| names.iter().map(|name| vec![name.clone()]).collect::<Vec<_>>();
        Self::list(field, &rows(before), &rows(after))
    }

    /// Returns the change of the settings of a section; `None` if it did not change.
    ///
    /// A key that occurs several times is paired in order. A renamed key counts as one added and one removed.
    pub fn settings(field: &str, before: &[Setting], after: &[Setting]) -> Option<Self> {
        if before == after {
            return None;
        }
        let (pairs, removed) = pair(before, after, Setting::key);
        let mut change = SettingsChange { field: field.to_owned(), ..SettingsChange::default() };
        for (new, partner) in after.iter().zip(pairs) {
            match partner.map(|place| &before[place]) {
                None => change.added.push(new.clone()),
                Some(old) => change.changed.extend(value_change(new.key(), old.value(), new.value())),
            }
        }
        change.removed = removed.into_iter().map(|place| before[place].clone()).collect();
        let is_order = change.added.is_empty() && change.changed.is_empty() && change.removed.is_empty();
        let order = || OrderChange { field: field.to_owned(), before: before.to_vec(), after: after.to_vec() };
        Some(if is_order { Self::Order(order()) } else { Self::Settings(change) })
    }
}

impl FieldChange {
    /// Returns the change of the named parts of an object, called by this noun; `None` if they did not change.
    ///
    /// A part is its name and everything else in words. A part of which only the name differs was renamed. Moved parts
    /// count only if nothing else changed.
    pub fn parts([one, many]: [&str; 2], before: &[Setting], after: &[Setting]) -> Option<Self> {
        if before == after {
            return None;
        }
        let (pairs, removed) = pair_renamed(before, after, Setting::key, Setting::value);
        let mut change = SettingsChange { field: one.to_owned(), ..SettingsChange::default() };
        let in_words = |part: &Setting| format!("{} {}", part.key(), part.value());
        for (new, partner) in after.iter().zip(pairs) {
            match partner.map(|place| &before[place]) {
                None => change.added.push(new.clone()),
                Some(old) => change.changed.extend(value_change(new.key(), &in_words(old), &in_words(new))),
            }
        }
        change.removed = removed.into_iter().map(|place| before[place].clone()).collect();
        let is_order = change.added.is_empty() && change.changed.is_empty() && change.removed.is_empty();
        let order = || OrderChange { field: many.to_owned(), before: before.to_vec(), after: after.to_vec() };
        Some(if is_order { Self::Order(order()) } else { Self::Parts(change) })
    }
}

fn value_change(field: &str, before: &str, after: &str) -> Option<ValueChange> {
    let change = || ValueChange { field: field.to_owned(), before: before.to_owned(), after: after.to_owned() };
    (before != after).then(change)
}

/// Returns the rows of `after` that are not in `before`, each once, in their order.
fn missing_rows(before: &[RowValues], after: &[RowValues]) -> Vec<RowValues> {
    let mut seen: HashSet<&RowValues> = before.iter().collect();
    after.iter().filter(|row| seen.insert(row)).cloned().collect()
}

impl ChangeSet {
    /// Returns the changes of fields with one value, given as (name, before, after).
    pub fn of_values(values: &[(&str, &str, &str)]) -> Self {
        let changes = values.iter().filter_map(|(field, before, after)| value_change(field, before, after));
        Self(changes.map(FieldChange::Value).collect())
    }

    /// Adds the change of another field, if it changed.
    pub fn and(mut self, change: Option<FieldChange>) -> Self {
        self.0.extend(change);
        self
    }

    /// Returns true if nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the change in sentences, shortened; [`wording::NOTHING`] if nothing changed.
    ///
    /// For example `Changed VO and group. Added tuple "SRM, org.sam.SRM-All".`
    pub fn in_words(&self) -> String {
        let names: Vec<&str> = self.0.iter().filter_map(FieldChange::plain_name).collect();
        let first = wording::changed_fields(&names);
        wording::sentences(first.into_iter().chain(self.0.iter().flat_map(FieldChange::sentences)).collect())
    }
}

impl FieldChange {
    fn plain_name(&self) -> Option<&str> {
        match self {
            Self::Value(change) => Some(&change.field),
            _ => None,
        }
    }

    fn sentences(&self) -> Vec<String> {
        match self {
            Self::Value(_) => Vec::new(),
            Self::Named(change) => {
                wording::single_change(&change.field, &change.before, &change.after).into_iter().collect()
            }
            Self::Settings(change) => change.sentences(wording::changed_value),
            Self::Parts(change) => change.sentences(|what, name| format!("Changed {what} \"{name}\".")),
            Self::Order(change) => vec![format!("Changed order of {}.", change.field)],
            Self::List(change) => change.sentences(),
            Self::Unknown => vec!["Changed something that this version of POEM does not know.".to_owned()],
        }
    }
}

impl SettingsChange {
    fn sentences(&self, change_of: impl Fn(&str, &str) -> String) -> Vec<String> {
        let what = &self.field;
        let added = self.added.iter().map(|setting| wording::added(what, setting.key())).collect();
        let changed = self.changed.iter().map(|change| change_of(what, &change.field)).collect();
        let removed = self.removed.iter().map(|setting| wording::deleted(what, setting.key())).collect();
        let all = [
            bounded(added, self.more.added, "added"),
            bounded(changed, self.more.changed, "changed"),
            bounded(removed, self.more.removed, "deleted"),
        ];
        all.concat()
    }
}

/// Returns the first sentences, and one about the number of the others.
fn bounded(mut sentences: Vec<String>, more: usize, verb: &str) -> Vec<String> {
    let more = more + sentences.len().saturating_sub(MAX_ROWS_IN_WORDS);
    sentences.truncate(MAX_ROWS_IN_WORDS);
    sentences.extend((more > 0).then(|| format!("{more} more were {verb}.")));
    sentences
}

impl ListChange {
    fn sentences(&self) -> Vec<String> {
        let words = ListWords::of(&self.field);
        let noun = [words.one.as_str(), words.many.as_str()];
        let labels = |rows: &[RowValues]| rows.iter().map(label).collect::<Vec<_>>();
        let sentences = [
            wording::listed_of(words.added, noun, &labels(&self.added), self.added.len() + self.more.added),
            wording::listed_of(words.removed, noun, &labels(&self.removed), self.removed.len() + self.more.removed),
        ];
        sentences.into_iter().flatten().collect()
    }
}

/// Returns the label of a row: its texts, without empty ones.
pub fn label(row: &RowValues) -> String {
    row.iter().map(String::as_str).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<Setting> {
        pairs.iter().map(|(key, value)| Setting((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn every_value_is_stored() {
        let before = settings(&[("timeout", "60"), ("path", "/a")]);
        let after = settings(&[("timeout", "90"), ("X", "")]);
        let changes = ChangeSet::of_values(&[("VO", "ops", "biomed"), ("name", "a", "a")])
            .and(FieldChange::named("metric parent", "", "p"))
            .and(FieldChange::settings("metric config", &before, &after))
            .and(FieldChange::names("users", &["ada".into()], &["bob".into()]));
        let stored = json!([
            {"kind": "value", "field": "VO", "before": "ops", "after": "biomed"},
            {"kind": "named", "field": "metric parent", "before": "", "after": "p"},
            {"kind": "settings", "field": "metric config", "added": [["X", ""]],
             "changed": [{"field": "timeout", "before": "60", "after": "90"}], "removed": [["path", "/a"]]},
            {"kind": "list", "field": "users", "added": [["bob"]], "removed": [["ada"]]}
        ]);
        assert_eq!(serde_json::to_value(&changes).unwrap(), stored);
        assert_eq!(serde_json::from_value::<ChangeSet>(stored).unwrap(), changes);
    }

    #[test]
    fn unknown_and_missing_keys_are_no_errors() {
        let stored = json!([
            {"kind": "value", "field": "VO", "colour": "red"},
            {"kind": "list", "field": "wheels", "added": [["four"]]},
            {"kind": "tomorrow", "x": [1]}
        ]);
        let changes: ChangeSet = serde_json::from_value(stored).unwrap();
        let words = "Changed VO. Added wheels \"four\". Changed something that this version of POEM does not know.";
        assert_eq!(changes.in_words(), words);
    }

    #[test]
    fn words_are_shortened_and_data_are_not() {
        let rows: Vec<RowValues> = (0..10_000).map(|number| vec!["SRM".into(), number.to_string()]).collect();
        let changes = ChangeSet::default().and(FieldChange::list(TUPLES, &[], &rows));
        assert!(changes.in_words().ends_with("\"SRM, 9\" and 9990 more."), "{}", changes.in_words());
        assert!(matches!(&changes.0[0], FieldChange::List(list) if list.added == rows));
        let all: Vec<Setting> = (0..60).map(|number| Setting(number.to_string(), String::new())).collect();
        let words = ChangeSet::default().and(FieldChange::settings("metric flags", &all, &[])).in_words();
        assert!(words.ends_with("Deleted metric flags \"49\". 10 more were deleted."), "{words}");
    }

    #[test]
    fn another_order_is_a_change_of_settings_only() {
        let [one, other] = [[("a", "1"), ("b", "1")], [("b", "1"), ("a", "1")]].map(|pairs| settings(&pairs));
        let order = ChangeSet::default().and(FieldChange::settings("metric flags", &one, &other));
        assert_eq!(order.in_words(), "Changed order of metric flags.");
        assert_eq!(FieldChange::names("users", &["a".into(), "b".into()], &["b".into(), "a".into()]), None);
    }

    #[test]
    fn every_set_has_its_words() {
        for field in GroupKind::ALL.into_iter().flat_map(|kind| [kind.noun()[1].to_owned(), groups_of(kind)]) {
            assert_ne!(ListWords::of(&field).one, field);
        }
        for field in [TUPLES, USERS] {
            assert_ne!(ListWords::of(field).one, field);
        }
    }
}
