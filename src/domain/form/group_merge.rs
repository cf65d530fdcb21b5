//! The merge of two edits of groups of rows, group by group (a three-way merge).

use super::row_group::{GroupedRow, RowGroup, of_origin, origin};
use crate::domain::model::pairing::pair_renamed;

/// A group that somebody changed. `None` where it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConflict {
    /// The group when the form was opened.
    pub base: Option<RowGroup>,
    /// The group that is saved now.
    pub theirs: Option<RowGroup>,
    /// The group that was typed.
    pub mine: Option<RowGroup>,
    /// True if both changed it, differently.
    pub both: bool,
}

/// The states of one group.
#[derive(Clone, Copy, Default)]
struct States {
    base: Option<usize>,
    theirs: Option<usize>,
    mine: Option<usize>,
}

/// Merges two edits of `base`. Returns the groups that the form shows, and every group that somebody changed.
///
/// Groups are compared by name; one of which only the name differs was renamed. What only the others changed is taken
/// over, what both changed stays as it was typed. The origins of the result refer to `theirs`.
pub fn merge(base: &[RowGroup], theirs: &[RowGroup], mine: &[RowGroup]) -> (Vec<RowGroup>, Vec<GroupConflict>) {
    let [base_texts, their_texts, my_texts] =
        [base, theirs, mine].map(|groups| groups.iter().map(RowGroup::normalized).collect::<Vec<_>>());
    let all = states(&base_texts, &their_texts, &my_texts);
    let conflict = |it: &States| {
        let at = |groups: &[RowGroup], place: Option<usize>| place.and_then(|place| groups.get(place).cloned());
        let (before, their, my) = (at(&base_texts, it.base), at(&their_texts, it.theirs), at(&my_texts, it.mine));
        let both = before != their && before != my && their != my;
        GroupConflict { base: before, theirs: their, mine: my, both }
    };
    let mut conflicts: Vec<GroupConflict> = all.iter().map(conflict).collect();
    let kept = |(it, conflict): (&States, &GroupConflict)| match conflict.base == conflict.mine {
        true => it.theirs.map(|place| located(&theirs[place], Some((place, &theirs[place])))),
        false => it.mine.map(|place| {
            let their = it.theirs.map(|place| (place, &theirs[place]));
            moved(&mine[place], it.base.map(|place| &base[place]), their)
        }),
    };
    let order = ordered(&all);
    let merged = order.into_iter().filter_map(|place| kept((&all[place], &conflicts[place]))).collect();
    conflicts.retain(|it| it.base != it.theirs || it.base != it.mine);
    (merged, conflicts)
}

/// Returns which groups are states of one: first those of `base`, then the new ones of the others, then those of mine.
fn states(base: &[RowGroup], theirs: &[RowGroup], mine: &[RowGroup]) -> Vec<States> {
    let mut all: Vec<States> = (0..base.len()).map(|place| States { base: Some(place), ..States::default() }).collect();
    let rest = |group: &RowGroup| RowGroup { name: String::new(), ..group.clone() };
    let (of_theirs, _) = pair_renamed(base, theirs, |group| group.name.clone(), rest);
    for (place, partner) in of_theirs.into_iter().enumerate() {
        match partner {
            Some(partner) => all[partner].theirs = Some(place),
            None => all.push(States { theirs: Some(place), ..States::default() }),
        }
    }
    let (of_mine, _) = pair_renamed(base, mine, |group| group.name.clone(), rest);
    for (place, partner) in of_mine.into_iter().enumerate() {
        let name = |it: &States| it.theirs.map(|their| theirs[their].name.as_str());
        let same_new =
            || all.iter().position(|it| it.base.is_none() && it.mine.is_none() && name(it) == Some(&mine[place].name));
        match partner.or_else(same_new) {
            Some(partner) => all[partner].mine = Some(place),
            None => all.push(States { mine: Some(place), ..States::default() }),
        }
    }
    all
}

/// Returns the order of the merged groups: mine if I moved groups, else that of the others. New ones of the other side
/// come last.
fn ordered(all: &[States]) -> Vec<usize> {
    let mine: Vec<usize> = all.iter().filter(|it| it.base.is_some()).filter_map(|it| it.mine).collect();
    let i_moved = !mine.is_sorted();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|place| {
        let it = &all[*place];
        let (first, second) = if i_moved { (it.mine, it.theirs) } else { (it.theirs, it.mine) };
        (first.is_none(), first, second)
    });
    order
}

/// Returns a group with the origins of the content that has it.
fn located(group: &RowGroup, at: Option<(usize, &RowGroup)>) -> RowGroup {
    moved(group, Some(group), at)
}

