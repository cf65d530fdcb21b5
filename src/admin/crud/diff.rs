//! The comparison of two contents, field by field, with the words that differ marked.

use similar::{ChangeTag, TextDiff};

use crate::blocking::PAGES;
use crate::domain::form::field::{Field, Kind, RowColumn, RowValues};
use crate::domain::form::row_group::RowGroup;
use crate::domain::form::submitted::{Draft, RawValue};
use crate::domain::model::change_set::{ChangeSet, FieldChange, ValueChange, label};
use crate::domain::model::metric::Setting;
use crate::domain::model::pairing::{pair, pair_renamed};
use crate::templates::history_page::{Difference, Span};

/// Compares two contents on a thread for blocking work.
pub async fn compare<C: Send + 'static>(fields: &'static [Field<C>], before: C, after: C) -> Vec<Difference> {
    PAGES.run(move || diff(fields, &before, &after)).await
}

/// Compares every field, in the order of the form; fields of rows row by row. Returns equal fields, too.
fn diff<C>(fields: &[Field<C>], before: &C, after: &C) -> Vec<Difference> {
    let labels = |field: &Field<C>| field.label_of.map(|label_of| [label_of(before), label_of(after)]);
    let labels: Vec<Option<[&str; 2]>> = fields.iter().map(labels).collect();
    let (before, after) = (Draft::of(fields, before), Draft::of(fields, after));
    let mut all = Vec::new();
    for (field, labels) in fields.iter().zip(labels) {
        match (&field.kind, before.get(field.name), after.get(field.name)) {
            (Kind::Rows { columns, .. }, Some(RawValue::Rows(old)), Some(RawValue::Rows(new))) => {
                all.extend(of_rows(field.label, columns, old, new));
            }
            (Kind::RowGroups { .. }, Some(RawValue::RowGroups(old)), Some(RawValue::RowGroups(new))) => {
                all.extend(of_groups(field.label, old, new));
            }
            (_, Some(RawValue::Text(old)), Some(RawValue::Text(new))) if labels.is_some() => {
                let [old_label, new_label] = labelled([old, new], labels.unwrap_or_default());
                all.push(of_texts(field.label.to_owned(), &old_label, &new_label));
            }
            (_, Some(old), Some(new)) => {
                all.push(of_texts(field.label.to_owned(), &in_words(old), &in_words(new)));
            }
            _ => {}
        }
    }
    all
}

fn in_words(typed: &RawValue) -> String {
    super::widgets::in_words(Some(typed))
}

/// Compares rows: first those of `new`, then those that only `old` has. Rows with the same key columns are paired.
fn of_rows(label: &str, columns: &[RowColumn], old: &[RowValues], new: &[RowValues]) -> Vec<Difference> {
    let filled = |rows: &[RowValues]| {
        rows.iter().filter(|row| row.iter().any(|text| !text.is_empty())).cloned().collect::<Vec<_>>()
    };
    let (old, new) = (filled(old), filled(new));
    let name = |row: &RowValues| format!("{label} {}", row.first().map_or("", String::as_str));
    let value = |row: &RowValues| {
        row.iter().skip(1).map(String::as_str).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ")
    };
    let (pairs, deleted) = pair(&old, &new, |row| key(columns, row));
    let kept_or_added = new.iter().zip(pairs).map(|(row, before)| match before {
        Some(before) => of_texts(name(row), &value(&old[before]), &value(row)),
        None => one_sided(name(row), &value(row), "added"),
    });
    let deleted = deleted.into_iter().map(|row| one_sided(name(&old[row]), &value(&old[row]), "deleted"));
    kept_or_added.chain(deleted).collect()
}

/// Returns two values with their labels: the labels where these are enough, else the values after them.
fn labelled(values: [&String; 2], labels: [&str; 2]) -> [String; 2] {
    let is_same = values[0] == values[1];
    // The label of one value may have changed in the meantime, which is no difference.
    let labels = if is_same { [labels[1]; 2] } else { labels };
    let is_clear = (is_same || labels[0] != labels[1]) && labels.iter().all(|label| !label.is_empty());
    let text = |place: usize| match is_clear {
        true => labels[place].to_owned(),
        false => format!("{} {}", labels[place], values[place]).trim().to_owned(),
    };
    [text(0), text(1)]
}

