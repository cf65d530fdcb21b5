//! A save conflict that optimistic locking has found: someone else has saved the object while its form was open. The user
//! who saves second sees both changes side by side.

use rocket::http::Status;

use super::entity_admin::EntityAdmin;
use super::form::{self, FormMode, FormView};
use super::form_input::{HeldLabels, labels};
use super::named_object::NamedObject;
use super::remote_view;
use super::request_context::RequestContext;
use super::response::PageResult;
use super::widgets::{group_in_words, in_words};
use crate::blocking::in_place;
use crate::domain::form::bulk_edit::is_section;
use crate::domain::form::field::{Field, Kind};
use crate::domain::form::group_merge;
use crate::domain::form::row_group::RowGroup;
use crate::domain::form::row_merge;
use crate::domain::form::submitted::{Draft, RawValue};
use crate::domain::form::text;
use crate::domain::form::validation_error::ValidationErrors;
use crate::error::NOT_FOUND;
use crate::store::audit_log;
use crate::templates::form_page::{ConflictView, FieldConflict};

/// Returns the form with both changes merged, with status 409.
///
/// A field that only the other user changed gets the saved value; a field that both changed keeps the typed value.
/// `base` is the content when the form was opened, as JSON.
pub async fn show<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    (mine, ticks): (&Draft, &[&'static str]),
    base: &str,
) -> PageResult {
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let newest =
        audit_log::of_object(tx.conn(), entity.options().kind, &id.to_string(), 1, 1).await?.rows.into_iter().next();
    tx.commit().await?;
    let by = newest.map(|entry| saved_by(context, &entry.username, &context.time(entry.time).0)).unwrap_or_default();
    show_with(entity, context, (&found, by), (mine, ticks), base).await
}

/// Returns the sentence about the last save.
fn saved_by(context: &RequestContext<'_>, username: &str, time: &str) -> String {
    match context.viewer.as_ref().is_some_and(|viewer| viewer.username == username) {
        true => format!("You saved this in another tab, {time}."),
        false => format!("Saved by {username}, {time}."),
    }
}

/// As [`show`], with the changed object and the sentence about who has changed it and when.
pub async fn show_with<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (found, by): (&NamedObject<D::Content>, String),
    (mine, ticks): (&Draft, &[&'static str]),
    base: &str,
) -> PageResult {
    let fields = entity.fields();
    let theirs = Draft::of(fields, &found.loaded.content);
    // Without a readable base, every field that differs counts as changed by both.
    let (merged, conflicts) = in_place(|| {
        let base = serde_json::from_str::<D::Content>(base).ok();
        let mut known = base.as_ref().map(|base| labels(fields, base)).unwrap_or_default();
        known.extend(labels(fields, &found.loaded.content));
        let base = base.map(|base| Draft::of(fields, &base));
        merge(fields, (base.as_ref(), &theirs, mine), &known)
    });
    let remote = remote_view::view_again(entity, context).await?;
    let (typed, _) = in_place(|| merged.parse_change_all(fields, found.loaded.content.clone()));
    let errors = ValidationErrors::default();
    let shown = FormView {
        conflict: Some(ConflictView { by, fields: conflicts }),
        ticks: Some(ticks),
        remote: remote.for_content(&typed),
        status: Status::Conflict,
        ..FormView::fresh(&merged, &errors)
    };
    let mut tx = context.read().await?;
    form::show(tx.conn(), entity, context, FormMode::Change { of: found }, shown).await
}

/// Merges two edits of one object, field by field (a three-way merge). Returns what the form shows, and every field that
/// somebody changed.
///
/// Without `base`, all that differs counts as changed by both: then nothing typed is lost. `labels` are those of values.
fn merge<C>(
    fields: &[Field<C>],
    (base, theirs, mine): (Option<&Draft>, &Draft, &Draft),
    labels: &HeldLabels,
) -> (Draft, Vec<FieldConflict>) {
    let mut merged = Draft::default();
    let mut conflicts = Vec::new();
    for field in fields {
        if let Some(groups) = merge_groups(field, (base, theirs, mine), &mut conflicts) {
            merged.set(field.name, RawValue::RowGroups(groups));
            continue;
        }
        let before = base.and_then(|base| base.get(field.name)).map(normalize);
        let (their, my) = (theirs.get(field.name).map(normalize), mine.get(field.name).map(normalize));
        let they_changed = before != their;
        let i_changed = before != my;
        if they_changed
            && i_changed
            && let Some(rows) = merge_rows(field, [&before, &their, &my], base.is_some(), &mut conflicts)
        {
            merged.set(field.name, RawValue::Rows(rows));
            continue;
        }
        let both = they_changed && i_changed && their != my;
        // Only their change is taken over silently. If both changed the field, the form shows what this user typed: the
        // saved value is in the database and in the table above the form, the typed one is nowhere else.
        let kept = if they_changed && !i_changed { theirs.get(field.name) } else { mine.get(field.name) };
        if let Some(typed) = kept {
            merged.set(field.name, typed.clone());
        }
        if they_changed || i_changed {
            let words = |value: Option<RawValue>| {
                let words = in_words(value.as_ref());
                labels.get(&(field.name, words.clone())).cloned().unwrap_or(words)
            };
            let [base, theirs, mine] = [before, their, my].map(words);
            conflicts.push(FieldConflict { label: field.label.to_owned(), base, theirs, mine, both });
        }
    }
    (merged, conflicts)
}

/// Merges settings that both changed, which are compared key by key; `None` for other fields.
fn merge_rows<C>(
    field: &Field<C>,
    states: [&Option<RawValue>; 3],
    has_base: bool,
    conflicts: &mut Vec<FieldConflict>,
) -> Option<Vec<Vec<String>>> {
    let [base, theirs, mine] = states.map(|state| match state {
        Some(RawValue::Rows(rows)) => rows.as_slice(),
        _ => &[],
    });
    if !is_section(field) {
        return None;
    }
    let (merged, changes) = row_merge::merge(has_base.then_some(base), theirs, mine)?;
    conflicts.extend(changes.into_iter().map(|one| FieldConflict {
        label: format!("{}: {}", field.label, one.key),
        base: one.base,
        theirs: one.theirs,
        mine: one.mine,
        both: one.both,
    }));
    Some(merged)
}

/// Merges groups of rows, which are compared group by group; `None` for other fields.
fn merge_groups<C>(
    field: &Field<C>,
    (base, theirs, mine): (Option<&Draft>, &Draft, &Draft),
    conflicts: &mut Vec<FieldConflict>,
) -> Option<Vec<RowGroup>> {
    let Kind::RowGroups { .. } = field.kind else { return None };
    let of = |draft: &Draft| draft.row_groups(field.name).to_vec();
    let (merged, changed) = group_merge::merge(&base.map(of).unwrap_or_default(), &of(theirs), &of(mine));
    let words = |group: &Option<RowGroup>| group.as_ref().map(group_in_words).unwrap_or_default();
    for group in changed {
        let name = [&group.mine, &group.theirs, &group.base].into_iter().flatten().next();
        conflicts.push(FieldConflict {
            label: format!("{}: {}", field.label, name.map_or("", |group| group.name.as_str())),
            base: words(&group.base),
            theirs: words(&group.theirs),
            mine: words(&group.mine),
            both: group.both,
        });
    }
    Some(merged)
}

/// Removes differences that a save ignores: white space around texts, kinds of line ends, order of picks, empty rows.
fn normalize(typed: &RawValue) -> RawValue {
    let text = |text: &String| text::long(text);
    match typed {
        RawValue::Text(typed) => RawValue::Text(text(typed)),
        RawValue::Flag(on) => RawValue::Flag(*on),
        RawValue::Picks(picks) => {
            let mut picks = picks.clone();
            picks.sort();
            RawValue::Picks(picks)
        }
        RawValue::Rows(rows) => {
            let rows = rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>());
            RawValue::Rows(rows.filter(|row| row.iter().any(|text| !text.is_empty())).collect())
        }
        RawValue::RowGroups(groups) => {
            let filled = groups.iter().filter(|group| !group.is_empty());
            RawValue::RowGroups(filled.map(RowGroup::normalized).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Thing {
        a: String,
        b: String,
        c: String,
    }

    type F = Field<Thing>;

    static FIELDS: [F; 3] = [
        F::line("a", "A", 9, |t| &t.a, |t, v| t.a = v),
        F::line("b", "B", 9, |t| &t.b, |t, v| t.b = v),
        F::line("c", "C", 9, |t| &t.c, |t, v| t.c = v),
    ];

    fn draft(a: &str, b: &str, c: &str) -> Draft {
        Draft::of(&FIELDS, &Thing { a: a.into(), b: b.into(), c: c.into() })
    }

    #[test]
    fn a_field_that_only_the_other_changed_gets_the_saved_value() {
        let (merged, conflicts) = merge(
            &FIELDS,
            (Some(&draft("1", "1", "1")), &draft("2", "1", "2"), &draft("1", "3", "3")),
            &HeldLabels::new(),
        );
        assert_eq!((merged.text("a"), merged.text("b"), merged.text("c")), ("2", "3", "3"));
        let both: Vec<_> = conflicts.iter().map(|field| (field.label.as_str(), field.both)).collect();
        assert_eq!(both, [("A", false), ("B", false), ("C", true)]);
    }

    #[test]
    fn without_a_base_no_input_is_lost() {
        let (merged, conflicts) = merge(&FIELDS, (None, &draft("2", "", ""), &draft("1", "", "")), &HeldLabels::new());
        assert_eq!(merged.text("a"), "1");
        assert!(conflicts.iter().any(|field| field.label == "A" && field.both));
    }
}
