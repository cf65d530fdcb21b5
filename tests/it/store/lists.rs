//! Search, filters and pages of the lists.

use chrono::{TimeDelta, Utc};
use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::object_kind::ObjectKind;
use poem::store::lists::{
    ListParams, NO, WITHOUT_GROUP, YES, aggregations, api_keys, groups, log_entries, metrics, probes, profiles, users,
};

use super::{egi_sql, read, whole};
use crate::support::Installation;

fn profile_names(installation: &Installation, ask: ListParams<'_>) -> Vec<String> {
    let found = read(installation, async |conn| profiles::list(conn, &ask).await);
    assert_eq!(found.total, found.rows.len() as i64);
    found.rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn a_search_takes_every_character_literally() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        r#"INSERT INTO profile (name, vo) VALUES ('100%', 'x'), ('a_b', 'x'), ('it''s "so"', 'x'), ('back\slash', 'x'), ('Ž', 'x')"#,
    );
    let searched = |search| profile_names(&installation, ListParams { search, ..whole() });
    assert_eq!(searched("%"), ["100%"]);
    assert_eq!(searched("A_B"), ["a_b"]);
    assert_eq!(searched("'s \"SO\""), ["it's \"so\""]);
    assert_eq!(searched("\\"), ["back\\slash"]);
    assert_eq!(searched("mon_"), ["ARGO_MON_BIOMED", "ARGO_MON_CRITICAL"]);
    assert_eq!(searched("biomed"), ["ARGO_MON_BIOMED"]);
    assert_eq!(searched("OPS"), ["ARGO_MON", "ARGO_MON_CRITICAL"], "the VO");
    assert_eq!(searched("\0"), [""; 0]);
    assert_eq!(searched("'; DROP TABLE profile --"), [""; 0]);
    assert_eq!(searched("").len(), 8);
}

