//! Validation errors: messages that the user has to act on before a form can be saved, each with its place.

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
