//! An object that is added again after its deletion.

/// The part of an addition that differs for an object that was deleted.
pub(super) struct Again {
    /// The id that it had, so that its versions and log entries are its own again; `None` if that is taken.
    pub id: Option<i64>,
    /// The sentence for its version and its log entry: `Restored after its deletion by ada.`
    pub message: String,
}
