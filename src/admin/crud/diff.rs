//! The comparison of two contents, field by field, with the words that differ marked.

use similar::{ChangeTag, TextDiff};

use crate::blocking::PAGES;
use crate::domain::form::field::{Field, Kind, RowColumn, RowValues};
use crate::domain::form::submitted::{Draft, RawValue};
use crate::domain::model::change_set::{ChangeSet, FieldChange, ValueChange, label};
use crate::domain::model::metric::Setting;
use crate::domain::model::pairing::pair;
use crate::templates::history_page::{Difference, Span};

/// Compares two contents on a thread for blocking work.
pub async fn compare<C: Send + 'static>(fields: &'static [Field<C>], before: C, after: C) -> Vec<Difference> {
    PAGES.run(move || diff(fields, &before, &after)).await
}

/// Compares every field, in the order of the form; fields of rows row by row. Returns equal fields, too.
fn diff<C>(fields: &[Field<C>], before: &C, after: &C) -> Vec<Difference> {
    let (before, after) = (Draft::of(fields, before), Draft::of(fields, after));
    let mut all = Vec::new();
    for field in fields {
        match (&field.kind, before.get(field.name), after.get(field.name)) {
            (Kind::Rows { columns, .. }, Some(RawValue::Rows(old)), Some(RawValue::Rows(new))) => {
                all.extend(of_rows(field.label, columns, old, new));
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