/// Compares groups of rows: first those of `new`, then those that only `old` has, then their order. Groups with the same
/// name are paired, then those of which only the name differs.
fn of_groups(label: &str, old: &[RowGroup], new: &[RowGroup]) -> Vec<Difference> {
    let [old, new] = [old, new]
        .map(|groups| groups.iter().filter(|group| !group.is_empty()).map(RowGroup::normalized).collect::<Vec<_>>());
    let rest = |group: &RowGroup| RowGroup { name: String::new(), ..group.clone() };
    let (pairs, deleted) = pair_renamed(&old, &new, |group| group.name.as_str(), rest);
    let label_of = |group: &RowGroup| format!("{label} {}", group.name);
    let words = super::widgets::group_in_words;
    let mut all: Vec<Difference> = new
        .iter()
        .zip(&pairs)
        .map(|(group, before)| match before {
            Some(before) => of_texts(label_of(group), &words(&old[*before]), &words(group)),
            None => one_sided(label_of(group), &words(group), "added"),
        })
        .collect();
    all.extend(deleted.iter().map(|place| one_sided(label_of(&old[*place]), &words(&old[*place]), "deleted")));
    let kept: Vec<usize> = pairs.into_iter().flatten().collect();
    if !kept.is_sorted() {
        let names = |groups: &[RowGroup]| groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ");
        all.push(of_texts(format!("Order of {label}"), &names(&old), &names(&new)));
    }
    all
}

/// Returns the texts of the columns that identify a row.
fn key<'a>(columns: &[RowColumn], row: &'a RowValues) -> Vec<&'a str> {
    columns.iter().zip(row).filter(|(column, _)| column.is_key).map(|(_, text)| text.as_str()).collect()
}

/// A row that only one side has. Unlike in `of_texts`, its value may be empty.
fn one_sided(label: String, value: &str, change: &'static str) -> Difference {
    let spans = vec![Span { text: value.to_owned(), marked: true }];
    match change {
        "added" => Difference { label, before: Vec::new(), after: spans, change },
        _ => Difference { label, before: spans, after: Vec::new(), change },
    }
}

/// Returns the data of a log entry as differences: every value and every row.
pub fn of_changes(changes: &ChangeSet) -> Vec<Difference> {
    changes.0.iter().flat_map(of_change).collect()
}

fn of_change(change: &FieldChange) -> Vec<Difference> {
    let setting = |field: &str, setting: &Setting, change| {
        one_sided(format!("{field} {}", setting.key()), setting.value(), change)
    };
    match change {
        FieldChange::Value(it) | FieldChange::Named(it) => vec![of_texts(it.field.clone(), &it.before, &it.after)],
        FieldChange::Settings(it) | FieldChange::Parts(it) => {
            let changed =
                |value: &ValueChange| of_texts(format!("{} {}", it.field, value.field), &value.before, &value.after);
            (it.added.iter().map(|row| setting(&it.field, row, "added")))
                .chain(it.changed.iter().map(changed))
                .chain(it.removed.iter().map(|row| setting(&it.field, row, "deleted")))
                .collect()
        }
        FieldChange::Order(it) => {
            let keys = |rows: &[Setting]| rows.iter().map(Setting::key).collect::<Vec<_>>().join(", ");
            vec![of_texts(format!("Order of {}", it.field), &keys(&it.before), &keys(&it.after))]
        }
        FieldChange::List(it) => {
            let row = |row, change| one_sided(it.field.clone(), &label(row), change);
            (it.added.iter().map(|added| row(added, "added")))
                .chain(it.removed.iter().map(|removed| row(removed, "deleted")))
                .collect()
        }
        FieldChange::Unknown => Vec::new(),
    }
}

fn of_texts(label: String, before: &str, after: &str) -> Difference {
    let change = match (before, after) {
        _ if before == after => "same",
        ("", _) => "added",
        (_, "") => "deleted",
        _ => "changed",
    };
    let (before, after) = words(before, after);
    Difference { label, before, after, change }
}

fn words(before: &str, after: &str) -> (Vec<Span>, Vec<Span>) {
    let diff = TextDiff::from_unicode_words(before, after);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut left, change.value(), false);
                push(&mut right, change.value(), false);
            }
            ChangeTag::Delete => push(&mut left, change.value(), true),
            ChangeTag::Insert => push(&mut right, change.value(), true),
        }
    }
    (left, right)
}

