//! Every field of 2.3's models with null, with an empty text and missing: the dump loads, or a message names the place.

use serde_json::{Map, Value, json};

use super::super::models::Model;
use super::{error_of, load_rows, rows, with, with_row};
use crate::domain::model::snapshot::{Version, VersionContent};

/// The columns of 2.3's tables by model: `t` text, `n` number, `f` flag, `d` time, `m` list of references; `?` allows
/// null.
const TABLES: [(Model, &str); 32] = [
    (Model::ContentType, "app_label:t model:t"),
    (Model::Tag, "name:t"),
    (Model::MetricType, "name:t"),
    (Model::GroupOfAggregations, "name:t permissions:m aggregations:m"),
    (Model::GroupOfProfiles, "name:t permissions:m profiles:m"),
    (Model::GroupOfProbes, "name:t permissions:m probes:m"),
    (Model::GroupOfMetrics, "name:t permissions:m metrics:m"),
    (
        Model::User,
        "password:t last_login:d? is_superuser:f username:t first_name:t last_name:t email:t is_staff:f is_active:f \
         date_joined:d user_permissions:m groups:m groupsofprofiles:m groupsofmetrics:m groupsofprobes:m \
         groupsofaggregations:m",
    ),
    (Model::UserProfile, "user:n subject:t? egiid:t? displayname:t?"),
    (Model::ApiKey, "created:d client_id:t token:t hashed_token:t? revoked:f"),
    (Model::Vo, ""),
    (Model::Flavour, "description:t?"),
    (
        Model::Service,
        "service_id:t service_name:t service_area:t service_version:t service_type:t component_version:t \
         component_name:t visible_to_marketplace:f in_catalogue:f external_service:f internal_service:f",
    ),
    (
        Model::Probe,
        "name:t version:t nameversion:t description:t comment:t repository:t docurl:t group:t user:t datetime:d?",
    ),
    (Model::MetricName, "name:t"),
    (
        Model::Metric,
        "name:t tag:n mtype:n probeversion:t probekey:n? group:n? parent:t probeexecutable:t config:t attribute:t \
         dependancy:t flags:t files:t parameter:t fileparameter:t cloned:t?",
    ),
    (Model::MetricConfig, "key:t? value:t? metric:n?"),
    (Model::MetricFlags, "key:t value:t metric:n"),
    (Model::MetricDependency, "key:t value:t metric:n"),
    (Model::MetricAttribute, "key:t value:t metric:n"),
    (Model::MetricParameter, "key:t value:t metric:n"),
    (Model::MetricFileParameter, "key:t value:t metric:n"),
    (Model::MetricFileAttribute, "key:t value:t metric:n"),
    (Model::MetricExecutable, "value:t? metric:n?"),
    (Model::MetricParent, "value:t? metric:n?"),
    (Model::Profile, "name:t version:t vo:t description:t? groupname:t"),
    (Model::MetricInstance, "profile:n service_flavour:t metric:t vo:t? fqan:t?"),
    (Model::Aggregation, "name:t apiid:t groupname:t"),
    (Model::Revision, "date_created:d user:n? comment:t"),
    (Model::Version, "revision:n object_id:t content_type:n db:t format:t serialized_data:t object_repr:t"),
    (Model::ExtRevision, "version:t probeid:n revision:n"),
    (Model::LogEntry, "action_time:d user:n content_type:n? object_id:t? object_repr:t action_flag:n change_message:t"),
];

/// The columns of a model: name, kind, and whether null is allowed.
fn columns(table: &'static str) -> Vec<(&'static str, char, bool)> {
    let column = |text: &'static str| {
        let (name, kind) = text.split_once(':').unwrap();
        (name, kind.chars().next().unwrap(), kind.ends_with('?'))
    };
    table.split_whitespace().map(column).collect()
}

