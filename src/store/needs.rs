//! What needs attention: the view `need`, which the index counts and lists are filtered by.
//!
//! Lists of metrics and profiles are cached, also if they are filtered by a need: all tables that these parts of the view
//! read have the stamp trigger. The part for API keys has one without, and their list is not cached.

use sqlx::PgConnection;

use super::Result;
use super::text::storable;
use crate::domain::model::object_kind::ObjectKind;

/// The migration since which uses of API keys are recorded. Before it, a key was perhaps used.
const USES_RECORDED_SINCE: i64 = 12;

/// A number of objects with the same need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedCount {
    /// The kind of the objects.
    pub kind: String,
    /// The need, as the filter `needs` of the list names it.
    pub need: String,
    /// The number of objects, at least 1.
    pub objects: i64,
}

/// Counts the objects of each kind and need, in one query. Needs without objects are not among them.
pub async fn counts(conn: &mut PgConnection) -> Result<Vec<NeedCount>> {
    Ok(sqlx::query_as!(
        NeedCount,
        r#"SELECT kind AS "kind!", need AS "need!", count(*) AS "objects!" FROM need
           WHERE idle_since IS NULL
              OR greatest(idle_since, (SELECT applied_at FROM public.migration
                                       WHERE schema_name = current_schema() AND version = $1)) < now() - interval '90 days'
           GROUP BY kind, need"#,
        USES_RECORDED_SINCE
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the ids of the objects of a kind that have a need; `None` for every object, if no need is named.
pub(super) async fn objects(conn: &mut PgConnection, kind: ObjectKind, need: Option<&str>) -> Result<Option<Vec<i64>>> {
    let Some(need) = need else { return Ok(None) };
    let ids = sqlx::query_scalar!(
        r#"SELECT object_id AS "id!" FROM need
           WHERE kind = $1 AND need = $2
             AND (idle_since IS NULL
                  OR greatest(idle_since, (SELECT applied_at FROM public.migration
                                           WHERE schema_name = current_schema() AND version = $3))
                     < now() - interval '90 days')"#,
        kind.as_str(),
        storable(need),
        USES_RECORDED_SINCE
    );
    Ok(Some(ids.fetch_all(conn).await?))
}
