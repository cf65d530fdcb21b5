//! The sentences of the history. POEM 2.3 stored them as JSON that names settings only by the ids of their rows; the
//! keys of the settings come from comparing two versions.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::model::metric::{MetricContent, Section};
use crate::domain::model::metric_changes::{self, SettingChanges};
use crate::domain::model::wording;

/// The checkboxes of 2.3's probe form, which are not fields of a probe.
const CHECKBOXES: [&str; 2] = ["new_version", "update_metric"];

// 2.3's names for the rows of a metric that belong to no section.
const EXECUTABLE: &str = "metric probe executable";
const PARENT: &str = "metric parent";

/// One entry of a message: the object itself, or a row that belongs to it.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Item {
    Added(Detail),
    Changed(Detail),
    Deleted(Detail),
}

#[derive(Deserialize)]
struct Detail {
    /// The kind of row; `None` for the object itself.
    name: Option<String>,
    object: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
}

/// The message of a version, from the comment of its revision. `change` is the metric before and after, if both are
/// known.
pub(super) fn of_version(comment: &str, change: Option<(&MetricContent, &MetricContent)>) -> String {
    match items(comment) {
        None => comment.to_owned(),
        Some(items) if items.iter().any(adds_the_object) => wording::INITIAL.to_owned(),
        Some(items) => wording::sentences(words(&items, change)),
    }
}

/// The message of a log entry. Empty if it says only that the object was added.
///
/// If the entry names rows by id, the message of the version that was written with it (`version_words`) is used
/// instead. Without such a version the names of the rows are left out.
pub(super) fn of_log_entry(message: &str, version_words: impl FnOnce() -> Option<String>) -> String {
    let Some(mut items) = items(message) else { return message.to_owned() };
    if items.iter().any(adds_the_object) {
        items.retain(|item| !adds_the_object(item) && !is_by_key(item.detail()));
        return words(&items, None).join(" ");
    }
    let by_key = items.iter().any(|item| is_by_key(item.detail()));
    by_key.then(version_words).flatten().unwrap_or_else(|| wording::sentences(words(&items, None)))
}

/// The entries of a JSON message; `None` for plain text, which 2.3 wrote as well.
fn items(text: &str) -> Option<Vec<Item>> {
    serde_json::from_str(text).ok()
}

impl Item {
    fn detail(&self) -> &Detail {
        match self {
            Self::Added(detail) | Self::Changed(detail) | Self::Deleted(detail) => detail,
        }
    }
}

fn adds_the_object(item: &Item) -> bool {
    matches!(item, Item::Added(detail) if detail.name.is_none())
}

/// Checks whether the row is named only by its id, as in `MetricConfig object (5)`.
fn is_by_key(detail: &Detail) -> bool {
    let object = detail.object.as_deref().unwrap_or_default();
    let key = object.split_once(" object (").and_then(|(model, rest)| rest.strip_suffix(')').map(|key| (model, key)));
    key.is_some_and(|(model, key)| !model.contains(' ') && !key.contains(' '))
}

fn words(items: &[Item], change: Option<(&MetricContent, &MetricContent)>) -> Vec<String> {
    let mut rows = Rows::compare(items, change);
    let mut words: Vec<String> = items.iter().filter_map(|item| sentence(item, &mut rows)).collect();
    words.dedup();
    words
}

fn sentence(item: &Item, rows: &mut Rows) -> Option<String> {
    let detail = item.detail();
    let Some(name) = &detail.name else {
        let fields: Vec<&str> =
            detail.fields.iter().map(String::as_str).filter(|field| !CHECKBOXES.contains(field)).collect();
        return wording::changed_fields(&fields);
    };
    if name.ends_with(" relationship") {
        return None;
    }
    if let Some(sentence) = rows.single(name) {
        return Some(sentence);
    }
    let (what, section) = what_of(name);
    let row =
        if is_by_key(detail) { section.and_then(|section| rows.take(section, item)) } else { detail.object.clone() };
    Some(row_sentence(item, &what, row.as_deref()))
}

fn row_sentence(item: &Item, what: &str, row: Option<&str>) -> String {
    match (item, row) {
        (Item::Added(_), Some(row)) => wording::added(what, row),
        (Item::Deleted(_), Some(row)) => wording::deleted(what, row),
        (Item::Added(_), None) => format!("Added {what}."),
        (Item::Deleted(_), None) => format!("Deleted {what}."),
        (Item::Changed(detail), row) => {
            let fields: Vec<&str> = detail.fields.iter().map(String::as_str).collect();
            let fields = if fields.is_empty() { String::new() } else { format!("{} for ", wording::in_words(&fields)) };
            let row = row.map(|row| format!(" \"{row}\"")).unwrap_or_default();
            format!("Changed {fields}{what}{row}.")
        }
    }
}

/// The current name for 2.3's kind of row, and its section if it is a setting.
fn what_of(name: &str) -> (String, Option<Section>) {
    let section = match name {
        "metric config" => Section::Config,
        "metric flags" => Section::Flags,
        "metric dependancy" => Section::Dependency,
        "metric attribute" => Section::Attribute,
        "metric parameter" => Section::Parameter,
        "metric file parameter" => Section::FileParameter,
        "metric files" => Section::FileAttribute,
        _ => return (name.to_owned(), None),
    };
    (format!("metric {}", section.in_words()), Some(section))
}

/// The changes that a comparison found, handed out one by one to the items of a message. Both are in the order of the
/// rows.
#[derive(Default)]
struct Rows<'a> {
    change: Option<(&'a MetricContent, &'a MetricContent)>,
    sections: BTreeMap<Section, SectionRows<'a>>,
}

