//! Changes and deletions of many metrics.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::BulkStore;
use crate::domain::model::metric::MetricContent;
use crate::domain::model::policy::Viewer;
use crate::registry::bulk::{Each, PlannedChange, Wanted};
use crate::registry::{Saved, Transaction, metrics as registry};
use crate::store::{Loaded, Result, metrics as store};

/// The operations on many metrics.
pub struct BulkMetrics;

#[async_trait]
impl BulkStore<MetricContent> for BulkMetrics {
    fn fields(&self) -> &'static [&'static str] {
        &[
            "group",
            "tag",
            "probeversion",
            "config",
            "attribute",
            "dependency",
            "parameter",
            "flags",
            "file_attribute",
            "file_parameter",
        ]
    }

    fn consequence_of_removal(&self) -> &'static str {
        "Profiles keep the names of deleted metrics, without a configuration. Metrics that depend on them keep their names, too."
    }

    async fn contents(&self, conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<Loaded<MetricContent>>> {
        store::contents(conn, ids).await
    }

    async fn preview(
        &self,
        conn: &mut PgConnection,
        viewer: &Viewer,
        wanted: &[Wanted<'_, MetricContent>],
    ) -> Result<Each<PlannedChange>> {
        registry::preview(conn, viewer, wanted).await
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        wanted: &[Wanted<'_, MetricContent>],
    ) -> Result<Each<Saved>> {
        registry::change_all(tx, viewer, wanted).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, ids: &[i64]) -> Result<Each<Saved>> {
        registry::remove_all(tx, viewer, ids).await
    }
}
