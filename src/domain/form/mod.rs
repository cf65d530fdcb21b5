//! The form engine: the fields of an object, the values that were submitted, and the validation errors.

pub mod bounds;
pub mod field;
pub mod submitted;
pub mod validation_error;
