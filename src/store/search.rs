//! The search over all objects of a tenant.

use sqlx::PgConnection;

use super::Result;
use super::text::{pattern, patterns, word};
use crate::domain::model::object_kind::{KINDS, KindInfo, ObjectKind};

/// The kind of a search result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// An object with a page.
    Object(ObjectKind),
    /// A virtual organisation.
    Vo,
    /// A service flavour.
    ServiceFlavour,
}

/// One search result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchResult {
    /// The kind of the result.
    pub kind: FoundKind,
    /// The id: a number, or a text for services, VOs and flavours.
    pub id: String,
    /// The name; of metrics `NAME (TAG)`, of profiles `NAME (VERSION)`.
    pub name: String,
    /// A description, at most 120 characters; '' if there is none.
    pub note: String,
    /// The number of all results of this kind, not only of those returned.
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

/// Returns the objects that contain all words of the text in any order, case-insensitively; at most `limit` of each kind,
/// sorted by kind.
///
/// Searches names, descriptions, types and areas of services, names and e-mail addresses of users, and VOs of profiles.
/// In each kind, exact matches of the name come first, then names that begin with the text, then the others by name.
/// Users, groups and API keys are found only `for_superuser`. An empty text finds nothing.
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
                          name !~ ('^' || $1 || '$'), name !~ ('^' || $1),
                          lower(label COLLATE "C"), label COLLATE "C", id COLLATE "C") AS place
               FROM object o
               WHERE kind = ANY ($2) AND $1 <> ''
                 AND concat_ws(E'\n', name, searched) ~ ALL ($4)
           ) found
           WHERE place <= $3
           ORDER BY array_position($2, kind), place"#,
        pattern(text),
        &kinds,
        limit,
        &patterns(text)
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
