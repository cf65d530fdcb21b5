//! Every list sorted by every column, in both directions.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use poem::domain::model::group_kind::GroupKind;
use poem::store::Result;
use poem::store::lists::services;
use poem::store::lists::{
    ListParams, Order, Rows, aggregations, api_keys, groups, log_entries, metrics, probes, profiles, users,
};
use sqlx::PgConnection;

use super::{egi_sql, read, whole};
use crate::support::Installation;

/// Rows whose columns all have different orders.
const ROWS: &str = "
    INSERT INTO object_group (kind, name) SELECT kind, md5(kind || i) FROM generate_series(1, 20) i,
        unnest(ARRAY['profiles', 'probes', 'metrics', 'aggregations']) kind;
    CREATE TEMPORARY TABLE numbered AS
        SELECT kind, id, row_number() OVER (PARTITION BY kind ORDER BY id) AS i FROM object_group;
    INSERT INTO app_user (username, password, first_name, last_name, email, is_staff, is_superuser, is_active)
        SELECT md5('u' || i), '', upper(md5('f' || i)), md5('l' || i), md5('e' || i), i % 2 = 0, i % 3 = 0, i % 5 > 0
        FROM generate_series(1, 20) i;
    INSERT INTO group_member (kind, group_id, user_id)
        SELECT g.kind, g.id, u.id FROM object_group g CROSS JOIN app_user u WHERE ascii(md5(u.id || g.name)) % 3 = 0
        ON CONFLICT DO NOTHING;
    INSERT INTO profile (name, version, vo, description, group_id)
        SELECT md5('n' || i), left(md5('v' || i), 10), upper(md5('o' || i)), md5('d' || i), id FROM numbered
        WHERE kind = 'profiles';
    INSERT INTO probe (name, version, repository, docurl, description, comment, changed_by, changed_at, group_id)
        SELECT md5('p' || i), '1', '', '', md5('d' || i), '', '', now(), id FROM numbered WHERE kind = 'probes';
    INSERT INTO version (kind, object_id, content, message, username, created)
        SELECT 'probe', p.id, jsonb_build_object('name', p.name, 'version', i::text), '', '', now()
        FROM probe p CROSS JOIN generate_series(1, 9) i WHERE i <= ascii(md5(p.name)) % 9;
    INSERT INTO metric_name (name, group_id) SELECT md5('m' || i), id FROM numbered WHERE kind = 'metrics' AND i % 3 > 0;
    INSERT INTO metric (metric_name_id, tag_id, metric_type_id, parent, group_id, probe_version_id)
        SELECT n.id, 1 + n.id % 3, 1 + n.id % 2, left(md5('r' || n.id), n.id::int % 4), n.group_id, (SELECT v.id FROM version v WHERE kind = 'probe' ORDER BY md5(n.id || '-' || v.id) LIMIT 1)
        FROM metric_name n WHERE NOT EXISTS (SELECT FROM metric m WHERE m.metric_name_id = n.id);
    INSERT INTO version (kind, object_id, content, message, username, created)
        SELECT 'metric', id, '{}', '', '', now() - ascii(md5('c' || id)) * interval '1 day' FROM metric WHERE id % 5 > 0;
    INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id)
        SELECT p.id, 'X', n.id FROM profile p CROSS JOIN metric_name n WHERE ascii(md5(p.id || n.name)) % 3 = 0
        ON CONFLICT DO NOTHING;
    UPDATE app_user SET last_login = now() - ascii(md5('l' || id)) * interval '1 day' WHERE id % 3 > 0;
    INSERT INTO aggregation (name, apiid, group_id) SELECT md5('a' || i), i, id FROM numbered WHERE kind = 'aggregations';
    INSERT INTO api_key (client, token_hash, created, revoked)
        SELECT md5('c' || i), decode(repeat(lpad(to_hex(i), 2, '0'), 32), 'hex'),
               now() - ascii(md5('t' || i)) * interval '1 day', i % 2 = 0
        FROM generate_series(1, 20) i;
    INSERT INTO api_key_use
        SELECT id, now() - ascii(md5('u' || id)) * interval '1 day' FROM api_key WHERE ascii(md5('v' || id)) % 3 > 0;
    INSERT INTO log_entry (action, object_kind, object_id, object_name, message, username)
        SELECT 'add', 'apikey', id, client, '', md5('w' || id) FROM api_key WHERE id % 4 > 0;
    INSERT INTO log_entry (action_time, action, object_name, message, username)
        SELECT now() - i * interval '1 hour', 'add', md5('o' || i), '', md5('u' || i) FROM generate_series(1, 20) i;
    INSERT INTO service SELECT 's' || i, '', md5('n' || i), md5('a' || i), '', md5('y' || i), '', '', true, true, true, true
        FROM generate_series(1, 20) i;
    INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id)
        SELECT 1, s.service_type, (SELECT id FROM metric_name ORDER BY md5(s.id || id) LIMIT 1) FROM service s
        WHERE s.id LIKE 's%'";

fn by_name(name: &str) -> (String, String) {
    (name.to_lowercase(), name.to_owned())
}

fn by_number(number: i64) -> (String, String) {
    (String::new(), format!("{number:020}"))
}

fn by_flag(flag: bool) -> (String, String) {
    by_number(i64::from(flag))
}

/// Before the first time there was none.
fn by_time(time: Option<DateTime<Utc>>) -> (String, String) {
    by_number(time.map_or(0, |time| time.timestamp_micros()))
}