#[test]
fn filters_narrow_a_list() {
    let installation = Installation::with_small_data();
    egi_sql(&installation, "INSERT INTO profile (name, vo) VALUES ('alone', 'ops')");
    let filtered = |filters: &[(&'static str, &str)]| {
        let filters: Vec<_> = filters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        profile_names(&installation, ListParams { filters: &filters, ..whole() })
    };
    assert_eq!(filtered(&[("vo", "biomed")]), ["ARGO_MON_BIOMED"]);
    assert_eq!(filtered(&[("group", "SSC"), ("vo", "ops")]), ["ARGO_MON_CRITICAL"]);
    assert_eq!(filtered(&[("group", WITHOUT_GROUP)]), ["alone"]);
    assert_eq!(filtered(&[("group", "no such"), ("vo", "\0")]), [""; 0]);
    assert_eq!(filtered(&[("vo", ""), ("unknown", "x")]).len(), 4);
    assert_eq!(read(&installation, async |conn| profiles::vos(conn).await), ["biomed", "ops"]);

    let of_group = |group: &str| [("group", group.to_owned())];
    let ssc = of_group("SSC");
    let ask = ListParams { filters: &ssc, ..whole() };
    let found = read(&installation, async |conn| probes::list(conn, &ask).await);
    assert_eq!((found.total, found.rows[0].name.as_str(), found.rows[0].versions), (1, "CertLifetime-probe", 1));
    let both = [ssc[0].clone(), ("tag", "Test".to_owned())];
    let ask = ListParams { filters: &both, ..whole() };
    let found = read(&installation, async |conn| metrics::list(conn, &ask).await);
    assert_eq!((found.total, found.rows[0].name.as_str()), (1, "eu.egi.CertValidity-clone"));
    assert_eq!((found.rows[0].probe.as_str(), found.rows[0].probe_id), ("CertLifetime-probe (1.0.0)", Some(3)));
    let none = of_group(WITHOUT_GROUP);
    let ask = ListParams { filters: &none, ..whole() };
    let found = read(&installation, async |conn| aggregations::list(conn, &ask).await);
    assert_eq!((found.total, found.rows[0].name.as_str()), (1, "TEST_PROFILE"));
}

#[test]
fn users_and_keys_are_filtered_by_flags_and_time() {
    let installation = Installation::with_small_data();
    let usernames = |search, filters: &[(&'static str, String)]| -> Vec<String> {
        let ask = ListParams { search, filters, ..whole() };
        let found = read(&installation, async |conn| users::list(conn, &ask).await);
        found.rows.into_iter().map(|row| row.username).collect()
    };
    assert_eq!(usernames("", &[("superuser", YES.to_owned())]), ["poem"]);
    assert_eq!(usernames("", &[("staff", NO.to_owned())]), ["dave"]);
    assert_eq!(usernames("", &[("staff", "perhaps".to_owned())]).len(), 5);
    assert_eq!(usernames("bob testova", &[]), ["bob"]);
    assert_eq!(usernames("CAROL@", &[]), ["carol"]);

    let clients = |since, filters: &[(&'static str, String)]| -> Vec<String> {
        let ask = ListParams { filters, ..whole() };
        let found = read(&installation, async |conn| api_keys::list(conn, &ask, since).await);
        found.rows.into_iter().map(|row| row.client).collect()
    };
    assert_eq!(clients(None, &[]), ["OLD-CLIENT", "WEB-API", "EGI"], "the newest first");
    assert_eq!(clients(None, &[("revoked", YES.to_owned())]), ["OLD-CLIENT"]);
    egi_sql(&installation, "UPDATE api_key SET created = now() - interval '3 days' WHERE client = 'EGI'");
    egi_sql(&installation, "UPDATE api_key SET created = now() - interval '30 days' WHERE client <> 'EGI'");
    assert_eq!(clients(Some(Utc::now() - TimeDelta::days(7)), &[]), ["EGI"]);
}

#[test]
fn a_page_beyond_the_end_is_the_last() {
    let installation = Installation::with_small_data();
    let page = |page, page_size| {
        let ask = ListParams { page, page_size, ..ListParams::default() };
        let found = read(&installation, async |conn| metrics::list(conn, &ask).await);
        assert_eq!(found.total, 8);
        let ids: Vec<i64> = found.rows.iter().map(|row| row.id).collect();
        (found.page, ids)
    };
    let (_, all) = page(1, 1000);
    assert_eq!(page(1, 3), (1, all[..3].to_vec()));
    assert_eq!(page(3, 3), (3, all[6..].to_vec()));
    assert_eq!(page(4, 3), (3, all[6..].to_vec()));
    assert_eq!(page(i64::MAX, 4), (2, all[4..].to_vec()));
    assert_eq!(page(i64::MIN, i64::MAX), (1, all.clone()));
    assert_eq!(page(0, 0), (1, all[..1].to_vec()));

    let ask = ListParams { search: "nothing like it", page: 7, page_size: 20, ..ListParams::default() };
    let found = read(&installation, async |conn| metrics::list(conn, &ask).await);
    assert_eq!((found.rows.len(), found.total, found.page), (0, 0, 1));
}

#[test]
fn groups_count_their_objects_and_users() {
    let installation = Installation::with_small_data();
    let list = |kind| {
        let found = read(&installation, async |conn| groups::list(conn, kind, &whole()).await);
        found.rows.into_iter().map(|row| (row.name, row.members, row.users)).collect::<Vec<_>>()
    };
    assert_eq!(list(GroupKind::Metrics), [("ARGO".to_owned(), 6, 2), ("SSC".to_owned(), 2, 1)]);
    assert_eq!(list(GroupKind::Probes), [("ARGO".to_owned(), 2, 1), ("SSC".to_owned(), 1, 1)]);
    assert_eq!(list(GroupKind::Profiles), [("ARGO".to_owned(), 2, 2), ("SSC".to_owned(), 1, 0)]);
    assert_eq!(list(GroupKind::Aggregations), [("ARGO".to_owned(), 1, 1), ("SSC".to_owned(), 0, 0)]);
}

#[test]
fn the_log_is_filtered_by_kind_user_and_time() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "INSERT INTO log_entry (action_time, action, object_kind, object_id, object_name, message, username)
         VALUES ('2020-01-01 12:00Z', 'add', 'probe', '1', 'a', '', 'cron'),
                ('2020-01-02 12:00Z', 'change', 'probe', 'x', 'b', '', 'cron'),
                ('2020-01-03 12:00Z', 'add', NULL, NULL, 'c', '', 'cron'),
                ('2020-01-03 12:00Z', 'add', 'service', '100', 'd', '', 'cron')",
    );
    let entries = |search, kind: &str, entries| -> Vec<(String, bool)> {
        let filters = [("kind", kind.to_owned())];
        let ask = ListParams { search, filters: &filters, ..whole() };
        let found = read(&installation, async |conn| log_entries::list(conn, &ask, entries).await);
        found.rows.into_iter().map(|row| (row.object_name, row.exists)).collect()
    };
    let all = log_entries::Entries::default();
    let expected =
        [("d", true), ("c", false), ("b", false), ("a", true)].map(|(name, exists)| (name.to_owned(), exists));
    assert_eq!(entries("CRON", "", all), expected);
    assert_eq!(entries("cron", "probe", all), expected[2..]);
    let span = log_entries::Entries {
        from: Some("2020-01-01T12:00:00Z".parse().unwrap()),
        until: Some("2020-01-02T12:00:00Z".parse().unwrap()),
        ..all
    };
    assert_eq!(entries("", "", span), expected[3..]);
    assert_eq!(entries("", "profile", all).len(), 6);
    let filtered = |filters: &[(&'static str, String)]| -> Vec<String> {
        let ask = ListParams { search: "cron", filters, ..whole() };
        let of_cron = log_entries::Entries { user: "cron", ..all };
        let found = read(&installation, async |conn| log_entries::list(conn, &ask, of_cron).await);
        found.rows.into_iter().map(|row| row.object_name).collect()
    };
    assert_eq!(filtered(&[("action", "change".to_owned())]), ["b"]);
    assert_eq!(filtered(&[("by", "yes".to_owned()), ("action", "add".to_owned())]), ["d", "c", "a"]);
    assert_eq!(filtered(&[("by", "no".to_owned())]), [""; 0]);
    let kinds = read(&installation, async |conn| log_entries::kinds(conn).await);
    assert!(kinds.contains(&ObjectKind::Service) && kinds.contains(&ObjectKind::GroupOfMetrics), "{kinds:?}");
}
