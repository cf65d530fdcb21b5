//! Services: an imported list. Its page is in `lists::services`.

use sqlx::PgConnection;

use super::{Result, WriteTx};
use crate::domain::model::service::Service;

/// Returns all services.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Service>> {
    Ok(sqlx::query_as!(
        Service,
        "SELECT id, service_id, service_name, service_area, service_version, service_type, component_version,
                component_name, visible_to_marketplace, in_catalogue, external_service, internal_service
         FROM service"
    )
    .fetch_all(conn)
    .await?)
}

/// Adds services or replaces all their fields; returns the number of rows written.
///
/// The rows are JSON objects with the names of the columns: one parameter instead of twelve.
pub async fn upsert(tx: &mut WriteTx<'_>, services: &[Service]) -> Result<u64> {
    let written = sqlx::query!(
        "INSERT INTO service (id, service_id, service_name, service_area, service_version, service_type,
                              component_version, component_name, visible_to_marketplace, in_catalogue,
                              external_service, internal_service)
         SELECT id, service_id, service_name, service_area, service_version, service_type, component_version,
                component_name, visible_to_marketplace, in_catalogue, external_service, internal_service
         FROM jsonb_to_recordset($1) AS s(id text, service_id text, service_name text, service_area text,
              service_version text, service_type text, component_version text, component_name text,
              visible_to_marketplace boolean, in_catalogue boolean, external_service boolean, internal_service boolean)
         ON CONFLICT (id) DO UPDATE
         SET service_id = excluded.service_id, service_name = excluded.service_name,
             service_area = excluded.service_area, service_version = excluded.service_version,
             service_type = excluded.service_type, component_version = excluded.component_version,
             component_name = excluded.component_name, visible_to_marketplace = excluded.visible_to_marketplace,
             in_catalogue = excluded.in_catalogue, external_service = excluded.external_service,
             internal_service = excluded.internal_service",
        serde_json::to_value(services).map_err(|error| sqlx::Error::Encode(error.into()))?
    );
    Ok(written.execute(tx.conn()).await?.rows_affected())
}

/// Removes services; returns the number of removed ones.
pub async fn delete(tx: &mut WriteTx<'_>, ids: &[String]) -> Result<u64> {
    let deleted = sqlx::query!("DELETE FROM service WHERE id = ANY($1)", ids);
    Ok(deleted.execute(tx.conn()).await?.rows_affected())
}
