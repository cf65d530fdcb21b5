//! One search over everything a tenant has.

use sqlx::PgConnection;

use super::Result;
use super::text::storable;
use super::text::word;
use crate::domain::model::log_entry::ObjectKind;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    Object(ObjectKind),
    Vo,
    ServiceFlavour,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchResult {
    pub kind: FoundKind,
    /// A number, or a text where services, VOs and flavours have one.
    pub id: String,
    /// Metrics as «NAME (TAG)», profiles as «NAME (VERSION)».
    pub name: String,
    /// Says more about it, at most 120 characters; '' where there is nothing to say.
    pub note: String,
    /// How many of this kind were found.
    pub total: i64,
}

/// What has the text in its name, its description or what else it goes by (a service's type and area, a user's name and
/// address, a profile's VO), in any case. At most `limit` of each kind, kind after kind: first those of
/// just this name, then those that begin with it, then by name. Users, groups and API keys only `for_superuser`. An empty
/// text finds nothing.
pub async fn everything(
    conn: &mut PgConnection,
    text: &str,
    for_superuser: bool,
    limit: i64,
) -> Result<Vec<SearchResult>> {
    let records = sqlx::query!(
        r#"SELECT kind AS "kind!", id AS "id!", label AS "label!", left(note, 120) AS "note!", total AS "total!"
           FROM (
               SELECT found.*, count(*) OVER (PARTITION BY rank) AS total,
                      row_number() OVER (PARTITION BY rank ORDER BY
                          lower(name) <> lower($1), strpos(lower(name), lower($1)) <> 1,
                          lower(label) COLLATE "C", label COLLATE "C", id COLLATE "C") AS place
               FROM (
                   SELECT 1 AS rank, 'metric' AS kind, m.id::text, n.name, format('%s (%s)', n.name, t.name) AS label,
                          '' AS note, '' AS also
                   FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
                   UNION ALL SELECT 2, 'probe', id::text, name, name, description, description FROM probe
                   UNION ALL SELECT 3, 'profile', id::text, name, format('%s (%s)', name, version), vo,
                       concat_ws(' ', vo, description) FROM profile
                   UNION ALL SELECT 4, 'service', id, service_name, service_name, service_type,
                       service_type || ' ' || service_area FROM service
                   UNION ALL SELECT 5, 'vo', name, name, name, '', '' FROM vo
                   UNION ALL SELECT 6, 'flavour', name, name, name, coalesce(description, ''), coalesce(description, '')
                       FROM service_flavour
                   UNION ALL SELECT 7, 'aggregation', id::text, name, name, '', '' FROM aggregation
                   UNION ALL SELECT CASE kind WHEN 'profiles' THEN 8 WHEN 'probes' THEN 9 WHEN 'metrics' THEN 10 ELSE 11 END,
                       'groupof' || kind, id::text, name, name, '', '' FROM object_group WHERE $2
                   UNION ALL SELECT 12, 'custuser', id::text, username, username, trim(first_name || ' ' || last_name),
                       first_name || ' ' || last_name || ' ' || email FROM app_user WHERE $2
                   UNION ALL SELECT 13, 'apikey', id::text, client, client, '', '' FROM api_key WHERE $2
               ) found
               WHERE $1 <> '' AND (strpos(lower(name), lower($1)) > 0 OR strpos(lower(also), lower($1)) > 0)
           ) found
           WHERE place <= $3
           ORDER BY rank, place"#,
        storable(text),
        for_superuser,
        limit
    )
    .fetch_all(conn)
    .await?;
    let found = records.into_iter().map(|record| {
        let (id, name, note, total) = (record.id, record.label, record.note, record.total);
        Ok(SearchResult { kind: kind(&record.kind)?, id, name, note, total })
    });
    found.collect()
}

fn kind(text: &str) -> Result<FoundKind> {
    match text {
        "vo" => Ok(FoundKind::Vo),
        "flavour" => Ok(FoundKind::ServiceFlavour),
        object => word(object).map(FoundKind::Object),
    }
}
