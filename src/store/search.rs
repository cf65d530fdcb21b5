//! One search over everything a tenant has.

use sqlx::PgConnection;

use super::Result;
use super::text::storable;
use super::text::word;
use crate::domain::model::object_kind::{KINDS, KindInfo, ObjectKind};

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

/// The kinds of the view `object` that are no [`ObjectKind`], and are found.
const VO: &str = "vo";
const SERVICE_FLAVOUR: &str = "serviceflavour";
/// The kinds that are found first; all others follow in the order of [`KINDS`].
const FIRST: [&str; 6] = ["metric", "probe", "profile", "service", VO, SERVICE_FLAVOUR];

/// The words of the kinds in the order of the results. What no group owns and no public page shows is for superusers.
fn order(for_superuser: bool) -> impl Iterator<Item = &'static str> {
    let is_for_all = |info: &KindInfo| info.is_public || info.owner.is_some();
    let listed = KINDS.iter().filter(move |info| for_superuser || is_for_all(info)).map(|info| info.slug);
    FIRST.into_iter().chain(listed.filter(|slug| !FIRST.contains(slug)))
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
    let kinds: Vec<String> = order(for_superuser).map(str::to_owned).collect();
    let records = sqlx::query!(
        r#"SELECT kind AS "kind!", id AS "id!", label AS "label!", left(note, 120) AS "note!", total AS "total!"
           FROM (
               SELECT o.*, count(*) OVER (PARTITION BY kind) AS total,
                      row_number() OVER (PARTITION BY kind ORDER BY
                          lower(name) <> lower($1), strpos(lower(name), lower($1)) <> 1,
                          lower(label) COLLATE "C", label COLLATE "C", id COLLATE "C") AS place
               FROM object o
               WHERE kind = ANY ($2) AND $1 <> ''
                 AND (strpos(lower(name), lower($1)) > 0 OR strpos(lower(searched), lower($1)) > 0)
           ) found
           WHERE place <= $3
           ORDER BY array_position($2, kind), place"#,
        storable(text),
        &kinds,
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
        VO => Ok(FoundKind::Vo),
        SERVICE_FLAVOUR => Ok(FoundKind::ServiceFlavour),
        object => word(object).map(FoundKind::Object),
    }
}