struct SectionRows<'a> {
    changes: SettingChanges<'a>,
    /// The new keys of settings whose key was changed. The comparison sees these as one deleted and one added setting.
    renamed: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn compare(items: &[Item], change: Option<(&'a MetricContent, &'a MetricContent)>) -> Self {
        let Some((before, after)) = change else { return Self::default() };
        let section_rows = |section| {
            let mut changes = metric_changes::compare_settings(before.settings.of(section), after.settings.of(section));
            // New rows come after the existing ones, so renamed settings are the first of the added ones.
            let renames = items.iter().filter(|item| renames_in(item, section)).count().min(changes.added.len());
            let renamed = changes.added.drain(..renames).collect();
            changes.deleted.drain(..renames.min(changes.deleted.len()));
            (section, SectionRows { changes, renamed })
        };
        Self { change, sections: Section::ALL.into_iter().map(section_rows).collect() }
    }

    /// The next key of the section that was changed in this way; `None` if the comparison found no more.
    fn take(&mut self, section: Section, item: &Item) -> Option<String> {
        let rows = self.sections.get_mut(&section)?;
        let keys = match item {
            _ if renames_in(item, section) => &mut rows.renamed,
            Item::Added(_) => &mut rows.changes.added,
            Item::Changed(_) => &mut rows.changes.changed,
            Item::Deleted(_) => &mut rows.changes.deleted,
        };
        (!keys.is_empty()).then(|| keys.remove(0).to_owned())
    }

    /// The sentence about the executable or the parent; `None` for other rows. A metric has only one of each.
    fn single(&self, name: &str) -> Option<String> {
        let (before, after) = self.change?;
        match name {
            EXECUTABLE => wording::single_change(EXECUTABLE, &before.executable, &after.executable),
            PARENT => wording::single_change(PARENT, &before.parent, &after.parent),
            _ => None,
        }
    }
}

fn renames_in(item: &Item, section: Section) -> bool {
    let Item::Changed(detail) = item else { return false };
    let name = detail.name.as_deref().unwrap_or_default();
    what_of(name).1 == Some(section) && detail.fields.iter().any(|field| field == "key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(settings: &[(&str, &str)], parent: &str) -> MetricContent {
        let mut content = MetricContent { parent: parent.into(), ..Default::default() };
        for (key, value) in settings {
            content.settings.push(Section::FileAttribute, *key, *value);
        }
        content
    }

    fn without_version(message: &str) -> String {
        of_log_entry(message, || None)
    }

    #[test]
    fn plain_text_is_kept() {
        for text in ["", "Derived from a.B (Test)", "[not json", "{}", "[1]", r#"[{"added": 1}]"#] {
            assert_eq!(of_version(text, None), text);
            assert_eq!(without_version(text), text);
        }
    }

    #[test]
    fn an_added_object_is_an_initial_version() {
        let comment = r#"[{"added": {}}, {"added": {"name": "metric config", "object": "MetricConfig object (1)"}}]"#;
        assert_eq!(of_version(comment, None), "Initial version.");
        assert_eq!(without_version(comment), "");
    }

    #[test]
    fn checkboxes_and_relationships_are_not_shown() {
        let comment = r#"[{"changed": {"fields": ["version", "update_metric", "description", "comment"]}}]"#;
        assert_eq!(of_version(comment, None), "Changed version, description and comment.");
        let comment = r#"[{"changed": {"fields": ["new_version"]}},
            {"added": {"name": "groupofprobes-probe relationship", "object": "GroupOfProbes_probes object (1)"}}]"#;
        assert_eq!(of_version(comment, None), "No fields changed.");
        assert_eq!(without_version("[]"), "No fields changed.");
    }

    #[test]
    fn keys_come_from_the_version_before() {
        let before = metric(&[("a", "1"), ("b", "1"), ("c", "1")], "");
        let after = metric(&[("a", "2"), ("B", "1"), ("d", "1")], "p");
        let comment = r#"[{"changed": {"fields": ["tag"]}},
            {"added": {"name": "metric files", "object": "MetricFiles object (4)"}},
            {"changed": {"name": "metric files", "object": "MetricFiles object (1)", "fields": ["value"]}},
            {"changed": {"name": "metric files", "object": "MetricFiles object (2)", "fields": ["key"]}},
            {"deleted": {"name": "metric files", "object": "MetricFiles object (None)"}},
            {"added": {"name": "metric parent", "object": "MetricParent object (1)"}}]"#;
        let words = [
            "Changed tag.",
            "Added metric file attributes \"d\".",
            "Changed value for metric file attributes \"a\".",
            "Changed key for metric file attributes \"B\".",
            "Deleted metric file attributes \"c\".",
            "Added metric parent \"p\".",
        ];
        assert_eq!(of_version(comment, Some((&before, &after))), words.join(" "));
    }

    #[test]
    fn without_the_version_before_the_keys_are_left_out() {
        let item =
            r#"{"changed": {"name": "metric config", "object": "MetricConfig object (5)", "fields": ["value"]}}"#;
        let message = format!("[{item}, {item}]");
        assert_eq!(without_version(&message), "Changed value for metric config.");
        assert_eq!(of_log_entry(&message, || Some("Better.".into())), "Better.");
        let message = r#"[{"changed": {"name": "user profile", "object": "UserProfile object (2)",
            "fields": ["subject", "egiid"]}}]"#;
        assert_eq!(without_version(message), "Changed subject and egiid for user profile.");
    }

    #[test]
    fn rows_that_have_names_keep_them() {
        let message = r#"[{"added": {"name": "metric instance", "object": "SRM a.B None ops"}}]"#;
        assert_eq!(without_version(message), "Added metric instance \"SRM a.B None ops\".");
    }
}
