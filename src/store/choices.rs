//! The values that a field can be chosen from: suggestions while typing, and whole lists for selects and pickers.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::Result;
use super::text::{pattern, storable};
use crate::domain::form::field::Choices;
use crate::domain::model::group_kind::GroupKind;

/// One value that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The value of the field when it is chosen.
    pub value: String,
    /// A description, at most 120 characters; '' if there is none.
    pub note: String,
}

/// Returns the values that begin with the typed text, then those that contain it, case-insensitively; at most `limit`.
///
/// `scope` is the name of a group. Metric names are those of this group (`None`: all). The objects that a group may
/// hold are those without a group and those of this one (`None`: only those without a group).
pub async fn suggest(
    conn: &mut PgConnection,
    choices: Choices,
    typed: &str,
    scope: Option<&str>,
    limit: i64,
) -> Result<Vec<Suggestion>> {
    let found = find(conn, &[choices], scope, &pattern(typed), Some(limit.max(0))).await?;
    Ok(found.into_iter().map(|(_, suggestion)| suggestion).collect())
}

/// Returns all values of each source, with one query; `scope` as in [`suggest`].
pub async fn whole(
    conn: &mut PgConnection,
    choices: &[Choices],
    scope: Option<&str>,
) -> Result<HashMap<Choices, Vec<String>>> {
    let mut whole: HashMap<Choices, Vec<String>> = choices.iter().map(|choices| (*choices, Vec::new())).collect();
    for (choices, suggestion) in find(conn, choices, scope, "", None).await? {
        whole.entry(choices).or_default().push(suggestion.value);
    }
    Ok(whole)
}

/// Returns the name of the tag (`kind` is `None`) or of the group of this kind with this id; `None` if there is none.
///
/// Addresses of POEM 2.3 have ids in place of names.
pub async fn name_of_id(conn: &mut PgConnection, kind: Option<GroupKind>, id: i64) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT name AS "name!" FROM tag WHERE $1::text IS NULL AND id = $2
           UNION ALL SELECT name FROM object_group WHERE kind = $1 AND id = $2"#,
        kind.map(GroupKind::as_str),
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Finds the choices of several sources with one statement.
///
/// PostgreSQL executes only the parts of the union whose words are in `$1`. Versions of a probe are sorted newest
/// first, and versions with the same label are one choice.
async fn find(
    conn: &mut PgConnection,
    choices: &[Choices],
    scope: Option<&str>,
    typed: &str,
    limit: Option<i64>,
) -> Result<Vec<(Choices, Suggestion)>> {
    let sources: Vec<(&str, &str)> = choices.iter().map(|choices| source(*choices)).collect();
    let records = sqlx::query!(
        r#"SELECT word AS "word!", kind AS "kind!", value AS "value!", left(note, 120) AS "note!"
           FROM (
               SELECT 'tags' AS word, '' AS kind, name AS value, '' AS note, name AS title, 0 AS age FROM tag
                   WHERE 'tags' = ANY ($1)
               UNION ALL SELECT 'metric types', '', name, '', name, 0 FROM metric_type WHERE 'metric types' = ANY ($1)
               UNION ALL SELECT 'VOs', '', name, '', name, 0 FROM vo WHERE 'VOs' = ANY ($1)
               UNION ALL SELECT 'flavours', '', name, coalesce(description, ''), name, 0 FROM service_flavour
                   WHERE 'flavours' = ANY ($1)
               UNION ALL SELECT 'metric names', '', n.name, '', n.name, 0 FROM metric_name n
                   LEFT JOIN object_group g ON g.kind = n.group_kind AND g.id = n.group_id
                   WHERE 'metric names' = ANY ($1) AND ($3::text IS NULL OR g.name = $3)
               UNION ALL SELECT 'metrics', '', n.name, '', n.name, 0 FROM metric_name n
                   WHERE 'metrics' = ANY ($1) AND EXISTS (SELECT FROM metric m WHERE m.metric_name_id = n.id)
               UNION ALL SELECT 'probe versions', '', label, (array_agg(description ORDER BY id DESC))[1], min(name), -max(id)
                   FROM (SELECT v.id, p.name, v.content ->> 'description' AS description,
                                format('%s (%s)', v.content ->> 'name', v.content ->> 'version') AS label
                         FROM version v JOIN probe p ON p.id = v.object_id
                         WHERE v.kind = 'probe' AND 'probe versions' = ANY ($1) OFFSET 0) labelled
                   GROUP BY label
               UNION ALL SELECT 'groups', kind, name, '', name, 0 FROM object_group WHERE 'groups' = ANY ($1)
               UNION ALL SELECT 'users', '', username, trim(first_name || ' ' || last_name), username, 0 FROM app_user
                   WHERE 'users' = ANY ($1)
               UNION ALL SELECT 'groupable', o.group_kind, o.label, o.note, o.label, 0 FROM object o
                   LEFT JOIN object_group g ON g.kind = o.group_kind AND g.id = o.group_id
                   WHERE 'groupable' = ANY ($1) AND o.group_kind = ANY ($2) AND (o.group_id IS NULL OR g.name = $3)
           ) choice
           WHERE (word, kind) IN (SELECT * FROM unnest($1::text[], $2::text[]))
             AND ($4 = '' OR value ~ $4)
           ORDER BY value !~ ('^' || $4), lower(title COLLATE "C"), title COLLATE "C", age,
                    value COLLATE "C"
           LIMIT $5"#,
        &sources.iter().map(|(word, _)| (*word).to_owned()).collect::<Vec<_>>(),
        &sources.iter().map(|(_, kind)| (*kind).to_owned()).collect::<Vec<_>>(),
        scope.map(storable),
        typed,
        limit
    )
    .fetch_all(conn)
    .await?;
    let found = records.into_iter().filter_map(|record| {
        let at = sources.iter().position(|source| *source == (record.word.as_str(), record.kind.as_str()))?;
        Some((choices[at], Suggestion { value: record.value, note: record.note }))
    });
    Ok(found.collect())
}

/// Returns the word for a source in [`find`], and the kind of group, '' if it does not matter.
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
        // These are not in the database, so nothing asks for them.
        Choices::Operations | Choices::EndpointGroups | Choices::MetricProfiles | Choices::ProfileServices => {
            ("none", no_kind)
        }
    }
}