fn push(spans: &mut Vec<Span>, text: &str, marked: bool) {
    match spans.last_mut() {
        Some(last) if last.marked == marked => last.text.push_str(text),
        _ => spans.push(Span { text: text.to_owned(), marked }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::row_group::GroupedRow;

    fn text(spans: &[Span]) -> String {
        spans.iter().map(|span| if span.marked { format!("[{}]", span.text) } else { span.text.clone() }).collect()
    }

    #[test]
    fn changed_words_are_marked() {
        let change = of_texts("Description".into(), "checks the AMS service", "checks the whole AMS");
        assert_eq!(change.change, "changed");
        assert_eq!(text(&change.before), "checks the AMS[ service]");
        assert_eq!(text(&change.after), "checks the [whole ]AMS");
    }

    const fn column(name: &'static str, is_key: bool) -> RowColumn {
        RowColumn { name, label: name, max: 9, required: true, is_key, suggestions: None }
    }

    #[test]
    fn rows_without_a_value_are_added_or_deleted_as_a_whole() {
        let row = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        let columns = ["flavour", "metric", "fqan"].map(|name| column(name, true));
        let old = [row(["SRM", "a", ""]), row(["SRM", "b", "/x"])];
        let new = [row(["SRM", "b", "/x"]), row(["SRM", "a", "/y"])];
        let all = of_rows("tuple", &columns, &old, &new);
        let seen: Vec<_> = all.iter().map(|it| (text(&it.before), text(&it.after), it.change)).collect();
        let expected = [("b  /x", "b  /x", "same"), ("", "[a  /y]", "added"), ("[a]", "", "deleted")];
        assert_eq!(seen, expected.map(|(before, after, change)| (before.into(), after.into(), change)));
    }

    #[test]
    fn groups_are_compared_by_name_and_order() {
        let group = |name: &str, rows: &[&str]| RowGroup {
            origin: String::new(),
            name: name.to_owned(),
            operation: "OR".to_owned(),
            rows: rows
                .iter()
                .map(|row| GroupedRow { origin: String::new(), name: (*row).to_owned(), operation: "AND".to_owned() })
                .collect(),
        };
        let old = [group("a", &["x", "y"]), group("b", &["z"]), group("c", &[])];
        let new = [group("B", &["z"]), group("a", &["x", "w"]), group("d", &["v"])];
        let all = of_groups("groups", &old, &new);
        let plain = |it: &Difference| it.after.iter().map(|span| span.text.as_str()).collect::<String>();
        let seen: Vec<_> = all.iter().map(|it| (it.label.as_str(), plain(it), it.change)).collect();
        let expected = [
            ("groups B", "B (OR)\n- z (AND)", "changed"),
            ("groups a", "a (OR)\n- x (AND)\n- w (AND)", "changed"),
            ("groups d", "d (OR)\n- v (AND)", "added"),
            ("groups c", "", "deleted"),
            ("Order of groups", "B, a, d", "changed"),
        ];
        assert_eq!(seen, expected.map(|(label, after, change)| (label, after.to_owned(), change)));
    }

    #[test]
    fn the_label_of_a_value_is_compared_if_it_is_clear() {
        let compared = |values: [&str; 2], labels| labelled(values.map(str::to_owned).each_ref(), labels);
        assert_eq!(compared(["1", "2"], ["A", "B"]), ["A", "B"]);
        assert_eq!(compared(["1", "1"], ["A", "B"]), ["B", "B"]);
        assert_eq!(compared(["1", "2"], ["A", "A"]), ["A 1", "A 2"]);
        assert_eq!(compared(["1", "2"], ["A", ""]), ["A 1", "2"]);
    }

    #[test]
    fn rows_are_paired_by_their_key() {
        let row = |key: &str, value: &str| vec![key.to_owned(), value.to_owned()];
        let old = [row("timeout", "60"), row("path", "/a"), row("-c", "1"), row("-c", "2")];
        let new = [row("path", "/a"), row("timeout", "90"), row("-c", "2"), row("X", "")];
        let all = of_rows("config", &[column("key", true), column("value", false)], &old, &new);
        let seen: Vec<_> = all.iter().map(|change| (change.label.as_str(), change.change)).collect();
        let expected = [
            ("config path", "same"),
            ("config timeout", "changed"),
            ("config -c", "same"),
            ("config X", "added"),
            ("config -c", "deleted"),
        ];
        assert_eq!(seen, expected);
    }
}
