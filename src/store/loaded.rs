//! An object as a form shows it.

/// An object with the revision that a save of it must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<C> {
    pub id: i64,
    pub revision: i64,
    pub content: C,
}
