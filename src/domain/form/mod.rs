//! The form engine: what fields an object has, what somebody typed into them, and what is wrong with it.

pub mod field;
pub mod submitted;
pub mod validation_error;
