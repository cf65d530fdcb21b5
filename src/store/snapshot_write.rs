//! Writing all data of a tenant, with one statement per table, regardless of the number of rows.

use sqlx::types::Json;

use super::{Result, WriteTx};
use crate::domain::model::snapshot::{Named, Snapshot};

/// Adds everything in the snapshot, with its ids, and sets the sequences above them.
///
/// The tables must hold no rows that collide; tags and metric types are matched by name.
pub async fn write(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    tags_and_types(tx, &data.tags, &data.metric_types).await?;
    groups(tx, data).await?;
    users(tx, data).await?;
    members(tx, data).await?;
    api_keys(tx, data).await?;
    vos_and_flavours(tx, data).await?;
    services(tx, data).await?;
    probes(tx, data).await?;
    metric_names(tx, data).await?;
    versions(tx, data).await?;
    metrics(tx, data).await?;
    settings(tx, data).await?;
    profiles(tx, data).await?;
    instances(tx, data).await?;
    aggregations(tx, data).await?;
    log_entries(tx, data).await?;
    set_sequences(tx).await
}

/// Returns the values of one column.
fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

async fn tags_and_types(tx: &mut WriteTx<'_>, tags: &[Named], types: &[Named]) -> Result<()> {
    let names = column(tags, |tag| tag.name.clone());
    sqlx::query!("INSERT INTO tag (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING", &names)
        .execute(tx.conn())
        .await?;
    let names = column(types, |metric_type| metric_type.name.clone());
    sqlx::query!("INSERT INTO metric_type (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING", &names)
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn groups(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.groups;
    sqlx::query!(
        "INSERT INTO object_group (kind, id, name) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])",
        &column(rows, |row| row.kind.as_str().to_owned()),
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn users(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.users;
    sqlx::query!(
        "INSERT INTO app_user (id, username, password, first_name, last_name, email, is_superuser, is_staff, is_active,
                               date_joined, last_login, distinguished_name, egi_id, display_name)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                              $8::boolean[], $9::boolean[], $10::timestamptz[], $11::timestamptz[], $12::text[],
                              $13::text[], $14::text[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.username.clone()),
        &column(rows, |row| row.password.clone()),
        &column(rows, |row| row.first_name.clone()),
        &column(rows, |row| row.last_name.clone()),
        &column(rows, |row| row.email.clone()),
        &column(rows, |row| row.is_superuser),
        &column(rows, |row| row.is_staff),
        &column(rows, |row| row.is_active),
        &column(rows, |row| row.date_joined),
        &column(rows, |row| row.last_login) as _,
        &column(rows, |row| row.distinguished_name.clone()) as _,
        &column(rows, |row| row.egi_id.clone()) as _,
        &column(rows, |row| row.display_name.clone()) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn members(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows: Vec<_> =
        data.users.iter().flat_map(|user| user.groups.iter().map(move |group| (user.id, *group))).collect();
    sqlx::query!(
        "INSERT INTO group_member (kind, group_id, user_id) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])",
        &column(&rows, |(_, group)| group.kind.as_str().to_owned()),
        &column(&rows, |(_, group)| group.id),
        &column(&rows, |(user, _)| *user)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn api_keys(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.api_keys;
    sqlx::query!(
        "INSERT INTO api_key (id, client, token_hash, token_sealed, created, revoked)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::boolean[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.client.clone()),
        &column(rows, |row| row.token_hash.clone()),
        &column(rows, |row| row.token_sealed.clone()) as _,
        &column(rows, |row| row.created),
        &column(rows, |row| row.revoked)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn vos_and_flavours(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    sqlx::query!("INSERT INTO vo (name) SELECT unnest($1::text[])", &data.vos).execute(tx.conn()).await?;
    let rows = &data.flavours;
    sqlx::query!(
        "INSERT INTO service_flavour (name, description) SELECT * FROM unnest($1::text[], $2::text[])",
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.description.clone()) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn services(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.services;
    sqlx::query!(
        "INSERT INTO service (id, service_id, service_name, service_area, service_version, service_type,
                              component_version, component_name, visible_to_marketplace, in_catalogue,
                              external_service, internal_service)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                              $8::text[], $9::boolean[], $10::boolean[], $11::boolean[], $12::boolean[])",
        &column(rows, |row| row.id.clone()),
        &column(rows, |row| row.service_id.clone()),
        &column(rows, |row| row.service_name.clone()),
        &column(rows, |row| row.service_area.clone()),
        &column(rows, |row| row.service_version.clone()),
        &column(rows, |row| row.service_type.clone()),
        &column(rows, |row| row.component_version.clone()),
        &column(rows, |row| row.component_name.clone()),
        &column(rows, |row| row.visible_to_marketplace),
        &column(rows, |row| row.in_catalogue),
        &column(rows, |row| row.external_service),
        &column(rows, |row| row.internal_service)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn probes(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.probes;
    sqlx::query!(
        "INSERT INTO probe (id, name, version, repository, docurl, description, comment, changed_by, changed_at, group_id)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                              $8::text[], $9::timestamptz[], $10::bigint[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.version.clone()),
        &column(rows, |row| row.repository.clone()),
        &column(rows, |row| row.docurl.clone()),
        &column(rows, |row| row.description.clone()),
        &column(rows, |row| row.comment.clone()),
        &column(rows, |row| row.changed_by.clone()),
        &column(rows, |row| row.changed_at),
        &column(rows, |row| row.group) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn metric_names(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.metric_names;
    sqlx::query!(
        "INSERT INTO metric_name (id, name, group_id) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.group) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn versions(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.versions;
    let contents: std::result::Result<Vec<_>, _> = rows.iter().map(|row| row.content.to_json()).collect();
    sqlx::query!(
        "INSERT INTO version (id, kind, object_id, content, message, user_id, username, created, change_reason)
         SELECT id, kind, object_id, content, message, user_id, username, created, nullif(change_reason, '')
         FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::jsonb[], $5::text[], $6::bigint[], $7::text[],
                     $8::timestamptz[], $9::text[])
             AS v (id, kind, object_id, content, message, user_id, username, created, change_reason)",
        &column(rows, |row| row.id),
        &column(rows, |row| row.content.kind().as_str().to_owned()),
        &column(rows, |row| row.object_id),
        &contents.map_err(|error| sqlx::Error::Encode(error.into()))?,
        &column(rows, |row| row.message.clone()),
        &column(rows, |row| row.user_id) as _,
        &column(rows, |row| row.username.clone()),
        &column(rows, |row| row.created),
        &column(rows, |row| row.change_reason.clone())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn metrics(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.metrics;
    sqlx::query!(
        "INSERT INTO metric (id, metric_name_id, tag_id, metric_type_id, probe_version_id, executable, parent, group_id)
         SELECT r.id, n.id, t.id, y.id, r.probe_version_id, r.executable, r.parent, r.group_id
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::bigint[])
              AS r (id, name, tag, metric_type, probe_version_id, executable, parent, group_id)
         JOIN metric_name n ON n.name = r.name JOIN tag t ON t.name = r.tag JOIN metric_type y ON y.name = r.metric_type",
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.tag.clone()),
        &column(rows, |row| row.metric_type.clone()),
        &column(rows, |row| row.probe_version) as _,
        &column(rows, |row| row.executable.clone()),
        &column(rows, |row| row.parent.clone()),
        &column(rows, |row| row.group) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn settings(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows: Vec<_> =
        data.metrics.iter().flat_map(|metric| metric.settings.rows().map(|row| (metric.id, row))).collect();
    sqlx::query!(
        "INSERT INTO metric_setting (metric_id, section, position, key, value)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::text[])",
        &column(&rows, |(metric, _)| *metric),
        &column(&rows, |(_, row)| row.0.as_str().to_owned()),
        &column(&rows, |(_, row)| row.1),
        &column(&rows, |(_, row)| row.2.key().to_owned()),
        &column(&rows, |(_, row)| row.2.value().to_owned())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn profiles(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.profiles;
    sqlx::query!(
        "INSERT INTO profile (id, name, version, vo, description, group_id)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.version.clone()),
        &column(rows, |row| row.vo.clone()),
        &column(rows, |row| row.description.clone()) as _,
        &column(rows, |row| row.group) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn instances(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows: Vec<_> = data
        .profiles
        .iter()
        .flat_map(|profile| profile.instances.iter().map(move |instance| (profile.id, instance)))
        .collect();
    sqlx::query!(
        "INSERT INTO metric_instance (id, profile_id, service_flavour, metric_name_id, fqan)
         SELECT r.id, r.profile_id, r.service_flavour, n.id, r.fqan
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])
              AS r (id, profile_id, service_flavour, metric, fqan)
         JOIN metric_name n ON n.name = r.metric",
        &column(&rows, |(_, instance)| instance.id),
        &column(&rows, |(profile, _)| *profile),
        &column(&rows, |(_, instance)| instance.tuple.service_flavour.clone()),
        &column(&rows, |(_, instance)| instance.tuple.metric.clone()),
        &column(&rows, |(_, instance)| instance.tuple.fqan.clone())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn aggregations(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.aggregations;
    sqlx::query!(
        "INSERT INTO aggregation (id, name, apiid, group_id, definition, definition_read, missing_since)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[], $6::timestamptz[],
                              $7::timestamptz[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.name.clone()),
        &column(rows, |row| row.apiid.clone()),
        &column(rows, |row| row.group) as _,
        &column(rows, |row| row.definition.clone().map(Json)) as _,
        &column(rows, |row| row.definition_read) as _,
        &column(rows, |row| row.missing_since) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn log_entries(tx: &mut WriteTx<'_>, data: &Snapshot) -> Result<()> {
    let rows = &data.log_entries;
    sqlx::query!(
        "INSERT INTO log_entry (id, action_time, action, object_kind, object_id, object_name, message, user_id, username,
                                data)
         SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                              $8::bigint[], $9::text[], $10::jsonb[])",
        &column(rows, |row| row.id),
        &column(rows, |row| row.action_time),
        &column(rows, |row| row.action.as_str().to_owned()),
        &column(rows, |row| row.object_kind.map(|kind| kind.as_str())) as _,
        &column(rows, |row| row.object_id.clone()) as _,
        &column(rows, |row| row.object_name.clone()),
        &column(rows, |row| row.message.clone()),
        &column(rows, |row| row.user_id) as _,
        &column(rows, |row| row.username.clone()),
        &column(rows, |row| row.data.clone()) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets every sequence above the written ids and above the ids of removed objects.
///
/// Versions and log entries still mention removed objects, and no new object may inherit these. `nextval` keeps a
/// sequence from going back: sequences are not transactional, so a rollback would not bring it forward again.
async fn set_sequences(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::query!(
        "WITH mentioned AS (
             SELECT object_kind AS kind, object_id::bigint AS id FROM log_entry WHERE object_id ~ '^[0-9]{1,15}$'
             UNION ALL SELECT kind, object_id FROM version
         )
         SELECT ARRAY[
             setval(pg_get_serial_sequence('object_group', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('object_group', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind LIKE 'groupof%')) FROM object_group), false),
             setval(pg_get_serial_sequence('app_user', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('app_user', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'custuser')) FROM app_user), false),
             setval(pg_get_serial_sequence('api_key', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('api_key', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'apikey')) FROM api_key), false),
             setval(pg_get_serial_sequence('probe', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('probe', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'probe')) FROM probe), false),
             setval(pg_get_serial_sequence('version', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('version', 'id'))) FROM version), false),
             setval(pg_get_serial_sequence('metric_name', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('metric_name', 'id'))) FROM metric_name), false),
             setval(pg_get_serial_sequence('metric', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('metric', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'metric')) FROM metric), false),
             setval(pg_get_serial_sequence('profile', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('profile', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'profile')) FROM profile), false),
             setval(pg_get_serial_sequence('metric_instance', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('metric_instance', 'id'))) FROM metric_instance), false),
             setval(pg_get_serial_sequence('aggregation', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('aggregation', 'id')),
                                     (SELECT max(id) + 1 FROM mentioned WHERE kind = 'aggregation')) FROM aggregation), false),
             setval(pg_get_serial_sequence('log_entry', 'id'),
                    (SELECT greatest(max(id) + 1, nextval(pg_get_serial_sequence('log_entry', 'id'))) FROM log_entry), false)
         ]"
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// Removes everything that [`write()`] writes, the login sessions, everything of the federated login, and the note of a
/// save on the ARGO WEB-API, whose ids are those of the removed data. Tags and metric types stay.
///
/// It uses DELETE, not TRUNCATE: concurrent readers continue to see the previous data.
pub async fn clear(tx: &mut WriteTx<'_>) -> Result<()> {
    sqlx::raw_sql(
        "DELETE FROM log_entry; DELETE FROM aggregation; DELETE FROM profile; DELETE FROM metric; DELETE FROM metric_name;
         DELETE FROM version; DELETE FROM probe; DELETE FROM service; DELETE FROM service_flavour; DELETE FROM vo;
         DELETE FROM api_key; DELETE FROM app_user; DELETE FROM object_group;
         DELETE FROM saml_request; DELETE FROM saml_used; DELETE FROM saml_pending;
         DELETE FROM web_api_save",
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
