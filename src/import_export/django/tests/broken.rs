//! The errors of dumps that cannot be read. None of them causes a panic.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{SMALL, error_of, load, load_rows, place, rows, with, with_row};

#[test]
fn broken_files_are_named() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "line 1, column 0: EOF while parsing a value"),
        (b"[\n{\"model\": \"poem", "line 2, column 15: EOF while parsing a string"),
        (
            b"\nSystem check: 1 issue\n[]",
            "line 2, column 1: expected value; the file begins with \"System check: 1 issue\" and not with a list",
        ),
        (b"[]\nx", "line 2, column 1: trailing characters"),
        (b"{}", "not a list of rows, as dumpdata writes it"),
        (b"[\n\xff]", "line 2: not UTF-8 text"),
        (b"[1]", "row 1 of the file: must be an object, is the number 1"),
        (b"[{\"pk\": 1}]", "row 1 of the file: has no \"model\""),
        (b"[{\"model\": \"poem.vo\", \"pk\": \"a\"}]", "row 1 of the file: poem.vo without \"fields\""),
    ];
    for (dump, words) in cases {
        assert_eq!(error_of(load(dump)), words);
    }
}

#[test]
fn broken_rows_are_named() {
    let row = |model: &str, key: Value, fields: Value| json!({"model": model, "pk": key, "fields": fields});
    let named = json!({"name": "x"});
    let cases = [
        (row("poem.thing", json!(1), json!({})), "row 452 of the file: unknown model \"poem.thing\""),
        (
            row("poem.tags", json!("7"), named.clone()),
            "row 452 of the file: poem.tags: the key must be a whole number from 1 up, is the text \"7\"",
        ),
        (
            row("poem.tags", json!(0), named.clone()),
            "row 452 of the file: poem.tags: the key must be a whole number from 1 up, is the number 0",
        ),
        (
            row("poem.tags", json!(i64::MAX), named.clone()),
            "row 452 of the file: poem.tags: key 9223372036854775807 is too large",
        ),
        (
            row("poem.vo", json!(5), json!({})),
            "row 452 of the file: poem.vo: the key must be a text without NUL characters, is the number 5",
        ),
        (row("poem.vo", json!("ops"), json!({})), "poem.vo \"ops\": occurs twice in the file"),
        (row("poem.tags", json!(3), named.clone()), "poem.tags 3: occurs twice in the file"),
        (
            row("poem.groupofprobes", Value::Null, json!({"name": "SSC"})),
            "poem.groupofprobes 3: field \"name\": the same as that of poem.groupofprobes 2",
        ),
        (
            row("poem.userprofile", json!(9), json!({"user": 1})),
            "poem.userprofile 9: field \"user\": the same as that of poem.userprofile 1",
        ),
    ];
    for (row, words) in cases {
        assert_eq!(error_of(with_row(row)), words);
    }
}

