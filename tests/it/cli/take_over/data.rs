//! What the tables of a live POEM 2.3 may hold beyond its dump.

use super::{installation, loaded, schema, take_over};
use crate::cli::load::NUMBERED;
use crate::support::Installation;
use crate::support::installation::Ran;
use crate::support::sql::sql;

/// A database of POEM 2.3 with changes, after the take-over.
fn taken_over(changes: &str) -> (Installation, Ran) {
    let installation = installation();
    sql(&installation, changes);
    let ran = take_over(&installation, &[]).done();
    (installation, ran)
}

#[test]
fn microseconds_survive() {
    let (installation, _) = taken_over(
        "UPDATE egi.django_admin_log SET action_time = '2026-11-22 12:33:58.637123+00' WHERE id = 1;
         UPDATE egi.poem_custuser SET last_login = '2026-11-22 12:33:58.000001+00' WHERE username = 'alice'",
    );
    let time = sql(&installation, "SELECT action_time AT TIME ZONE 'UTC' FROM egi.log_entry WHERE id = 1");
    assert_eq!(time, ["2026-11-22 12:33:58.637123"]);
    let time = sql(&installation, "SELECT last_login AT TIME ZONE 'UTC' FROM egi.app_user WHERE username = 'alice'");
    assert_eq!(time, ["2026-11-22 12:33:58.000001"]);
}

/// A dump has local times, so that the second 02:30 of that night looks like the first one.
#[test]
fn both_hours_of_the_night_in_which_summer_time_ends_are_known() {
    let (installation, _) = taken_over(
        "UPDATE egi.django_admin_log SET action_time = '2026-10-25 00:30:00+00' WHERE id = 1;
         UPDATE egi.django_admin_log SET action_time = '2026-10-25 01:30:00+00' WHERE id = 2",
    );
    let times = "SELECT action_time AT TIME ZONE 'UTC' FROM egi.log_entry WHERE id IN (1, 2) ORDER BY id";
    assert_eq!(sql(&installation, times), ["2026-10-25 00:30:00", "2026-10-25 01:30:00"]);
}

#[test]
fn content_types_of_removed_models_and_of_the_schema_public_do_not_matter() {
    let (installation, ran) = taken_over(
        "INSERT INTO egi.django_content_type VALUES (900, 'poem', 'oldmodel'), (901, 'sites', 'site');
         UPDATE public.django_content_type SET id = id + 500;
         UPDATE egi.django_admin_log SET content_type_id = 900 WHERE id = 1;
         INSERT INTO egi.reversion_version (id, object_id, format, serialized_data, object_repr, content_type_id, revision_id, db)
         VALUES (900, '1', 'json', '[{\"model\": \"poem.oldmodel\", \"pk\": 1, \"fields\": {}}]', 'x', 900, 1, 'default')",
    );
    assert_eq!(
        ran.stderr,
        "poem-db: warning: EGI: reversion.version: 1 version(s) left out, they are neither of a probe nor of a metric\n"
    );
    assert_eq!(sql(&installation, "SELECT object_kind FROM egi.log_entry WHERE id = 1"), [""]);
    let expected = sql(&loaded(), "SELECT id, object_kind FROM egi.log_entry WHERE id > 1 ORDER BY id");
    assert_eq!(sql(&installation, "SELECT id, object_kind FROM egi.log_entry WHERE id > 1 ORDER BY id"), expected);
}

/// Two requests at once could store a profile of the ARGO WEB-API twice, and names are only unique there.
#[test]
fn aggregations_of_one_apiid_are_joined_and_those_of_one_name_kept() {
    let (installation, ran) = taken_over(
        "INSERT INTO egi.poem_aggregation (id, name, apiid, groupname) SELECT 901, name, 'another', 'ARGO'
         FROM egi.poem_aggregation WHERE id = 1;
         INSERT INTO egi.poem_aggregation (id, name, apiid, groupname) SELECT 902, 'other', apiid, 'SSC'
         FROM egi.poem_aggregation WHERE id = 1",
    );
    let warning = "poem.aggregation 902: field \"apiid\": is that of poem.aggregation 1, left out";
    assert_eq!(ran.stderr, format!("poem-db: warning: EGI: {warning}\n"));
    let select = "SELECT a.id, a.name, g.name FROM egi.aggregation a JOIN egi.object_group g
                  ON g.kind = a.group_kind AND g.id = a.group_id WHERE a.name = 'TEST_PROFILE' ORDER BY a.id";
    assert_eq!(sql(&installation, select), ["1|TEST_PROFILE|SSC", "901|TEST_PROFILE|ARGO"]);
}

