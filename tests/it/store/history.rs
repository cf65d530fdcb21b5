//! Versions, and the audit log by object and by date.

use poem::domain::model::log_entry::LogAction;
use poem::domain::model::object_kind::ObjectKind;
use poem::domain::model::snapshot::VersionContent;
use poem::store::lists::ListParams;
use poem::store::lists::log_entries::{Entries, LogRow};
use poem::store::versions::Neighbours;
use poem::store::{audit_log, lists, versions};

use super::{egi_sql, read, whole};
use crate::support::Installation;

#[test]
fn versions_are_listed_newest_first() {
    let installation = Installation::with_small_data();
    let probe = read(&installation, async |conn| versions::list(conn, ObjectKind::Probe, 1).await);
    let lines: Vec<_> = probe.iter().map(|row| (row.id, row.label.as_str(), row.username.as_str())).collect();
    assert_eq!(lines, [(24, "0.1.11", "poem"), (11, "0.1.8", "poem"), (1, "0.1.7", "poem")]);
    let metric = read(&installation, async |conn| versions::list(conn, ObjectKind::Metric, 1).await);
    assert!(metric.len() == 4 && metric.iter().all(|row| row.label.is_empty()));
    let profile = read(&installation, async |conn| versions::list(conn, ObjectKind::Profile, 1).await);
    assert!(profile.len() == 1 && profile[0].label.is_empty() && profile[0].message == "Initial version.");
    assert!(read(&installation, async |conn| versions::list(conn, ObjectKind::Aggregation, 1).await).is_empty());
}

#[test]
fn a_version_has_its_content_and_neighbours() {
    let installation = Installation::with_small_data();
    let get = |id| read(&installation, async |conn| versions::get(conn, id).await);
    let version = get(11).unwrap();
    assert!(matches!(&version.content, VersionContent::Probe(probe) if probe.label() == "ams-probe (0.1.8)"));
    assert_eq!(version.message, "Changed version and comment.");
    assert!(matches!(get(12).unwrap().content, VersionContent::Metric(metric) if metric.name == "argo.AMS-Check"));
    assert!(get(10).is_none());
    let around = |id| read(&installation, async |conn| versions::neighbours(conn, id).await);
    assert_eq!(around(11), Neighbours { previous: Some(1), next: Some(24), newest: Some(24) });
    assert_eq!(around(24), Neighbours { previous: Some(11), next: None, newest: Some(24) });
    assert_eq!(around(10), Neighbours::default());
}

#[test]
fn a_log_entry_names_the_version_it_added() {
    let installation = Installation::with_small_data();
    let of = |kind, id: &str| -> Vec<LogRow> {
        read(&installation, async |conn| audit_log::of_object(conn, kind, id, 1, 100).await).rows
    };
    let made = |rows: &[LogRow]| rows.iter().map(|row| row.version_id).collect::<Vec<_>>();
    assert_eq!(made(&of(ObjectKind::Probe, "1")), [Some(24), Some(11), Some(1)]);
    assert_eq!(made(&of(ObjectKind::Metric, "1")), [Some(26), Some(22), Some(12), Some(4)]);
    // The second action amended the version in place and added none.
    assert_eq!(made(&of(ObjectKind::Probe, "3")), [None, Some(3)]);
    let deleted = of(ObjectKind::Metric, "7");
    assert_eq!((deleted.len(), deleted[0].action, deleted[0].exists), (3, LogAction::Delete, false));
    assert!(of(ObjectKind::Probe, "1").iter().all(|row| row.exists));
    assert!(of(ObjectKind::Probe, "1' OR true --").is_empty());
}

#[test]
fn the_newest_entries_come_first() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "INSERT INTO log_entry (action, object_kind, object_id, object_name, message, user_id, username)
         VALUES ('add', 'profile', '99999999999999999999', 'far', '', 2, 'alice')",
    );
    let recent = read(&installation, async |conn| audit_log::recent(conn, 10).await);
    let newest = read(&installation, async |conn| lists::log_entries::list(conn, &whole(), Entries::default()).await);
    assert_eq!((recent.len(), recent[0].object_name.as_str(), recent[0].exists), (10, "far", false));
    assert_eq!(recent, newest.rows[..10]);
    let get = |id| read(&installation, async |conn| audit_log::get(conn, id).await);
    assert_eq!(get(51).unwrap().object_name, "TO_DELETE");
    assert_eq!(get(1000), None);
}

#[test]
fn dates_follow_the_time_zone() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "DELETE FROM log_entry;
         INSERT INTO log_entry (action_time, action, object_kind, object_name, message, username)
         VALUES ('2019-12-31 23:30Z', 'add', 'probe', 'a', '', 'x'), ('2020-01-01 12:00Z', 'add', 'probe', 'b', '', 'x'),
                ('2020-01-31 23:30Z', 'add', 'metric', 'c', '', 'x'), ('2019-05-05 12:00Z', 'add', 'metric', 'd', '', 'y')",
    );
    let dates = |ask: &ListParams<'_>, zone: &str, year, month| {
        let dates = read(&installation, async |conn| {
            audit_log::dates(conn, (ask, Entries::default()), zone, (year, month)).await
        });
        dates.into_iter().map(|date| (date.number, date.entries)).collect::<Vec<_>>()
    };
    let all = ListParams::default();
    assert_eq!(dates(&all, "UTC", None, None), [(2019, 2), (2020, 2)]);
    assert_eq!(dates(&all, "Europe/Zagreb", None, None), [(2019, 1), (2020, 3)]);
    assert_eq!(dates(&all, "Europe/Zagreb", Some(2020), None), [(1, 2), (2, 1)]);
    assert_eq!(dates(&all, "Europe/Zagreb", Some(2020), Some(1)), [(1, 2)]);
    assert_eq!(dates(&all, "UTC", Some(2020), Some(1)), [(1, 1), (31, 1)]);
    let filters = [("kind", "metric".to_owned())];
    let narrowed = ListParams { search: "Y", filters: &filters, ..all };
    assert_eq!(dates(&narrowed, "UTC", None, None), [(2019, 1)]);
    let of_x = Entries { from: Some("2020-01-01T12:00:00Z".parse().unwrap()), user: "x", ..Entries::default() };
    let filters = [("by", "yes".to_owned()), ("action", "add".to_owned())];
    let ask = ListParams { filters: &filters, ..all };
    let found = read(&installation, async |conn| audit_log::dates(conn, (&ask, of_x), "UTC", (None, None)).await);
    assert_eq!(found.into_iter().map(|date| (date.number, date.entries)).collect::<Vec<_>>(), [(2020, 2)]);
}
