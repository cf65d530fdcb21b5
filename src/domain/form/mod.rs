//! The form engine: the fields of an object, the values that were submitted, and the validation errors.

pub mod bounds;
pub mod bulk_edit;
pub mod change_reason;
pub mod checks;
pub mod edit;
pub mod field;
pub mod group_merge;
mod raw_value;
pub mod row_group;
pub mod row_groups;
pub mod row_merge;
pub mod rows_edit;
pub mod submitted;
pub mod text;
mod unchanged;
pub mod validation_error;
