//! What a person has to mend before something can be saved: messages, each with its place in the form.

/// Where in a form a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The form as a whole.
    Form,
    /// The field of this name.
    Field(&'static str),
    /// A row of a field of rows, counted from 0 as typed.
    Row { field: &'static str, row: usize },
    /// One input of a row; the column by its name.
    Cell { field: &'static str, row: usize, column: &'static str },
}

/// One message at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub place: Place,
    pub message: String,
}

/// Everything that stands in the way of saving; never empty where it is given as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" "))]
pub struct ValidationErrors {
    pub errors: Vec<FieldError>,
}

impl ValidationErrors {
    /// One message at a field.
    pub fn at(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(Place::Field(field), message);
        errors
    }

    /// One message about the form as a whole.
    pub fn of_form(message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(Place::Form, message);
        errors
    }

    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.errors.push(FieldError { place, message: message.into() });
    }

    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// An error where there is anything to mend.
    pub fn check(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The messages of one place, in the order in which they were added.
    pub fn of(&self, place: Place) -> Vec<&str> {
        let of_place = self.errors.iter().filter(|error| error.place == place);
        of_place.map(|error| error.message.as_str()).collect()
    }
}

/// The messages that several fields and entities share, in the words of POEM 2.3.
pub mod words {
    pub const REQUIRED: &str = "This field is required.";
    pub const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";
    pub const NO_URL: &str = "Enter a valid URL.";
    pub const NO_EMAIL: &str = "Enter a valid email address.";
    pub const CONTROL: &str = "Control characters are not allowed.";

    /// Lengths in characters.
    pub fn too_long(max: usize, is: usize) -> String {
        format!("Ensure this value has at most {max} characters (it has {is}).")
    }

    /// «Probe with this Name already exists.»
    pub fn exists(what: &str, fields: &str) -> String {
        format!("{what} with this {fields} already exists.")
    }

    pub fn not_member(group: &str) -> String {
        format!("You are not member of group {group}.")
    }
}