/// 2.3's tables had neither the foreign keys nor the unique indexes that would have refused these rows.
#[test]
fn orphans_and_doubles_are_left_out_with_a_warning() {
    let rows = [
        (
            "poem_metricinstance (id, profile_id, service_flavour, metric, vo, fqan)
          SELECT 900, profile_id, service_flavour, metric, vo, fqan FROM egi.poem_metricinstance WHERE id = 1",
            "poem.metricinstance 900: the same tuple as 1, left out",
        ),
        (
            "poem_metricconfig VALUES (900, 'timeout', '1', NULL)",
            "poem.metricconfig 900: field \"metric\": names no metric, left out",
        ),
        ("poem_metricconfig VALUES (901, NULL, '1', 1)", "poem.metricconfig 901: field \"key\": is null, left out"),
        (
            "poem_metricconfig VALUES (902, 'timeout', NULL, 1)",
            "poem.metricconfig 902: field \"value\": is null, left out",
        ),
        (
            "poem_metricparent VALUES (900, 'x', NULL)",
            "poem.metricparent 900: field \"metric\": names no metric, left out",
        ),
        (
            "poem_metricprobeexecutable VALUES (900, 'x', NULL)",
            "poem.metricprobeexecutable 900: field \"metric\": names no metric, left out",
        ),
        ("poem_tags VALUES (900, 'Production')", "poem.tags 900: field \"name\": is that of poem.tags 1, left out"),
        (
            "poem_aggregation (id, name, apiid, groupname) SELECT 900, 'other', apiid, '' FROM egi.poem_aggregation WHERE id = 1",
            "poem.aggregation 900: field \"apiid\": is that of poem.aggregation 1, left out",
        ),
        (
            "reversion_version (id, object_id, format, serialized_data, object_repr, content_type_id, revision_id, db)
          SELECT (SELECT min(free) FROM generate_series(1, 27) free
                  WHERE NOT EXISTS (SELECT FROM egi.reversion_version WHERE id = free)),
                 '4711', format, serialized_data, object_repr, content_type_id, revision_id, db
          FROM egi.reversion_version WHERE id = 1",
            "reversion.version: 1 version(s) left out, their probe or metric no longer exists",
        ),
    ];
    let revision = "UPDATE egi.poem_extrevision SET probeid = 4711 WHERE id = 1";
    let inserts: String = rows.iter().map(|(row, _)| format!("INSERT INTO egi.{row};")).collect();
    let (installation, ran) = taken_over(&format!("{inserts} {revision}"));
    for (_, warning) in rows {
        assert!(ran.stderr.contains(&format!("poem-db: warning: EGI: {warning}\n")), "{warning}: {}", ran.stderr);
    }
    assert_eq!(ran.stderr.lines().count(), rows.len(), "{}", ran.stderr);
    let (taken, expected) = (schema(&installation, "egi"), schema(&loaded(), "egi"));
    let difference = taken.lines().zip(expected.lines()).find(|(one, other)| one != other);
    assert_eq!(difference, None);
}

#[test]
fn of_two_equal_metric_names_the_first_counts() {
    let (installation, ran) = taken_over(
        "INSERT INTO egi.poem_metrics VALUES (900, 'argo.AMS-Check');
         UPDATE egi.poem_groupofmetrics_metrics SET metrics_id = 900 WHERE metrics_id = 1",
    );
    let warning = "poem-db: warning: EGI: poem.metrics 900: field \"name\": is that of poem.metrics 1, left out\n";
    assert_eq!(ran.stderr, warning);
    let name =
        "SELECT m.id, g.name FROM egi.metric_name m JOIN egi.object_group g ON g.kind = 'metrics' AND g.id = m.group_id
                WHERE m.name = 'argo.AMS-Check'";
    assert_eq!(sql(&installation, name), ["1|ARGO"]);
}

#[test]
fn tables_of_2_2_in_the_schema_public_are_neither_read_nor_changed() {
    let (installation, ran) = taken_over(
        "CREATE TABLE public.poem_probe (LIKE egi.poem_probe);
         INSERT INTO public.poem_probe SELECT * FROM egi.poem_probe; UPDATE public.poem_probe SET name = 'old-' || name;
         CREATE TABLE public.poem_custuser AS SELECT * FROM egi.poem_custuser;
         CREATE TABLE public.reversion_version AS SELECT * FROM egi.reversion_version",
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(schema(&installation, "egi"), schema(&loaded(), "egi"));
    let old = "SELECT count(*) FROM public.poem_probe WHERE name LIKE 'old-%'";
    assert_eq!(sql(&installation, old), ["3"]);
}

#[test]
fn new_ids_are_above_the_old_ones_whatever_the_old_sequences_say() {
    let (installation, _) = taken_over(
        "SELECT setval('egi.poem_metric_id_seq', 500);
         SELECT setval('egi.poem_probe_id_seq', 1);
         UPDATE egi.poem_metricinstance SET id = 70000 WHERE id = 11",
    );
    for table in NUMBERED {
        let is_above = format!(
            "SELECT nextval(pg_get_serial_sequence('egi.{table}', 'id')) > coalesce(max(id), 0) FROM egi.{table}"
        );
        assert_eq!(sql(&installation, &is_above), ["t"], "{table}");
    }
}

#[test]
fn a_tenant_without_data_is_taken_over() {
    let (installation, ran) = taken_over(
        "DO $$ DECLARE t record; BEGIN
             FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'egi' AND tablename <> 'django_migrations' LOOP
                 EXECUTE format('TRUNCATE egi.%I CASCADE', t.tablename);
             END LOOP;
         END $$",
    );
    assert!(ran.stdout.contains("EGI: 0 objects\n"), "{ran:?}");
    assert_eq!(sql(&installation, "SELECT name FROM egi.tag ORDER BY 1"), ["Devel", "Production", "Test"]);
}
