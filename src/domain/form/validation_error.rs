//! Validation errors: messages that the user has to act on before a form can be saved, each with its place.

use std::collections::HashSet;

/// The place in a form to which a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The form as a whole.
    Form,
    /// The field with this name.
    Field(&'static str),
    /// One row of a field of rows.
    Row {
        /// The name of the field.
        field: &'static str,
        /// The index of the row in the submitted form, from 0. Empty rows do not count.
        row: usize,
    },
    /// One input of a row.
    Cell {
        /// The name of the field.
        field: &'static str,
        /// The index of the row in the submitted form, from 0. Empty rows do not count.
        row: usize,
        /// The name of the column.
        column: &'static str,
    },
    /// A group of a field of groups of rows, or a part of it.
    InGroup {
        /// The name of the field.
        field: &'static str,
        /// The index of the group in the submitted form, from 0. Empty groups do not count.
        group: usize,
        /// The index of the row in the group, likewise; `None` for the group itself.
        row: Option<usize>,
        /// The name of the input of the group or row; `None` for all of it.
        column: Option<&'static str>,
    },
}

/// One message at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The part of the form that is wrong.
    pub place: Place,
    /// A sentence for the user.
    pub message: String,
}

/// All validation errors of a form. Never empty in the `Err` of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" "))]
pub struct ValidationErrors {
    /// The errors, in the order in which they were found.
    pub errors: Vec<FieldError>,
}

impl ValidationErrors {
    /// Returns one message at a field.
    pub fn at(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(Place::Field(field), message);
        errors
    }

    /// Returns one message about the form as a whole.
    pub fn of_form(message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(Place::Form, message);
        errors
    }

    /// Adds a message.
    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.errors.push(FieldError { place, message: message.into() });
    }

    /// Adds messages at one place.
    pub fn extend(&mut self, place: Place, messages: impl IntoIterator<Item = String>) {
        self.errors.extend(messages.into_iter().map(|message| FieldError { place, message }));
    }

    /// Adds the errors of a later check, except at places that are wrong already: their values mean nothing to it.
    pub fn add_later(&mut self, later: Self) {
        let wrong: HashSet<Place> = self.errors.iter().map(|error| error.place).collect();
        self.errors.extend(later.errors.into_iter().filter(|error| !wrong.contains(&error.place)));
    }

    /// Sorts the errors by the order of the page: those of the form, then by field, row and column. `position` returns the
    /// position of a field, and of a column of that field (if there is one).
    pub fn sort(&mut self, position: impl Fn(&str, Option<&str>) -> (usize, usize)) {
        self.errors.sort_by_key(|error| match error.place {
            Place::Form => (0, 0, 0, 0, 0),
            Place::Field(field) => (1, position(field, None).0, 0, 0, 0),
            Place::Row { field, row } => (1, position(field, None).0, row + 1, 0, 0),
            Place::Cell { field, row, column } => {
                let (field, column) = position(field, Some(column));
                (1, field, row + 1, column + 1, 0)
            }
            Place::InGroup { field, group, row, column } => {
                let (field, place) = position(field, column);
                (1, field, group + 1, row.map_or(0, |row| row + 1), column.map_or(0, |_| place + 1))
            }
        });
    }

    /// Returns true if there are no errors.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Turns the collected errors into a result: `Ok` if there are none.
    pub fn check(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Returns the messages of one place, in the order in which they were added.
    pub fn of(&self, place: Place) -> Vec<&str> {
        let of_place = self.errors.iter().filter(|error| error.place == place);
        of_place.map(|error| error.message.as_str()).collect()
    }
}

/// Messages that several fields and entities share, in the words of POEM 2.3.
pub mod words {
    use crate::domain::form::text::RefusedCharacter;

    /// A required field is empty.
    pub const REQUIRED: &str = "This field is required.";
    /// The value is not in the list of choices.
    pub const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";
    /// The text is not a URL.
    pub const NO_URL: &str = "Enter a valid URL.";
    /// The text is not an e-mail address.
    pub const NO_EMAIL: &str = "Enter a valid email address.";

    /// Returns the message for a text with a control character.
    pub fn control(found: RefusedCharacter) -> String {
        format!("Control characters are not allowed: {found}.")
    }

    /// Returns the message for a text of one line with a character that nobody can see.
    pub fn invisible(found: RefusedCharacter) -> String {
        format!("Invisible characters are not allowed: {found}.")
    }

    /// Returns the message for a text of `is` characters in a field of at most `max`.
    pub fn too_long(max: usize, is: usize) -> String {
        format!("Ensure this value has at most {max} characters (it has {is}).")
    }

    /// Returns the message for a taken name: `Probe with this Name already exists.`
    pub fn exists(what: &str, fields: &str) -> String {
        format!("{what} with this {fields} already exists.")
    }

    /// Returns the message for a group of which the user is not a member.
    pub fn not_member(group: &str) -> String {
        format!("You are not member of group {group}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sorted_by_the_page() {
        let cell = |row, column| Place::Cell { field: "rows", row, column };
        let row = |row| Place::Row { field: "rows", row };
        let sorted = [Place::Form, Place::Field("a"), Place::Field("rows"), row(1), cell(1, "x"), cell(1, "y"), row(2)];
        let mut errors = ValidationErrors::default();
        sorted.iter().rev().for_each(|place| errors.add(*place, "!"));
        errors.sort(|field, column| (usize::from(field == "rows"), usize::from(column == Some("y"))));
        assert!(errors.errors.iter().map(|error| error.place).eq(sorted));
    }

    #[test]
    fn errors_in_groups_are_sorted_by_group_row_and_column() {
        let at = |group, row, column| Place::InGroup { field: "groups", group, row, column };
        let sorted = [
            Place::Field("groups"),
            at(0, None, Some("y")),
            at(0, Some(1), None),
            at(1, None, None),
            at(1, None, Some("x")),
            at(1, None, Some("y")),
            at(1, Some(0), None),
            at(1, Some(0), Some("y")),
        ];
        let mut errors = ValidationErrors::default();
        sorted.iter().rev().for_each(|place| errors.add(*place, "!"));
        errors.sort(|_, column| (0, usize::from(column == Some("y"))));
        assert!(errors.errors.iter().map(|error| error.place).eq(sorted));
    }

    #[test]
    fn a_place_that_is_wrong_already_gets_no_later_error() {
        let mut errors = ValidationErrors::at("vo", words::REQUIRED);
        let mut later = ValidationErrors::at("vo", "Unable to find virtual organization .");
        later.add(Place::Field("tag"), words::NO_CHOICE);
        errors.add_later(later);
        assert_eq!((errors.of(Place::Field("vo")), errors.errors.len()), (vec![words::REQUIRED], 2));
    }
}
