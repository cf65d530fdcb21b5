//! Whole dumps and the snapshots that they result in.

mod broken;
mod values;

use chrono_tz::Europe::Zagreb;
use serde_json::json;

use super::*;
use crate::domain::model::metric::{Section, Setting};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::snapshot_diff::first_difference;
use crate::domain::security::secret::Secret;

const SMALL: &[u8] = include_bytes!("../../../tests/fixtures/small.json");
const SMALL_NATURAL: &[u8] = include_bytes!("../../../tests/fixtures/small-natural.json");

fn keys() -> Keys {
    Keys::derive(&Secret::new("secret"))
}

fn load(dump: &[u8]) -> Result<ParsedDump, DumpError> {
    parse(dump, &keys(), Zagreb)
}

/// The rows of small.json.
fn rows() -> Vec<Value> {
    serde_json::from_slice(SMALL).unwrap()
}

fn load_rows(rows: &[Value]) -> Result<ParsedDump, DumpError> {
    load(&serde_json::to_vec(rows).unwrap())
}

fn place(rows: &[Value], model: &str, key: i64) -> usize {
    rows.iter().position(|row| row["model"] == model && row["pk"] == key).unwrap()
}

/// small.json with one field set to another value.
fn with(model: &str, key: i64, field: &str, value: Value) -> Result<ParsedDump, DumpError> {
    let mut rows = rows();
    let place = place(&rows, model, key);
    rows[place]["fields"][field] = value;
    load_rows(&rows)
}

fn with_row(row: Value) -> Result<ParsedDump, DumpError> {
    let mut rows = rows();
    rows.push(row);
    load_rows(&rows)
}

