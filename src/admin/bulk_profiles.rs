//! Changes and deletions of many profiles.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::BulkStore;
use crate::domain::model::policy::Viewer;
use crate::domain::model::profile::ProfileContent;
use crate::registry::bulk::{Each, PlannedChange, Wanted};
use crate::registry::{Saved, Transaction, profiles as registry};
use crate::store::{Loaded, Result, profiles as store};

/// The operations on many profiles.
pub struct BulkProfiles;

#[async_trait]
impl BulkStore<ProfileContent> for BulkProfiles {
    fn fields(&self) -> &'static [&'static str] {
        &["group", "vo", "tuples"]
    }

    fn consequence_of_removal(&self) -> &'static str {
        "Metric names and service flavours stay. So do metric profiles on the ARGO WEB-API."
    }

    async fn contents(&self, conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Loaded<ProfileContent>>> {
        store::contents(conn, ids).await
    }

    async fn preview(
        &self,
        conn: &mut PgConnection,
        viewer: &Viewer,
        wanted: &[Wanted<'_, ProfileContent>],
    ) -> Result<Each<PlannedChange>> {
        registry::preview(conn, viewer, wanted).await
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        wanted: &[Wanted<'_, ProfileContent>],
    ) -> Result<Each<Saved>> {
        registry::change_all(tx, viewer, wanted).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, ids: &[i64]) -> Result<Each<Saved>> {
        registry::remove_all(tx, viewer, ids).await
    }
}