#[test]
fn the_table_has_every_field_of_every_model() {
    for model in Model::ALL.into_iter().filter(|model| !model.is_dropped()) {
        let table = TABLES.iter().find(|(of, _)| *of == model).map(|(_, table)| columns(table));
        let mut names: Vec<&str> = table.unwrap_or_default().into_iter().map(|(name, ..)| name).collect();
        let mut fields = model.fields().to_vec();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields, "{}", model.label());
    }
}

/// The first row of a model in small.json with one field changed: `None` removes it.
fn changed(model: Model, field: &str, value: Option<&Value>) -> (String, Vec<Value>) {
    let mut rows = rows();
    let row = rows.iter_mut().find(|row| row["model"] == model.label()).unwrap();
    let fields: &mut Map<String, Value> = row["fields"].as_object_mut().unwrap();
    match value {
        Some(value) => _ = fields.insert(field.to_owned(), value.clone()),
        None => _ = fields.shift_remove(field),
    }
    (format!("{} {}: field \"{field}\"", model.label(), row["pk"]), rows)
}

#[test]
fn every_value_that_the_tables_allow_loads_or_is_left_out_by_name() {
    let whole = super::load(super::SMALL).unwrap();
    for (model, table) in TABLES {
        for (field, kind, may_be_null) in columns(table) {
            for value in [Some(Value::Null), Some(json!("")), None] {
                let is_text = value == Some(json!(""));
                let is_allowed = if is_text { kind == 't' } else { may_be_null };
                let (place, rows) = changed(model, field, value.as_ref());
                let case = format!("{place} = {value:?}");
                let loaded = match load_rows(&rows) {
                    Ok(loaded) => loaded,
                    Err(error) => {
                        assert!(!is_allowed && error.to_string().starts_with(&place), "{case}: {error}");
                        continue;
                    }
                };
                let left_out = whole.objects - loaded.objects;
                let named = loaded.warnings.iter().any(|line| line.starts_with(&place) && line.ends_with("left out"));
                assert!(left_out == 0 || left_out == 1 && named, "{case}: {:?}", loaded.warnings);
                let lost: usize = std::iter::zip(&whole.counts, &loaded.counts)
                    .map(|((_, before), (_, after))| before.saturating_sub(*after))
                    .sum();
                assert!(lost <= left_out, "{case}: {:?}", loaded.counts);
            }
        }
    }
}

#[test]
fn rows_that_say_nothing_are_left_out_by_name() {
    let row = |model: &str, fields: Value| with_row(json!({"model": model, "pk": 99, "fields": fields}));
    let nothing = json!({"profile": 1, "service_flavour": "", "metric": "", "vo": null, "fqan": null});
    let cases = [
        (
            row("poem.metricconfig", json!({"metric": 1, "key": "x", "value": null})),
            "poem.metricconfig 99: field \"value\": is null",
        ),
        (
            row("poem.metricflags", json!({"metric": 1, "key": "", "value": ""})),
            "poem.metricflags 99: field \"key\": is empty, like the value",
        ),
        (
            row("poem.metricparent", json!({"metric": null, "value": "x"})),
            "poem.metricparent 99: field \"metric\": names no metric",
        ),
        (
            row("poem.metricinstance", nothing),
            "poem.metricinstance 99: field \"metric\": is empty, like the flavour and the FQAN",
        ),
        (
            row("poem.metrics", json!({"name": "argo.AMS-Check"})),
            "poem.metrics 99: field \"name\": is that of poem.metrics 1",
        ),
        (row("poem.tags", json!({"name": "Test"})), "poem.tags 99: field \"name\": is that of poem.tags 3"),
        (row("poem.aggregation", json!({"name": "x", "apiid": "", "groupname": ""})), ""),
        (
            with("admin.logentry", 1, "action_flag", json!(4)),
            "admin.logentry 1: field \"action_flag\": is none of 1, 2 and 3",
        ),
        (
            with("rest_framework_api_key.apikey", 1, "token", json!("")),
            "rest_framework_api_key.apikey 1: field \"token\": is empty",
        ),
    ];
    for (loaded, warning) in cases {
        let loaded = loaded.unwrap();
        let warnings: Vec<&str> = loaded.warnings.iter().map(|line| line.trim_end_matches(", left out")).collect();
        assert_eq!(warnings.join("\n"), warning);
    }
}

