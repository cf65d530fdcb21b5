//! Merges two edits of rows of keys and values, key by key (a three-way merge).

/// A row as it is in one state: the key, and the other texts.
type Row = Vec<String>;

/// A key that somebody changed, with its values in words; empty if a state does not have the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// The value before both edits.
    pub base: String,
    /// The value that is saved.
    pub theirs: String,
    /// The value that was typed.
    pub mine: String,
    /// True if both changed it, and differently: the typed value is kept.
    pub both: bool,
}

/// Returns the merged rows and the keys that somebody changed; `None` if the rows have no keys, that is, if a key is
/// twice in one state.
///
/// A key that only the other changed gets the saved value; all others keep the typed one. Without `base`, everything that
/// differs counts as changed by both.
pub fn merge(base: Option<&[Row]>, theirs: &[Row], mine: &[Row]) -> Option<(Vec<Row>, Vec<KeyChange>)> {
    let states = [base.unwrap_or_default(), theirs, mine];
    if !states.iter().all(|rows| has_keys(rows)) {
        return None;
    }
    let mut keys: Vec<&str> = Vec::new();
    for row in [mine, theirs, base.unwrap_or_default()].into_iter().flatten() {
        if !keys.contains(&key(row)) {
            keys.push(key(row));
        }
    }
    let (mut merged, mut changes) = (Vec::new(), Vec::new());
    for of in keys {
        let [before, their, my] = states.map(|rows| rows.iter().find(|row| key(row) == of));
        let they_changed = base.is_none() || before != their;
        let i_changed = base.is_none() || before != my;
        merged.extend(if they_changed && !i_changed { their } else { my }.cloned());
        if before != their || before != my {
            let [base, theirs, mine] = [before, their, my].map(in_words);
            let both = they_changed && i_changed && their != my;
            changes.push(KeyChange { key: of.to_owned(), base, theirs, mine, both });
        }
    }
    Some((merged, changes))
}

fn key(row: &Row) -> &str {
    row.first().map_or("", String::as_str)
}

fn has_keys(rows: &[Row]) -> bool {
    rows.iter()
        .enumerate()
        .all(|(place, row)| row.len() > 1 && rows[..place].iter().all(|above| key(above) != key(row)))
}

fn in_words(row: Option<&Row>) -> String {
    row.map_or_else(String::new, |row| row[1..].join("  ").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        text.split_whitespace().map(|pair| pair.split('=').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn each_key_is_merged_by_itself() {
        let (base, theirs) = (rows("a=1 b=1 c=1 d=1"), rows("a=2 b=1 c=2 e=1"));
        let (merged, changes) = merge(Some(&base), &theirs, &rows("a=1 b=3 c=3 d=1 f=1")).unwrap();
        assert_eq!(merged, rows("a=2 b=3 c=3 f=1 e=1"));
        let changes: Vec<_> = changes.iter().map(|one| (one.key.as_str(), one.both)).collect();
        assert_eq!(changes, [("a", false), ("b", false), ("c", true), ("d", false), ("f", false), ("e", false)]);
    }

    #[test]
    fn without_a_base_what_was_typed_stays() {
        let (merged, changes) = merge(None, &rows("a=1 b=1"), &rows("a=2")).unwrap();
        assert_eq!(merged, rows("a=2"));
        assert!(changes.iter().all(|one| one.both) && changes.len() == 2, "{changes:?}");
    }

    #[test]
    fn rows_with_a_key_twice_are_not_merged() {
        assert_eq!(merge(None, &rows("a=1 a=2"), &[]), None);
        assert_eq!(merge(None, &[vec!["alone".to_owned()]], &[]), None);
    }
}