/// Returns a group of the form whose origins referred to `base`, with origins that refer to `theirs`.
fn moved(group: &RowGroup, base: Option<&RowGroup>, theirs: Option<(usize, &RowGroup)>) -> RowGroup {
    let row = |row: &GroupedRow| {
        let was =
            base.and_then(|base| of_origin(&base.rows, &row.origin, |row| &row.name)).map_or(&row.name, |it| &it.name);
        let place = theirs.and_then(|(_, group)| group.rows.iter().position(|row| row.name == *was));
        GroupedRow { origin: place.map(|place| origin(place, was)).unwrap_or_default(), ..row.clone() }
    };
    RowGroup {
        origin: theirs.map(|(place, group)| origin(place, &group.name)).unwrap_or_default(),
        rows: group.rows.iter().map(row).collect(),
        ..group.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `a: x y; b: z`, without origins.
    fn groups(text: &str) -> Vec<RowGroup> {
        let row = |name: &str| GroupedRow { name: name.to_owned(), operation: "OR".into(), ..GroupedRow::default() };
        let group = |text: &str| {
            let (name, rows) = text.split_once(':').unwrap();
            let rows = rows.split_whitespace().map(row).collect();
            RowGroup { origin: String::new(), name: name.trim().to_owned(), operation: "AND".into(), rows }
        };
        text.split(';').filter(|text| !text.trim().is_empty()).map(group).collect()
    }

    /// Returns the merged groups as text, and the names of the groups that both changed.
    fn merged(base: &str, theirs: &str, mine: &str) -> (String, String) {
        let (merged, conflicts) = merge(&groups(base), &groups(theirs), &groups(mine));
        let text = |group: &RowGroup| {
            let rows: Vec<&str> = group.rows.iter().map(|row| row.name.as_str()).collect();
            format!("{}: {}", group.name, rows.join(" "))
        };
        let both = conflicts.iter().filter(|it| it.both).filter_map(|it| it.mine.as_ref().or(it.theirs.as_ref()));
        let names: Vec<&str> = both.map(|group| group.name.as_str()).collect();
        (merged.iter().map(text).collect::<Vec<_>>().join("; "), names.join(" "))
    }

    #[test]
    fn edits_are_merged_group_by_group() {
        for (base, theirs, mine, expected, both) in [
            // Each changed another group.
            ("a: x; b: y", "a: x z; b: y", "a: x; b: y w", "a: x z; b: y w", ""),
            // Both changed one.
            ("a: x; b: y", "a: x z; b: y", "a: x w; b: y", "a: x w; b: y", "a"),
            ("a: x; b: y", "a: x z; b: y", "a: x z; b: y", "a: x z; b: y", ""),
            // New ones.
            ("a: x", "a: x; b: y", "a: x; c: z", "a: x; b: y; c: z", ""),
            ("a: x", "a: x; b: y", "a: x; b: z", "a: x; b: z", "b"),
            // Removed ones.
            ("a: x; b: y", "b: y", "a: x; b: y z", "b: y z", ""),
            ("a: x; b: y", "a: x z; b: y", "a: x", "a: x z", ""),
            ("a: x; b: y", "b: y", "a: x z; b: y", "b: y; a: x z", "a"),
            ("a: x; b: y", "a: x z; b: y", "b: y", "b: y", "a"),
            // Renamed ones.
            ("a: x; b: y", "c: x; b: y", "a: x; b: y z", "c: x; b: y z", ""),
            ("a: x; b: y", "a: x; b: y z", "c: x; b: y", "c: x; b: y z", ""),
            // Moved ones.
            ("a: x; b: y", "b: y; a: x", "a: x z; b: y", "b: y; a: x z", ""),
            ("a: x; b: y", "a: x z; b: y", "b: y; a: x", "b: y; a: x z", ""),
        ] {
            assert_eq!(merged(base, theirs, mine), (expected.into(), both.into()), "{base} | {theirs} | {mine}");
        }
    }

    #[test]
    fn origins_refer_to_what_is_saved_now() {
        let located = |text: &str| {
            let mut all = groups(text);
            for (place, group) in all.iter_mut().enumerate() {
                group.origin = origin(place, &group.name);
                for (place, row) in group.rows.iter_mut().enumerate() {
                    row.origin = origin(place, &row.name);
                }
            }
            all
        };
        let mut mine = located("a: x y; b: z");
        "w".clone_into(&mut mine[0].rows[1].name);
        let (merged, _) = merge(&located("a: x y; b: z"), &located("b: z; a: y"), &mine);
        assert_eq!((merged[0].origin.as_str(), merged[0].rows[0].origin.as_str()), ("0 b", "0 z"));
        let rows: Vec<_> = merged[1].rows.iter().map(|row| (row.name.as_str(), row.origin.as_str())).collect();
        // x is gone there, and w was y.
        assert_eq!((merged[1].origin.as_str(), rows), ("1 a", vec![("x", ""), ("w", "0 y")]));
    }
}
