//! Hidden fields and buttons that forms carry in addition to the fields of their entity.

/// The revision of the object that the form was opened with.
pub const REVISION: &str = "_revision";
/// Its content at that moment, as JSON, for the view of a conflict.
pub const BASE: &str = "_base";
/// The button that adds rows without saving; its value is the field.
pub const MORE: &str = "_more";