fn error_of(loaded: Result<ParsedDump, DumpError>) -> String {
    loaded.map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

fn assert_same(one: &Snapshot, other: &Snapshot) {
    assert_eq!(first_difference(one, other), None);
    // Sealing a token has a different result each time; sealed tokens are not in the JSON.
    assert!(serde_json::to_value(one).unwrap() == serde_json::to_value(other).unwrap());
}

#[test]
fn both_kinds_of_keys_result_in_the_same_snapshot() {
    let (plain, natural) = (load(SMALL).unwrap(), load(SMALL_NATURAL).unwrap());
    assert_same(&plain.snapshot, &natural.snapshot);
    assert_eq!((plain.objects, natural.objects), (287, 287));
    assert_eq!((plain.warnings, natural.warnings), (vec![], vec![]));
    let words: Vec<String> = plain.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    assert_eq!(
        words.join(", "),
        "3 tags, 2 metric types, 8 groups, 5 users, 3 API keys, 12 VOs, 16 service flavours, 10 services, 3 probes, \
         10 metric names, 8 metrics, 3 profiles, 11 metric instances, 2 aggregations, 28 versions, 51 log entries"
    );
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let mut reversed = rows();
    reversed.reverse();
    assert_same(&load_rows(&reversed).unwrap().snapshot, &load(SMALL).unwrap().snapshot);
}

#[test]
fn users_keep_profile_groups_and_password() {
    let snapshot = load(SMALL).unwrap().snapshot;
    let alice = &snapshot.users[1];
    assert_eq!((alice.id, alice.username.as_str(), alice.groups.len()), (2, "alice", 4));
    assert_eq!(alice.egi_id.as_deref(), Some("abc123@egi.eu"));
    assert!(alice.password.starts_with("pbkdf2_sha256$100000$OP9x"));
    assert_eq!(alice.date_joined.to_rfc3339(), "2026-11-22T12:33:59.746+00:00");
}

#[test]
fn only_the_token_of_the_web_api_is_kept_sealed() {
    let keys = keys();
    let api_keys = load(SMALL).unwrap().snapshot.api_keys;
    assert_eq!(api_keys[0].token_hash, keys.token_hash("0123456789abcdef0123456789abcdef"));
    let sealed: Vec<_> = api_keys.iter().map(|key| key.token_sealed.as_deref().and_then(|s| keys.unseal(s))).collect();
    assert_eq!(sealed, [None, Some("fedcba9876543210fedcba9876543210".to_owned()), None]);
}

#[test]
fn settings_keep_their_order_and_empty_values() {
    let metrics = load(SMALL).unwrap().snapshot.metrics;
    let parameters = metrics[1].settings.of(Section::Parameter);
    assert_eq!(parameters[2], Setting("--novalue".into(), String::new()));
    let doubled = metrics.iter().find(|metric| metric.name == "org.bdii.Entries").unwrap();
    let values: Vec<&str> = doubled.settings.of(Section::Parameter).iter().map(Setting::value).collect();
    assert_eq!(values, ["10", "20"]);
}

#[test]
fn messages_of_the_history_are_sentences() {
    let snapshot = load(SMALL).unwrap().snapshot;
    let version = |id| snapshot.versions.iter().find(|version| version.id == id).unwrap();
    assert_eq!(version(4).message, "Initial version.");
    assert_eq!(version(12).message, "Changed probeversion.");
    assert_eq!(version(19).message, "Derived from argo.AMS-Check (Production)");
    assert_eq!(version(22).message, "Changed value for metric config \"timeout\".");
    assert_eq!(version(23).message, "Added metric attribute \"NEW_ATTR\". Deleted metric flags \"OBSESS\".");
    assert_eq!(version(24).message, "Changed version and comment.");
    let entry = |id| snapshot.log_entries.iter().find(|entry| entry.id == id).unwrap();
    assert_eq!(entry(23).message, "");
    assert_eq!(entry(34).message, "Changed description.");
    assert_eq!(entry(40).message, version(23).message);
    assert_eq!((entry(17).object_kind, entry(17).object_id.as_deref()), (Some(ObjectKind::ApiKey), Some("1")));
}

#[test]
fn unknown_metric_names_join_the_registry() {
    let names = load(SMALL).unwrap().snapshot.metric_names;
    let new: Vec<_> = names[8..].iter().map(|name| (name.id, name.name.as_str(), name.group)).collect();
    assert_eq!(new, [(9, "org.apel.APEL-Pub", None), (10, "emi.cream.CREAMCE-JobSubmit", None)]);
}

#[test]
fn rows_without_keys_get_new_ones() {
    let mut rows: Vec<Value> = serde_json::from_slice(SMALL_NATURAL).unwrap();
    for row in rows.iter_mut().filter(|row| row["model"] == "poem.custuser") {
        row.as_object_mut().unwrap().shift_remove("pk");
    }
    let first = rows.iter().position(|row| row["model"] == "poem.custuser").unwrap();
    rows.swap(first, first + 1);
    let snapshot = load_rows(&rows).unwrap().snapshot;
    assert_eq!((snapshot.users[0].username.as_str(), snapshot.users[0].egi_id.is_some()), ("alice", true));
    assert_eq!(snapshot.versions[0].user_id, Some(2));
    assert_eq!(snapshot.log_entries[8].object_id.as_deref(), Some("1"), "the entry about alice leads to alice");
}

#[test]
fn an_assigned_key_is_not_the_target_of_a_number() {
    let mut rows = rows();
    rows.iter_mut().filter(|row| row["model"] == "poem.custuser").for_each(|row| row["pk"] = Value::Null);
    let hint = "the file has rows without keys, dump it with --natural-foreign";
    assert_eq!(
        error_of(load_rows(&rows)),
        format!("poem.userprofile 1: field \"user\": no poem.custuser with key 1: {hint}")
    );
}

#[test]
fn numeric_content_types_need_their_rows_only_for_log_entries() {
    let mut rows = rows();
    rows.retain(|row| row["model"] != "contenttypes.contenttype");
    assert_eq!(
        error_of(load_rows(&rows)),
        "admin.logentry 1: field \"content_type\": no contenttypes.contenttype with key 13: \
         dump it with --natural-foreign"
    );
    rows.retain(|row| row["model"] != "admin.logentry");
    assert_eq!(load_rows(&rows).unwrap().snapshot.versions.len(), 28);
}

#[test]
fn objects_without_versions_get_initial_ones() {
    let mut rows = rows();
    rows.retain(|row| row["model"] != "reversion.version");
    for row in rows.iter_mut().filter(|row| row["model"] == "poem.metric") {
        row["fields"]["probekey"] = Value::Null;
    }
    let loaded = load_rows(&rows).unwrap();
    let versions = &loaded.snapshot.versions;
    assert_eq!(versions.len(), 3 + 8 + 3);
    assert_eq!((versions[0].id, versions[0].username.as_str(), versions[0].user_id), (1, "poem", Some(1)));
    assert_eq!(versions[0].created, loaded.snapshot.probes[0].changed_at);
    assert_eq!((versions[3].username.as_str(), versions[3].message.as_str()), ("", "Initial version."));
    let warning = "poem.metric 1: probe version \"ams-probe (0.1.11)\" has no key, loaded without a probe";
    assert_eq!(loaded.warnings[0], warning);
    assert_same(&load_rows(&rows).unwrap().snapshot, &loaded.snapshot);
}

#[test]
fn every_correction_has_a_warning() {
    let warnings = |loaded: Result<ParsedDump, DumpError>| loaded.unwrap().warnings.join("\n");
    let cases = [
        (with("poem.groupofprobes", 2, "probes", json!([3, 1])), "poem.probe 1: in 2 groups, kept in group 1"),
        (
            with("poem.aggregation", 1, "groupname", json!("Nobody\n")),
            "poem.aggregation 1: no group of aggregations named \"Nobody\\n\", loaded without a group",
        ),
        (
            with("poem.metricinstance", 11, "vo", json!("biomed")),
            "poem.profile 3: 1 tuple(s) named another VO, they now have the profile's \"ops\"",
        ),
        (
            with_row(json!({"model": "poem.metricparent", "pk": 9, "fields": {"metric": 4, "value": "x"}})),
            "poem.metricparent 9: not the first one of poem.metric 4, \"x\" left out",
        ),
        (with("poem.metric", 1, "speed", json!(1)), "poem.metric: field \"speed\" is unknown and left out"),
        (
            with("poem.metric", 1, "fileparameter", json!("[\"-f x\"]")),
            "poem.metric 1: field \"fileparameter\" has text but no rows, left out",
        ),
        (
            with("poem.probe", 3, "description", json!("now")),
            "poem.probe 3: differs from its newest version, the current state is kept (Changed description.)",
        ),
    ];
    for (loaded, warning) in cases {
        assert_eq!(warnings(loaded), warning);
    }
}

#[test]
fn the_text_names_the_group_if_no_list_does() {
    let loaded = with("poem.aggregation", 1, "groupname", json!("SSC")).unwrap();
    assert_eq!(loaded.snapshot.aggregations[0].group, Some(2));
    let loaded = with("poem.aggregation", 2, "groupname", json!("SSC")).unwrap();
    assert_eq!(loaded.snapshot.aggregations[1].group, Some(1), "the list wins");
}

#[test]
fn of_two_rows_of_one_aggregation_the_first_stays_with_the_first_group() {
    let row = |key: i64, apiid: &str, group: &str| json!({"model": "poem.aggregation", "pk": key, "fields": {"name": format!("N{key}"), "apiid": apiid, "groupname": group}});
    let mut rows = rows();
    let known = rows[place(&rows, "poem.aggregation", 1)]["fields"]["apiid"].as_str().unwrap().to_owned();
    // Of 1 and its doubles, 7 is the first with a group; 8 has the group of a list.
    rows.extend([row(9, &known, "ARGO"), row(8, &known, ""), row(7, &known, "SSC"), row(6, &known, "")]);
    let argo = place(&rows, "poem.groupofaggregations", 1);
    rows[argo]["fields"]["aggregations"] = json!([2, 8]);
    let loaded = load_rows(&rows).unwrap();
    let kept: Vec<_> = loaded.snapshot.aggregations.iter().map(|it| (it.id, it.name.as_str(), it.group)).collect();
    assert_eq!(kept, [(1, "TEST_PROFILE", Some(2)), (2, "CRITICAL_AGG", Some(1))]);
    let left_out = |key| format!("poem.aggregation {key}: field \"apiid\": is that of poem.aggregation 1, left out");
    assert_eq!(loaded.warnings, [6, 7, 8, 9].map(left_out));
}

#[test]
fn aggregations_of_one_name_stay() {
    let fields = json!({"name": "CRITICAL_AGG", "apiid": "new", "groupname": "SSC"});
    let mut rows = rows();
    rows.push(json!({"model": "poem.aggregation", "pk": 9, "fields": fields}));
    // A reference by name means the first.
    let argo = place(&rows, "poem.groupofaggregations", 1);
    rows[argo]["fields"]["aggregations"] = json!([["CRITICAL_AGG"]]);
    let loaded = load_rows(&rows).unwrap();
    let kept: Vec<_> = loaded.snapshot.aggregations.iter().map(|it| (it.id, it.name.as_str(), it.group)).collect();
    assert_eq!(kept, [(1, "TEST_PROFILE", None), (2, "CRITICAL_AGG", Some(1)), (9, "CRITICAL_AGG", Some(2))]);
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn equal_tuples_collapse() {
    let fields = json!({"profile": 1, "service_flavour": "APEL", "metric": "org.apel.APEL-Pub", "vo": "ops"});
    let loaded = with_row(json!({"model": "poem.metricinstance", "pk": 99, "fields": fields})).unwrap();
    assert_eq!(loaded.warnings, ["poem.metricinstance 99: the same tuple as 4, left out"]);
    assert_eq!((loaded.snapshot.profiles[0].instances.len(), loaded.objects), (7, 287));
}

#[test]
fn versions_of_deleted_objects_are_left_out() {
    let mut rows = rows();
    rows.remove(place(&rows, "poem.probe", 3));
    let place = place(&rows, "poem.groupofprobes", 2);
    rows[place]["fields"]["probes"] = json!([]);
    let loaded = load_rows(&rows).unwrap();
    assert_eq!(
        loaded.warnings[..2],
        [
            "reversion.version: 1 version(s) left out, their probe or metric no longer exists",
            "poem.metric 5: the probe of \"CertLifetime-probe (1.0.0)\" is gone, loaded without a probe"
        ]
    );
    assert_eq!((loaded.snapshot.versions.len(), loaded.objects), (27, 285));
}

#[test]
fn text_is_kept_unchanged() {
    let text = "𝒫 <script>alert(1)</script> & \"č\"\n\t";
    let loaded = with("poem.probe", 1, "comment", json!(text)).unwrap();
    assert_eq!(loaded.snapshot.probes[0].comment, text);
}

#[test]
fn a_label_is_known_in_any_case() {
    let text = String::from_utf8(SMALL.to_vec()).unwrap();
    let loaded = load(text.replace("\"poem.tags\"", "\"poem.Tags\"").as_bytes()).unwrap();
    assert_same(&loaded.snapshot, &load(SMALL).unwrap().snapshot);
}

#[test]
fn an_empty_dump_is_an_empty_snapshot() {
    let loaded = load("\u{feff}[]".as_bytes()).unwrap();
    assert_eq!((loaded.snapshot, loaded.objects), (Snapshot::default(), 0));
}
