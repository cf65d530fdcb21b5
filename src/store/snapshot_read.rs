//! Reading all data of a tenant, with one statement per table, regardless of the number of rows.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgConnection;
use sqlx::types::Json;

use super::Result;
use super::text::word;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::group_kind::GroupRef;
use crate::domain::model::metric::Settings;
use crate::domain::model::profile::Tuple;
use crate::domain::model::snapshot::*;
use crate::domain::model::user::StoredUser;

/// Returns all data of the tenant except its login sessions, in the order of [`Snapshot::normalise`].
pub async fn read(conn: &mut PgConnection) -> Result<Snapshot> {
    let mut data = Snapshot {
        tags: sqlx::query_as!(Named, "SELECT id, name FROM tag").fetch_all(&mut *conn).await?,
        metric_types: sqlx::query_as!(Named, "SELECT id, name FROM metric_type").fetch_all(&mut *conn).await?,
        groups: groups(conn).await?,
        users: users(conn).await?,
        api_keys: sqlx::query_as!(ApiKey, "SELECT id, client, token_hash, token_sealed, created, revoked FROM api_key")
            .fetch_all(&mut *conn)
            .await?,
        vos: sqlx::query_scalar!("SELECT name FROM vo").fetch_all(&mut *conn).await?,
        flavours: sqlx::query_as!(Flavour, "SELECT name, description FROM service_flavour")
            .fetch_all(&mut *conn)
            .await?,
        services: super::services::all(conn).await?,
        probes: probes(conn).await?,
        metric_names: sqlx::query_as!(MetricName, r#"SELECT id, name, group_id AS "group" FROM metric_name"#)
            .fetch_all(&mut *conn)
            .await?,
        metrics: metrics(conn).await?,
        profiles: profiles(conn).await?,
        aggregations: aggregations(conn).await?,
        versions: versions(conn).await?,
        log_entries: log_entries(conn).await?,
    };
    data.normalise();
    Ok(data)
}

async fn aggregations(conn: &mut PgConnection) -> Result<Vec<Aggregation>> {
    let rows = sqlx::query!(
        r#"SELECT id, name, apiid, group_id, definition AS "definition: Json<AggregationDefinition>", definition_read,
                  missing_since
           FROM aggregation"#
    );
    let found = rows.fetch_all(conn).await?.into_iter().map(|row| Aggregation {
        id: row.id,
        name: row.name,
        apiid: row.apiid,
        group: row.group_id,
        definition: row.definition.map(|Json(definition)| definition),
        definition_read: row.definition_read,
        missing_since: row.missing_since,
    });
    Ok(found.collect())
}

async fn groups(conn: &mut PgConnection) -> Result<Vec<Group>> {
    let rows = sqlx::query!("SELECT kind, id, name FROM object_group").fetch_all(conn).await?;
    rows.into_iter().map(|row| Ok(Group { kind: word(&row.kind)?, id: row.id, name: row.name })).collect()
}

async fn users(conn: &mut PgConnection) -> Result<Vec<StoredUser>> {
    let mut memberships: HashMap<i64, BTreeSet<GroupRef>> = HashMap::new();
    for row in sqlx::query!("SELECT kind, group_id, user_id FROM group_member").fetch_all(&mut *conn).await? {
        let group = GroupRef { kind: word(&row.kind)?, id: row.group_id };
        memberships.entry(row.user_id).or_default().insert(group);
    }
    let rows = sqlx::query!(
        "SELECT id, username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined,
                last_login, distinguished_name, egi_id, display_name FROM app_user"
    )
    .fetch_all(conn)
    .await?;
    let user = rows.into_iter().map(|row| StoredUser {
        groups: memberships.remove(&row.id).unwrap_or_default(),
        id: row.id,
        username: row.username,
        password: row.password,
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        is_superuser: row.is_superuser,
        is_staff: row.is_staff,
        is_active: row.is_active,
        date_joined: row.date_joined,
        last_login: row.last_login,
        distinguished_name: row.distinguished_name,
        egi_id: row.egi_id,
        display_name: row.display_name,
    });
    Ok(user.collect())
}

async fn probes(conn: &mut PgConnection) -> Result<Vec<Probe>> {
    Ok(sqlx::query_as!(
        Probe,
        r#"SELECT id, name, version, repository, docurl, description, comment, changed_by, changed_at, group_id AS "group"
           FROM probe"#
    )
    .fetch_all(conn)
    .await?)
}

async fn metrics(conn: &mut PgConnection) -> Result<Vec<Metric>> {
    let mut settings: HashMap<i64, Settings> = HashMap::new();
    for (metric, section, setting) in super::metrics::settings(conn, None).await? {
        settings.entry(metric).or_default().push(section, setting.0, setting.1);
    }
    let rows = sqlx::query!(
        "SELECT m.id, n.name, t.name AS tag, y.name AS metric_type, m.probe_version_id, m.group_id, m.executable, m.parent
         FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
         JOIN metric_type y ON y.id = m.metric_type_id"
    )
    .fetch_all(conn)
    .await?;
    let metric = rows.into_iter().map(|row| Metric {
        settings: settings.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        tag: row.tag,
        metric_type: row.metric_type,
        probe_version: row.probe_version_id,
        group: row.group_id,
        executable: row.executable,
        parent: row.parent,
    });
    Ok(metric.collect())
}

async fn profiles(conn: &mut PgConnection) -> Result<Vec<Profile>> {
    let mut instances: HashMap<i64, Vec<Instance>> = HashMap::new();
    let rows = sqlx::query!(
        "SELECT i.id, i.profile_id, i.service_flavour, n.name AS metric, i.fqan
         FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id"
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let tuple = Tuple { service_flavour: row.service_flavour, metric: row.metric, fqan: row.fqan };
        instances.entry(row.profile_id).or_default().push(Instance { id: row.id, tuple });
    }
    let rows = sqlx::query!("SELECT id, name, version, vo, description, group_id FROM profile").fetch_all(conn).await?;
    let profile = rows.into_iter().map(|row| Profile {
        instances: instances.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        version: row.version,
        vo: row.vo,
        description: row.description,
        group: row.group_id,
    });
    Ok(profile.collect())
}

async fn versions(conn: &mut PgConnection) -> Result<Vec<Version>> {
    let rows = sqlx::query!(
        r#"SELECT id, kind, object_id, content, message, user_id, username, created,
                  coalesce(change_reason, '') AS "change_reason!"
           FROM version"#
    )
    .fetch_all(conn)
    .await?;
    let version = rows.into_iter().map(|row| {
        let content = VersionContent::from_json(&row.kind, row.content);
        Ok(Version {
            id: row.id,
            object_id: row.object_id,
            content: content.map_err(|error| sqlx::Error::Decode(error.into()))?,
            message: row.message,
            user_id: row.user_id,
            username: row.username,
            created: row.created,
            change_reason: row.change_reason,
        })
    });
    version.collect()
}

async fn log_entries(conn: &mut PgConnection) -> Result<Vec<LogEntry>> {
    let rows = sqlx::query!(
        "SELECT id, action_time, action, object_kind, object_id, object_name, message, data, user_id, username
         FROM log_entry"
    )
    .fetch_all(conn)
    .await?;
    let entry = rows.into_iter().map(|row| {
        Ok(LogEntry {
            id: row.id,
            action_time: row.action_time,
            action: word(&row.action)?,
            object_kind: row.object_kind.as_deref().map(word).transpose()?,
            object_id: row.object_id,
            object_name: row.object_name,
            message: row.message,
            data: row.data,
            user_id: row.user_id,
            username: row.username,
        })
    });
    entry.collect()
}