#[test]
fn a_reference_to_a_double_counts_for_the_first() {
    let mut rows = rows();
    rows.push(json!({"model": "poem.tags", "pk": 9, "fields": {"name": "Production"}}));
    let metric = super::place(&rows, "poem.metric", 1);
    let before = load_rows(&rows).unwrap().snapshot.metrics[0].tag.clone();
    rows[metric]["fields"]["tag"] = json!(9);
    let loaded = load_rows(&rows).unwrap();
    assert_eq!((before.as_str(), loaded.snapshot.metrics[0].tag.as_str()), ("Production", "Production"));
    assert_eq!(loaded.snapshot.tags.len(), 3);
}

#[test]
fn a_null_executable_is_empty() {
    let loaded = with("poem.metricprobeexecutable", 1, "value", Value::Null).unwrap();
    assert!(
        loaded.snapshot.metrics.iter().any(|metric| metric.metric_type == "Active" && metric.executable.is_empty())
    );
}

#[test]
fn a_probe_without_a_time_has_that_of_its_newest_version() {
    let loaded = with("poem.probe", 1, "datetime", Value::Null).unwrap();
    let of_probe = |version: &&Version| version.object_id == 1 && matches!(version.content, VersionContent::Probe(_));
    let newest = loaded.snapshot.versions.iter().filter(of_probe).map(|version| version.created).max();
    assert_eq!(Some(loaded.snapshot.probes[0].changed_at), newest);
    assert_eq!(loaded.warnings, ["poem.probe 1: field \"datetime\": is null, the time of the newest version counts"]);
}

#[test]
fn a_version_that_cannot_be_read_is_left_out_by_name() {
    let data = |fields: &str| json!(format!("[{{\"model\": \"poem.metric\", \"pk\": 1, \"fields\": {{{fields}}}}}]"));
    let cases = [
        ("object_id", json!("x"), "must be a number as text, is \"x\""),
        ("format", json!("xml"), "must be the text \"json\", is the text \"xml\""),
        ("serialized_data", json!("[{"), "is not JSON: EOF while parsing an object …"),
        ("serialized_data", json!("[]"), "must be a list with one object as JSON"),
        ("serialized_data", data(r#""name": 1"#), "\"name\" must be a text, is the number 1"),
        ("serialized_data", data(r#""name": "\u0000""#), "\"name\" has a NUL character in it"),
        ("serialized_data", data(r#""config": "x""#), "\"config\" is not JSON: …"),
        ("serialized_data", data(r#""config": "[1]""#), "\"config\" must be a list of texts …"),
    ];
    for (field, value, reason) in cases {
        let loaded = with("reversion.version", 4, field, value);
        let warning = loaded.unwrap().warnings[0].clone();
        let expected = format!("reversion.version 4: field \"{field}\": {}", reason.trim_end_matches('…'));
        assert!(warning.starts_with(&expected) && warning.ends_with(", left out"), "{warning}");
    }
    let loaded = with("reversion.version", 1, "serialized_data", json!("")).unwrap();
    assert!(loaded.warnings[0].starts_with("reversion.version 1: field \"serialized_data\""), "{:?}", loaded.warnings);
}

#[test]
fn line_ends_of_windows_are_those_of_unix() {
    let text = "one\r\ntwo\rthree\u{2028}four";
    let unix = "one\ntwo\nthree\nfour";
    let snapshot = with("poem.probe", 1, "description", json!(text)).unwrap().snapshot;
    assert_eq!(snapshot.probes[0].description, unix);
    let snapshot = with("poem.profile", 1, "description", json!(text)).unwrap().snapshot;
    assert_eq!(snapshot.profiles[0].description.as_deref(), Some(unix));
    assert_eq!(
        error_of(with("poem.probe", 1, "description", json!("a\0b"))),
        "poem.probe 1: field \"description\": has a NUL character in it"
    );
}
