//! Commands that change the groups of rows of a draft: the buttons of a form that is edited without JavaScript.
//!
//! A command is the field, the action and its place or text: `groups:move-up:2`, `groups:remove-row:2:3`,
//! `groups:use:SRM`. Commands that mean nothing change nothing.

use super::field::{Field, GroupLayout, Kind};
use super::row_group::{GroupedRow, RowGroup};
use super::submitted::{Draft, RawValue};

/// The operation of a new group, and of its first row.
const FIRST_OPERATION: &str = "OR";

/// The part of the form where the user goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The field as a whole.
    Field,
    /// A group.
    Group {
        /// The index of the group.
        group: usize,
        /// The part of it that gets the focus.
        target: FocusTarget,
    },
    /// A row.
    Row {
        /// The index of the group.
        group: usize,
        /// The index of the row in it.
        row: usize,
        /// The part of it that gets the focus.
        target: FocusTarget,
    },
}

/// The part of a group or row that gets the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FocusTarget {
    /// The input with the name.
    Name,
    /// The button that moves it up.
    Up,
    /// The button that moves it down.
    Down,
}

/// Applies the command of a pressed button to a draft, if there is one; see [`apply`].
pub fn applied<C>(
    mut draft: Draft,
    fields: &[Field<C>],
    command: Option<&str>,
) -> (Draft, Option<(&'static str, Focus)>) {
    let focus = command.and_then(|command| apply(&mut draft, fields, command));
    (draft, focus)
}

/// Applies a command to a draft. Returns the field and where the focus goes; `None` if the command changes nothing.
pub fn apply<C>(draft: &mut Draft, fields: &[Field<C>], command: &str) -> Option<(&'static str, Focus)> {
    let (name, command) = command.split_once(':')?;
    let (action, argument) = command.split_once(':').unwrap_or((command, ""));
    let of_groups = |field: &Field<C>| match field.kind {
        Kind::RowGroups { layout, .. } if field.name == name => Some((field.name, layout)),
        _ => None,
    };
    let (name, layout) = fields.iter().find_map(of_groups)?;
    let mut groups = draft.row_groups(name).to_vec();
    let can_add = !draft.text(layout.offered_by).trim().is_empty();
    let focus = match action {
        // The form shows the suggestions of the other choice: nothing else changes.
        "show" => Some(Focus::Field),
        "add" if can_add => add(&mut groups, layout),
        "use" if can_add => add_named(&mut groups, argument, layout),
        _ => at_place(&mut groups, action, argument, layout),
    }?;
    draft.set(name, RawValue::RowGroups(groups));
    Some((name, focus))
}

fn add(groups: &mut Vec<RowGroup>, layout: &GroupLayout) -> Option<Focus> {
    let operation = FIRST_OPERATION.to_owned();
    let has_room = groups.len() < layout.max_groups;
    has_room.then(|| groups.push(RowGroup { operation, ..RowGroup::default() }))?;
    Some(Focus::Group { group: groups.len() - 1, target: FocusTarget::Name })
}

/// Adds a row with this name to the last group, and a group if there is none.
fn add_named(groups: &mut Vec<RowGroup>, name: &str, layout: &GroupLayout) -> Option<Focus> {
    if name.is_empty() {
        return None;
    }
    if groups.is_empty() {
        add(groups, layout)?;
    }
    let group = groups.len() - 1;
    let focus = add_row(groups, group, layout)?;
    if let Some(row) = groups[group].rows.last_mut() {
        name.clone_into(&mut row.name);
    }
    Some(focus)
}

/// Adds a blank row to a group, with the operation of its last row.
fn add_row(groups: &mut [RowGroup], group: usize, layout: &GroupLayout) -> Option<Focus> {
    let has_room = groups.iter().map(|group| group.rows.len()).sum::<usize>() < layout.max_rows;
    let rows = groups.get_mut(group).filter(|_| has_room).map(|group| &mut group.rows)?;
    let operation = rows.last().map_or(FIRST_OPERATION, |row| row.operation.as_str()).to_owned();
    rows.push(GroupedRow { operation, ..GroupedRow::default() });
    Some(Focus::Row { group, row: rows.len() - 1, target: FocusTarget::Name })
}

fn at_place(groups: &mut Vec<RowGroup>, action: &str, argument: &str, layout: &GroupLayout) -> Option<Focus> {
    let (first, second) = argument.split_once(':').map_or((argument, None), |(first, second)| (first, Some(second)));
    let group: usize = first.parse().ok()?;
    let rows = &mut groups.get_mut(group)?.rows;
    let Some(second) = second else {
        return match action {
            "add-row" => add_row(groups, group, layout),
            _ => {
                let (group, target) = change_list(groups, action, group)?;
                Some(group.map_or(Focus::Field, |group| Focus::Group { group, target }))
            }
        };
    };
    let (row, target) = change_list(rows, action.strip_suffix("-row")?, second.parse().ok()?)?;
    let of_group = Focus::Group { group, target: FocusTarget::Name };
    Some(row.map_or(of_group, |row| Focus::Row { group, row, target }))
}

/// Moves or removes an element. Returns the index of the element that gets the focus, `None` if none is left.
fn change_list<T>(list: &mut Vec<T>, action: &str, place: usize) -> Option<(Option<usize>, FocusTarget)> {
    let last = list.len().checked_sub(1).filter(|last| place <= *last)?;
    match action {
        "move-up" if place > 0 => {
            list.swap(place, place - 1);
            Some((Some(place - 1), if place == 1 { FocusTarget::Down } else { FocusTarget::Up }))
        }
        "move-down" if place < last => {
            list.swap(place, place + 1);
            Some((Some(place + 1), if place + 1 == last { FocusTarget::Up } else { FocusTarget::Down }))
        }
        "remove" => {
            list.remove(place);
            Some((last.checked_sub(1).map(|last| place.min(last)), FocusTarget::Name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::form::field::{Choices, RowColumn};

    #[derive(Default)]
    struct Thing {
        source: String,
        groups: Vec<RowGroup>,
    }

    const fn column(name: &'static str, suggestions: Option<Choices>) -> RowColumn {
        RowColumn { name, label: name, max: 9, required: true, is_key: false, suggestions }
    }

    static LAYOUT: GroupLayout = GroupLayout {
        one: "group",
        name: column("name", None),
        operation: column("operation", Some(Choices::Operations)),
        rows: "services",
        row_name: column("name", Some(Choices::ProfileServices)),
        row_operation: column("operation", Some(Choices::Operations)),
        max_groups: 3,
        max_rows: 4,
        joined_by: "joined",
        offered_by: "source",
    };

    static FIELDS: [Field<Thing>; 2] = [
        Field::choice("source", "Source", Choices::MetricProfiles, |it| &it.source, |it, text| it.source = text),
        Field::new(
            "groups",
            "Groups",
            Kind::RowGroups { layout: &LAYOUT, get: |it| it.groups.clone(), set: |it, groups| it.groups = groups },
        ),
    ];

    /// Reads `a OR: x OR, y AND; b AND:`.
    fn groups(text: &str) -> Vec<RowGroup> {
        let words = |text: &str| {
            let (name, operation) = text.trim().rsplit_once(' ').unwrap_or(("", text.trim()));
            (name.to_owned(), operation.to_owned())
        };
        let row = |text: &str| {
            let (name, operation) = words(text);
            GroupedRow { origin: String::new(), name, operation }
        };
        let group = |text: &str| {
            let (head, rows) = text.split_once(':').unwrap();
            let (name, operation) = words(head);
            let rows = rows.split(',').filter(|row| !row.trim().is_empty()).map(row).collect();
            RowGroup { origin: String::new(), name, operation, rows }
        };
        text.split(';').filter(|text| !text.trim().is_empty()).map(group).collect()
    }

    fn draft(text: &str) -> Draft {
        Draft::of(&FIELDS, &Thing { source: "p".into(), groups: groups(text) })
    }

    #[test]
    fn commands_change_groups_and_rows() {
        let start = "a OR: x OR, y AND; b AND:";
        let group = |group, target| Focus::Group { group, target };
        let row = |group, row, target| Focus::Row { group, row, target };
        for (command, expected, focus) in [
            ("groups:show", start, Focus::Field),
            ("groups:add", "a OR: x OR, y AND; b AND:; OR:", group(2, FocusTarget::Name)),
            ("groups:remove:0", "b AND:", group(0, FocusTarget::Name)),
            ("groups:remove:1", "a OR: x OR, y AND", group(0, FocusTarget::Name)),
            ("groups:move-up:1", "b AND:; a OR: x OR, y AND", group(0, FocusTarget::Down)),
            ("groups:move-down:0", "b AND:; a OR: x OR, y AND", group(1, FocusTarget::Up)),
            ("groups:add-row:0", "a OR: x OR, y AND, AND; b AND:", row(0, 2, FocusTarget::Name)),
            ("groups:add-row:1", "a OR: x OR, y AND; b AND: OR", row(1, 0, FocusTarget::Name)),
            ("groups:remove-row:0:0", "a OR: y AND; b AND:", row(0, 0, FocusTarget::Name)),
            ("groups:move-up-row:0:1", "a OR: y AND, x OR; b AND:", row(0, 0, FocusTarget::Down)),
            ("groups:move-down-row:0:0", "a OR: y AND, x OR; b AND:", row(0, 1, FocusTarget::Up)),
            ("groups:use:s:1", "a OR: x OR, y AND; b AND: s:1 OR", row(1, 0, FocusTarget::Name)),
        ] {
            let mut edited = draft(start);
            assert_eq!(apply(&mut edited, &FIELDS, command), Some(("groups", focus)), "{command}");
            // Without a name, the words of a new row are its operation only.
            assert_eq!(edited.row_groups("groups"), groups(expected), "{command}");
        }
        let mut edited = draft("a OR: x OR");
        assert_eq!(apply(&mut edited, &FIELDS, "groups:remove-row:0:0").unwrap().1, group(0, FocusTarget::Name));
        assert_eq!(apply(&mut edited, &FIELDS, "groups:remove:0").unwrap().1, Focus::Field);
    }

    #[test]
    fn a_name_that_is_added_without_any_group_makes_one() {
        let mut edited = draft("");
        apply(&mut edited, &FIELDS, "groups:use:x").unwrap();
        assert_eq!(edited.row_groups("groups"), groups("OR: x OR"));
    }

    #[test]
    fn commands_that_mean_nothing_are_ignored() {
        let start = "a OR: x OR, y AND; b AND:";
        for command in [
            "",
            "groups",
            "groups:",
            "source:add",
            "other:add",
            "groups:remove",
            "groups:remove:",
            "groups:remove:2",
            "groups:remove:-1",
            "groups:remove:x",
            "groups:move-up:0",
            "groups:move-down:1",
            "groups:move-up-row:0:0",
            "groups:move-down-row:0:1",
            "groups:remove-row:0:2",
            "groups:remove-row:0",
            "groups:remove:0:0",
            "groups:add-row:2",
            "groups:add-row:0:0",
            "groups:use:",
            "groups:use",
            "groups:what:0",
            "groups:remove:99999999999999999999999",
        ] {
            let mut edited = draft(start);
            assert_eq!(apply(&mut edited, &FIELDS, command), None, "{command}");
            assert_eq!(edited, draft(start), "{command}");
        }
        let mut without_source = draft(start);
        without_source.set("source", RawValue::Text(String::new()));
        assert_eq!(apply(&mut without_source, &FIELDS, "groups:add"), None);
    }

    #[test]
    fn no_command_goes_beyond_a_bound() {
        let mut full = draft("a OR: w OR, x OR, y OR, z OR; b OR:; c OR:");
        for command in ["groups:add", "groups:add-row:1", "groups:use:v"] {
            assert_eq!(apply(&mut full, &FIELDS, command), None, "{command}");
        }
    }
}
