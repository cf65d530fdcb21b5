//! An object of an entity, as pages have loaded it.

use crate::store::Loaded;

/// An object with its name.
pub struct NamedObject<C> {
    /// The object: id, revision and content.
    pub loaded: Loaded<C>,
    /// The name by which pages call the object.
    pub name: String,
}