/// Checks that each column sorts the list in ascending order, and that descending is exactly the reverse.
fn every_column_sorts<T: Clone + PartialEq + Debug>(
    installation: &Installation,
    sorts: &'static [&'static str],
    default: Order<'static>,
    list: impl AsyncFn(&mut PgConnection, &ListParams<'_>) -> Result<Rows<T>>,
    key: impl Fn(&T, &str) -> (String, String),
) {
    let rows = |sort, descending| {
        let ask = ListParams { sort, descending, columns: sorts, ..whole() };
        read(installation, async |conn| list(conn, &ask).await).rows
    };
    let undeclared = rows("password", false);
    assert_eq!(undeclared, rows(default.column, default.descending));
    assert!(sorts.contains(&default.column) && undeclared.len() > 10);
    for column in sorts {
        let in_order = |rows: &[T]| rows.is_sorted_by_key(|row| key(row, column));
        let up = rows(column, false);
        assert!(in_order(&up), "{column}: {:?}", up.iter().map(|row| key(row, column)).collect::<Vec<_>>());
        assert!(*column == default.column || !in_order(&undeclared), "the rows do not test the order by {column}");
        let mut down = rows(column, true);
        down.reverse();
        assert_eq!(up, down, "{column}");
    }
}

#[test]
fn every_list_is_sorted_by_each_of_its_columns() {
    let installation = Installation::with_small_data();
    egi_sql(&installation, ROWS);
    let it = &installation;
    every_column_sorts(it, profiles::SORTS, profiles::DEFAULT_ORDER, profiles::list, |row, column| match column {
        "vo" => by_name(&row.vo),
        "description" => by_name(&row.description),
        "group" => by_name(&row.group),
        _ => by_name(&row.name),
    });
    every_column_sorts(it, probes::SORTS, probes::DEFAULT_ORDER, probes::list, |row, column| match column {
        "versions" => by_number(row.versions),
        "description" => by_name(&row.description),
        "group" => by_name(&row.group),
        _ => by_name(&row.name),
    });
    every_column_sorts(it, metrics::SORTS, metrics::DEFAULT_ORDER, metrics::list, |row, column| match column {
        "tag" => by_name(&row.tag),
        "probe" => by_name(&row.probe),
        "group" => by_name(&row.group),
        "type" => by_name(&row.metric_type),
        "parent" => by_name(&row.parent),
        "profiles" => by_number(row.profiles),
        "changed" => by_time(row.changed),
        _ => by_name(&row.name),
    });
    every_column_sorts(it, aggregations::SORTS, aggregations::DEFAULT_ORDER, aggregations::list, |row, column| {
        by_name(if column == "group" { &row.group } else { &row.name })
    });
    every_column_sorts(it, users::SORTS, users::DEFAULT_ORDER, users::list, |row, column| match column {
        "first_name" => by_name(&row.first_name),
        "last_name" => by_name(&row.last_name),
        "email" => by_name(&row.email),
        "staff" => by_flag(row.is_staff),
        "superuser" => by_flag(row.is_superuser),
        "active" => by_flag(row.is_active),
        "last_login" => by_time(row.last_login),
        "groups" => by_name(&row.groups),
        _ => by_name(&row.username),
    });
}

#[test]
fn keys_groups_log_and_services_are_sorted_by_each_of_their_columns() {
    let installation = Installation::with_small_data();
    egi_sql(&installation, ROWS);
    let it = &installation;
    let keys = async |conn: &mut PgConnection, ask: &ListParams<'_>| api_keys::list(conn, ask, None).await;
    every_column_sorts(it, api_keys::SORTS, api_keys::DEFAULT_ORDER, keys, |row, column| match column {
        "created" => by_number(row.created.timestamp_micros()),
        "revoked" => by_flag(row.revoked),
        "used" => by_time(row.last_used),
        "creator" => by_name(&row.creator),
        _ => by_name(&row.client),
    });
    for kind in GroupKind::ALL {
        let list = async |conn: &mut PgConnection, ask: &ListParams<'_>| groups::list(conn, kind, ask).await;
        // Groups of the other kinds have at most one object.
        let sorts = if kind == GroupKind::Metrics { groups::SORTS } else { &["name", "users"] };
        every_column_sorts(it, sorts, groups::DEFAULT_ORDER, list, |row, column| match column {
            "members" => by_number(row.members),
            "users" => by_number(row.users),
            _ => by_name(&row.name),
        });
    }
    let log = async |conn: &mut PgConnection, ask: &ListParams<'_>| {
        log_entries::list(conn, ask, log_entries::Entries::default()).await
    };
    every_column_sorts(it, log_entries::SORTS, log_entries::DEFAULT_ORDER, log, |row, column| match column {
        "time" => by_number(row.time.timestamp_micros()),
        "entry" => by_name(&row.object_name),
        _ => by_name(&row.username),
    });
    // A service with several lines counts once, with the first of their probes.
    let services = async |conn: &mut PgConnection, ask: &ListParams<'_>| {
        let mut lines = services::list(conn, ask).await?;
        lines.rows.dedup_by(|line, first| {
            let is_same = line.service_id == first.service_id;
            let is_before = first.probe.is_empty() || line.probe.to_lowercase() < first.probe.to_lowercase();
            if is_same && is_before && !line.probe.is_empty() {
                first.probe.clone_from(&line.probe);
            }
            is_same
        });
        Ok(lines)
    };
    // Services without any come last.
    let first = |name: &str| if name.is_empty() { by_name("~") } else { by_name(name) };
    every_column_sorts(it, services::SORTS, services::DEFAULT_ORDER, services, |line, column| match column {
        "name" => by_name(&line.name),
        "type" => by_name(&line.service_type),
        "metrics" => first(&line.metric),
        "probes" => first(&line.probe),
        _ => by_name(&line.area),
    });
}
