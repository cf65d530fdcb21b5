//! What a field can be chosen from: suggestions while typing, and whole lists for selects and pickers.

use sqlx::PgConnection;

use super::Result;
use super::typed::storable;
use crate::domain::field::Choices;

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What the field then holds.
    pub value: String,
    /// Says more about it, at most 120 characters; '' where there is nothing to say.
    pub note: String,
}

/// What begins with the typed text, then what has it elsewhere, in any case; at most `limit`.
///
/// `scope` is the name of a group: metric names are those of this group (`None`: all); what a group may hold are
/// objects without any group and those of this one (`None`: without any).
pub async fn suggest(
    conn: &mut PgConnection,
    choices: Choices,
    typed: &str,
    scope: Option<&str>,
    limit: i64,
) -> Result<Vec<Suggestion>> {
    find(conn, choices, scope, &storable(typed), None, Some(limit.max(0))).await
}

/// Everything that can be chosen; `scope` as in [`suggest`].
pub async fn all(conn: &mut PgConnection, choices: Choices, scope: Option<&str>) -> Result<Vec<Suggestion>> {
    find(conn, choices, scope, "", None, None).await
}

/// Those of the values that can be chosen, in their exact case; `scope` as in [`suggest`].
pub async fn known(
    conn: &mut PgConnection,
    choices: Choices,
    scope: Option<&str>,
    values: &[String],
) -> Result<Vec<String>> {
    let values: Vec<String> = values.iter().map(|value| storable(value)).collect();
    let found = find(conn, choices, scope, "", Some(&values), None).await?;
    Ok(found.into_iter().map(|suggestion| suggestion.value).collect())
}

/// One statement for all kinds of choices: PostgreSQL executes only the part whose word is asked for.
/// Versions of a probe stand newest first, and two of one label once.
async fn find(
    conn: &mut PgConnection,
    choices: Choices,
    scope: Option<&str>,
    typed: &str,
    among: Option<&[String]>,
    limit: Option<i64>,
) -> Result<Vec<Suggestion>> {
    let (word, kind) = source(choices);
    Ok(sqlx::query_as!(
        Suggestion,
        r#"SELECT value AS "value!", left(note, 120) AS "note!"
           FROM (
               SELECT name AS value, '' AS note, name AS title, 0 AS age FROM tag WHERE $1 = 'tags'
               UNION ALL SELECT name, '', name, 0 FROM metric_type WHERE $1 = 'metric types'
               UNION ALL SELECT name, '', name, 0 FROM vo WHERE $1 = 'VOs'
               UNION ALL SELECT name, coalesce(description, ''), name, 0 FROM service_flavour WHERE $1 = 'flavours'
               UNION ALL SELECT n.name, '', n.name, 0 FROM metric_name n
                   LEFT JOIN object_group g ON g.kind = n.group_kind AND g.id = n.group_id
                   WHERE $1 = 'metric names' AND ($3::text IS NULL OR g.name = $3)
               UNION ALL SELECT n.name, '', n.name, 0 FROM metric_name n
                   WHERE $1 = 'metrics' AND EXISTS (SELECT FROM metric m WHERE m.metric_name_id = n.id)
               UNION ALL SELECT label, (array_agg(description ORDER BY id DESC))[1], min(name), -max(id)
                   FROM (SELECT v.id, p.name, v.content ->> 'description' AS description,
                                format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS label
                         FROM version v JOIN probe p ON p.id = v.object_id
                         WHERE v.kind = 'probe' AND $1 = 'probe versions' OFFSET 0) labelled
                   GROUP BY label
               UNION ALL SELECT name, '', name, 0 FROM object_group WHERE $1 = 'groups' AND kind = $2
               UNION ALL SELECT username, trim(first_name || ' ' || last_name), username, 0 FROM app_user
                   WHERE $1 = 'users'
               UNION ALL SELECT o.value, o.note, o.value, 0
                   FROM (SELECT group_kind, group_id, format('%s (%s)', name, version) AS value, vo AS note FROM profile
                         UNION ALL SELECT group_kind, group_id, name, description FROM probe
                         UNION ALL SELECT group_kind, group_id, name, '' FROM metric_name
                         UNION ALL SELECT group_kind, group_id, name, '' FROM aggregation) o
                   LEFT JOIN object_group g ON g.kind = o.group_kind AND g.id = o.group_id
                   WHERE $1 = 'groupable' AND o.group_kind = $2 AND (o.group_id IS NULL OR g.name = $3)
           ) choice
           WHERE ($4 = '' OR strpos(lower(value), lower($4)) > 0)
             AND ($5::text[] IS NULL OR value = ANY ($5))
           ORDER BY strpos(lower(value), lower($4)) > 1, lower(title) COLLATE "C", title COLLATE "C", age,
                    value COLLATE "C"
           LIMIT $6"#,
        word,
        kind,
        scope.map(storable),
        typed,
        among,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// The word of [`find`] for it, and the kind of group where one matters.
fn source(choices: Choices) -> (&'static str, &'static str) {
    let no_kind = "";
    match choices {
        Choices::Tags => ("tags", no_kind),
        Choices::MetricTypes => ("metric types", no_kind),
        Choices::Vos => ("VOs", no_kind),
        Choices::ServiceFlavours => ("flavours", no_kind),
        Choices::MetricNames => ("metric names", no_kind),
        Choices::Metrics => ("metrics", no_kind),
        Choices::ProbeVersions => ("probe versions", no_kind),
        Choices::Groups(kind) => ("groups", kind.as_str()),
        Choices::Groupable(kind) => ("groupable", kind.as_str()),
        Choices::Users => ("users", no_kind),
    }
}
