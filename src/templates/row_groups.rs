//! A field of groups of rows: cards with a name, an operation and a table each. Part of the form.

use serde::Serialize;

/// The part of a group or row that gets the focus when the page is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FocusView {
    /// The focus is elsewhere.
    #[default]
    None,
    /// The input with the name.
    Name,
    /// The button that moves it up.
    Up,
    /// The button that moves it down.
    Down,
}

/// A name with an operation: a row, or the head of a group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OperandView {
    /// The name.
    pub text: String,
    /// The operation.
    pub operation: String,
    /// The label of an operation that is none of the choices; empty for the others.
    pub other_operation: String,
    /// The origin, for the hidden input; empty for a new one.
    pub origin: String,
    /// The errors of the name, and those of the whole row or group.
    pub errors: Vec<String>,
    /// The errors of the operation.
    pub operation_errors: Vec<String>,
    /// What the user should know, though it can be saved.
    pub warnings: Vec<String>,
    /// The part that gets the focus.
    pub focus: FocusView,
}

/// One group of rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupView {
    /// The name and the operation between its rows.
    pub head: OperandView,
    /// The rows, in order.
    pub rows: Vec<OperandView>,
}

/// A field of groups of rows. Inputs are `FIELD-0-name`, `FIELD-0-ROWS-3-operation`; ids have `id_` before that.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowGroupsView {
    /// The word for one group: `service flavour group`.
    pub one: &'static str,
    /// The middle part of the names of the rows' inputs.
    pub part: &'static str,
    /// The label of the name of a row: `Service flavour`.
    pub row_label: &'static str,
    /// The maximum length of the name of a group, in characters.
    pub name_max: usize,
    /// The maximum length of the name of a row.
    pub row_max: usize,
    /// The groups, in order.
    pub groups: Vec<GroupView>,
    /// The operations to choose from.
    pub operations: &'static [&'static str],
    /// The field with the operation between the groups, and its value; the value may be empty.
    pub joined_by: &'static str,
    /// See [`RowGroupsView::joined_by`].
    pub joined: String,
    /// The field on which the names for rows depend; without its value, no group can be added.
    pub offered_by: &'static str,
    /// The label of the value of that field; empty if nothing is chosen.
    pub source: String,
    /// The names for rows, in order.
    pub offered: Vec<String>,
    /// True if the names for rows are known.
    pub is_offered: bool,
    /// The names that no row has.
    pub unused: Vec<String>,
    /// The address of the suggestions for rows, which gets the value of the field as a parameter of the same name.
    pub suggestions: String,
    /// The warnings of the whole field.
    pub warnings: Vec<String>,
    /// True if the field itself gets the focus.
    pub focus: bool,
}