#[test]
fn broken_fields_are_named() {
    let cases = [
        ("poem.metric", 2, "tag", json!(9), "no poem.tags with key 9"),
        ("poem.metric", 2, "tag", json!(null), "must name one of poem.tags, is null or missing"),
        ("poem.metric", 2, "group", json!(["No\nbody"]), "no poem.groupofmetrics named \"No\\nbody\""),
        ("poem.metric", 2, "probekey", json!(4), "reversion.version 4 is not a version of a probe"),
        ("poem.metric", 2, "probekey", json!("4"), "must name one of reversion.version, is the text \"4\""),
        ("poem.metric", 2, "name", json!("argo.AMS-Check"), "the same as that of poem.metric 1"),
        ("poem.metric", 2, "name", json!(["a"]), "must be a text, is a list"),
        ("poem.metric", 2, "name", json!("a\0b"), "has a NUL character in it"),
        ("poem.metricconfig", 1, "value", json!(5), "must be a text, is the number 5"),
        ("poem.metricconfig", 1, "metric", json!(99), "no poem.metric with key 99"),
        ("poem.metricinstance", 1, "profile", json!(99), "no poem.profile with key 99"),
        ("poem.groupofprobes", 1, "probes", json!([1, 99]), "no poem.probe with key 99"),
        ("poem.groupofprobes", 1, "probes", json!(1), "must be a list, is the number 1"),
        ("poem.probe", 3, "name", json!("ams-probe"), "the same as that of poem.probe 1"),
        ("poem.probe", 1, "datetime", json!("yesterday"), "must be a time, is the text \"yesterday\""),
        ("poem.profile", 2, "name", json!("ARGO_MON"), "the same as that of poem.profile 1"),
        ("poem.custuser", 2, "is_staff", json!(1), "must be true or false, is the number 1"),
        ("poem.custuser", 2, "groupsofprobes", json!([9]), "no poem.groupofprobes with key 9"),
        ("poem.userprofile", 3, "egiid", json!("abc123@egi.eu"), "the same as that of poem.userprofile 2"),
        ("rest_framework_api_key.apikey", 2, "client_id", json!("EGI"), "the same as that of …"),
        ("reversion.version", 4, "revision", json!(99), "no reversion.revision with key 99"),
        ("reversion.revision", 1, "user", json!(["nobody"]), "no poem.custuser named \"nobody\""),
        ("reversion.revision", 1, "comment", json!("[{\"changed\": {\"fields\": [\"\\u0000\"]}}]"), "has a NUL …"),
        ("admin.logentry", 1, "object_id", json!(1), "must be a text, is the number 1"),
        ("admin.logentry", 1, "user", json!(null), "must name one of poem.custuser, is null or missing"),
    ];
    for (model, key, field, value, reason) in cases {
        let words = error_of(with(model, key, field, value));
        let expected = format!("{model} {key}: field \"{field}\": {reason}");
        match expected.strip_suffix('…') {
            Some(start) => assert!(words.starts_with(start), "{words}"),
            None => assert_eq!(words, expected),
        }
    }
}

#[test]
fn a_missing_field_is_named() {
    let mut rows = rows();
    let place = place(&rows, "poem.probe", 1);
    rows[place]["fields"].as_object_mut().unwrap().shift_remove("docurl");
    assert_eq!(error_of(load_rows(&rows)), "poem.probe 1: field \"docurl\": is missing");
}

/// A value of an unexpected type or content.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..30_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([["ARGO"], 1])),
        Just(json!({"a": []})),
        Just(json!("[{\"added\": {}}, {\"changed\": {\"name\": \"metric config\"}}]")),
        Just(json!("[{\"model\": \"poem.metric\", \"fields\": {}}]")),
    ]
}

fn assert_ok_or_one_line(dump: &[u8]) {
    match load(dump) {
        Ok(loaded) => assert!(loaded.warnings.iter().all(|warning| warning.lines().count() == 1)),
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_dump_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), odd_value()), 1..3),
    ) {
        let mut rows = rows();
        // Most rows belong to models that are ignored.
        rows.retain(|row| row["model"] != "auth.permission" && row["model"] != "sessions.session");
        for (row, field, value) in changes {
            let row = row.get(&rows).clone();
            let place = rows.iter().position(|other| *other == row).unwrap_or_default();
            let names: Vec<String> = row["fields"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            match field.index(names.len() + 2) {
                0 => rows[place]["pk"] = value,
                1 => { rows.remove(place); }
                name => rows[place]["fields"][&names[name - 2]] = value,
            }
        }
        assert_ok_or_one_line(&serde_json::to_vec(&rows).unwrap());
    }

    #[test]
    fn broken_bytes_never_panic(end in 0..SMALL.len(), place in 0..SMALL.len(), byte: u8) {
        assert_ok_or_one_line(&SMALL[..end]);
        let mut dump = SMALL.to_vec();
        dump[place] = byte;
        assert_ok_or_one_line(&dump);
    }
}
