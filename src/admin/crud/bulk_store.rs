//! Entities whose objects can be changed and deleted many at once: what the generic pages ask of them.

use rocket::async_trait;
use sqlx::PgConnection;

use crate::domain::model::policy::Viewer;
use crate::registry::Saved;
use crate::registry::Transaction;
use crate::registry::bulk::{Each, PlannedChange, Wanted};
use crate::store::{Loaded, Result};

/// The operations on many objects of an entity.
#[async_trait]
pub trait BulkStore<C: Sync>: Send + Sync {
    /// Returns the names of the fields that can be changed. Of a field of rows, one key and its value can be.
    fn fields(&self) -> &'static [&'static str];

    /// Returns a sentence about what the deletion of an object leaves as it is.
    fn consequence_of_removal(&self) -> &'static str;

    /// Loads objects, by id. Unknown ids are left out.
    async fn contents(&self, conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Loaded<C>>>;

    /// Returns what [`BulkStore::change`] would do.
    async fn preview(
        &self,
        conn: &mut PgConnection,
        viewer: &Viewer,
        wanted: &[Wanted<'_, C>],
    ) -> Result<Each<PlannedChange>>;

    /// Saves the changes of objects. What is refused is left out.
    async fn change(&self, tx: &mut Transaction, viewer: &Viewer, wanted: &[Wanted<'_, C>]) -> Result<Each<Saved>>;

    /// Deletes objects. What is refused is left out.
    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, ids: &[i64]) -> Result<Each<Saved>>;
}
