//! The names of the hidden fields and buttons that every form has in addition to its entity's fields.

/// The revision of the object that the form was opened with.
pub const REVISION: &str = "_revision";
/// The content that the form was opened with, as JSON, for the view of a conflict.
pub const BASE: &str = "_base";
/// The checkbox that confirms new names; its value is the list of the names as JSON.
pub const NEW_NAMES: &str = "_new_names";
/// The button that fills the form from the text of a file, without saving.
pub const IMPORT: &str = "_import";
/// The text of the file.
pub const IMPORT_TEXT: &str = "_import_text";
/// The button that creates an object again on another server, which no longer has it.
pub const ANEW: &str = "_anew";
/// The button that adds rows without saving; its value is the name of the field.
pub const MORE: &str = "_more";
/// The buttons that change groups of rows without saving; their values are commands of `domain::form::edit`.
pub const EDIT: &str = "_edit";
