//! The widget of a field of groups of rows.

use std::collections::{HashMap, HashSet};

use super::autocomplete::PROFILE_SERVICES;
use super::form_input::{FormInput, Sources, by_place};
use crate::domain::form::edit::{Focus, FocusTarget};
use crate::domain::form::field::GroupLayout;
use crate::domain::form::row_group::{GroupedRow, RowGroup};
use crate::domain::form::row_groups::{NAME, OPERATION};
use crate::domain::form::text;
use crate::domain::form::validation_error::Place;
use crate::templates::row_groups::{FocusView, GroupView, OperandView, RowGroupsView};
use crate::templates::urls::SUGGEST;

/// The messages of a form, by place.
type Messages = HashMap<Place, Vec<String>>;

/// Returns the groups of a field, with everything that is shown next to them. `source` is the label of the value on which
/// the names for rows depend.
pub(super) fn view(
    (field, layout): (&'static str, &'static GroupLayout),
    form: &FormInput<'_>,
    sources: &Sources,
    source: String,
) -> RowGroupsView {
    let groups = form.draft.row_groups(field);
    let offered = layout.row_name.suggestions.and_then(|source| sources.get(&source));
    let names: Vec<String> = offered.into_iter().flatten().map(|choice| choice.value.clone()).collect();
    let used: HashSet<&str> = groups.iter().flat_map(|group| &group.rows).map(|row| text::trim(&row.name)).collect();
    let unused = names.iter().filter(|name| !used.contains(name.as_str())).cloned().collect();
    let messages = Both { errors: by_place(form.errors), warnings: by_place(form.warnings) };
    let focus = form.focus.filter(|(name, _)| *name == field).map(|(_, focus)| focus);
    let operations = layout.operation.suggestions.and_then(|source| source.fixed()).unwrap_or_default();
    let shown = Shown { field, operations, messages: &messages, focus };
    RowGroupsView {
        one: layout.one,
        part: layout.rows,
        row_label: layout.row_name.label,
        name_max: layout.name.max,
        row_max: layout.row_name.max,
        groups: groups.iter().enumerate().map(|group| shown.group(group)).collect(),
        operations,
        joined_by: layout.joined_by,
        joined: form.draft.text(layout.joined_by).to_owned(),
        offered_by: layout.offered_by,
        source,
        is_offered: offered.is_some(),
        offered: names,
        unused,
        suggestions: format!("{SUGGEST}{PROFILE_SERVICES}/"),
        warnings: messages.warnings.get(&Place::Field(field)).cloned().unwrap_or_default(),
        focus: focus == Some(Focus::Field),
    }
}

struct Both {
    errors: Messages,
    warnings: Messages,
}

/// The parts that all groups of a field need.
struct Shown<'a> {
    field: &'static str,
    operations: &'static [&'static str],
    messages: &'a Both,
    focus: Option<Focus>,
}

impl Shown<'_> {
    fn group(&self, (number, group): (usize, &RowGroup)) -> GroupView {
        let focus = match self.focus {
            Some(Focus::Group { group, target }) if group == number => of_target(target),
            _ => FocusView::None,
        };
        let texts = (group.name.as_str(), group.operation.as_str(), group.origin.as_str());
        let row = |(place, row): (usize, &GroupedRow)| {
            let focus = match self.focus {
                Some(Focus::Row { group, row, target }) if group == number && row == place => of_target(target),
                _ => FocusView::None,
            };
            self.operand((&row.name, &row.operation, &row.origin), (number, Some(place)), focus)
        };
        GroupView {
            head: self.operand(texts, (number, None), focus),
            rows: group.rows.iter().enumerate().map(row).collect(),
        }
    }

    fn operand(
        &self,
        (name, operation, origin): (&str, &str, &str),
        (group, row): (usize, Option<usize>),
        focus: FocusView,
    ) -> OperandView {
        let of = |messages: &Messages, column| {
            let place = Place::InGroup { field: self.field, group, row, column };
            messages.get(&place).cloned().unwrap_or_default()
        };
        let of_name = |messages: &Messages| [of(messages, None), of(messages, Some(NAME))].concat();
        let other_operation = match operation {
            "" => "Choose".to_owned(),
            other if !self.operations.contains(&other) => format!("{other} (not a choice here)"),
            _ => String::new(),
        };
        OperandView {
            text: name.to_owned(),
            operation: operation.to_owned(),
            other_operation,
            origin: origin.to_owned(),
            errors: of_name(&self.messages.errors),
            operation_errors: of(&self.messages.errors, Some(OPERATION)),
            warnings: of_name(&self.messages.warnings),
            focus,
        }
    }
}

fn of_target(target: FocusTarget) -> FocusView {
    match target {
        FocusTarget::Name => FocusView::Name,
        FocusTarget::Up => FocusView::Up,
        FocusTarget::Down => FocusView::Down,
    }
}
