//! What a form is made of: the input with its messages, and the choices that are offered.

use std::collections::HashMap;

use crate::domain::form::edit::Focus;
use crate::domain::form::field::{Choices, Field, Kind};
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The input and the state of one form.
pub struct FormInput<'a> {
    /// The values of the fields.
    pub draft: &'a Draft,
    /// The errors of the fields.
    pub errors: &'a ValidationErrors,
    /// What the user should know, though the form can be saved.
    pub warnings: &'a ValidationErrors,
    /// The labels of the values that the object has.
    pub labels: HeldLabels,
    /// True for an existing object, false for a new one.
    pub exists: bool,
    /// True if nothing can be typed.
    pub read_only: bool,
    /// The field that needs more blank rows; `None` if no button for it was pressed.
    pub more_rows: Option<&'a str>,
    /// The field whose groups were changed by a button, and where the focus goes; `None` if none was pressed.
    pub focus: Option<(&'static str, Focus)>,
}

/// One value of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedChoice {
    /// The value of the field when it is chosen.
    pub value: String,
    /// The text that users see.
    pub label: String,
}

impl OfferedChoice {
    /// Returns a choice whose label is its value.
    pub fn plain(value: impl Into<String>) -> Self {
        let value = value.into();
        Self { label: value.clone(), value }
    }
}

/// The choices of selects and pickers, by source.
pub type Sources = HashMap<Choices, Vec<OfferedChoice>>;

/// The labels of values, by field and value.
pub type HeldLabels = HashMap<(&'static str, String), String>;

/// Returns the labels of the values that differ from their labels.
pub fn labels<C>(fields: &[Field<C>], content: &C) -> HeldLabels {
    let label = |field: &Field<C>| match (field.kind, field.label_of) {
        (Kind::Choice { get, .. }, Some(label_of)) if !label_of(content).is_empty() => {
            Some(((field.name, get(content).to_owned()), label_of(content).to_owned()))
        }
        _ => None,
    };
    fields.iter().filter_map(label).collect()
}

/// Indexes the messages by place: a search for every cell would be too slow in a form of thousands of rows.
pub fn by_place(errors: &ValidationErrors) -> HashMap<Place, Vec<String>> {
    let mut by_place: HashMap<Place, Vec<String>> = HashMap::new();
    for error in &errors.errors {
        by_place.entry(error.place).or_default().push(error.message.clone());
    }
    by_place
}
