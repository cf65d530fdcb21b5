//! Reading and writing of profiles, with property tests of the parser.

use proptest::collection::{hash_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn sound() -> Value {
    json!({
        "name": "ARGO_MON", "version": "1.0", "vo": "ops", "description": null,
        "metric_instances": [
            {"metric": "org.nagios.Ping", "fqan": null, "vo": "other", "atp_service_type_flavour": "CREAM-CE"},
            {"metric": "org.nagios.Ping", "fqan": "/ops", "atp_service_type_flavour": "CREAM-CE", "id": 7},
        ],
        "groupname": "ARGO",
    })
}

fn parsed(json: &Value) -> Result<Vec<ProfileContent>, String> {
    parse(json.to_string().as_bytes()).map(|parsed| parsed.profiles).map_err(|error| error.to_string())
}

/// The error of the parser after a change to the sound profile.
fn problem(change: impl FnOnce(&mut Value)) -> String {
    let mut profile = sound();
    change(&mut profile);
    parsed(&json!([profile])).expect_err("the change spoils the profile")
}

#[test]
fn a_profile_is_read() {
    let tuple = |fqan: &str| Tuple {
        service_flavour: "CREAM-CE".to_owned(),
        metric: "org.nagios.Ping".to_owned(),
        fqan: fqan.to_owned(),
    };
    let expected = ProfileContent {
        name: "ARGO_MON".to_owned(),
        version: "1.0".to_owned(),
        vo: "ops".to_owned(),
        description: None,
        group: String::new(),
        tuples: vec![tuple(""), tuple("/ops")],
    };
    assert_eq!(parsed(&json!([sound()])), Ok(vec![expected]));
    assert_eq!(parsed(&json!([])), Ok(vec![]));
}

#[test]
fn the_response_of_api_0_2_is_read() {
    let answer = json!([{
        "name": "P", "atp_vo": "ops", "version": "1.0", "description": "",
        "metric_instances": [{"metric": "m", "fqan": "", "vo": "ops", "atp_service_type_flavour": "f"}],
    }]);
    let profiles = parsed(&answer).unwrap();
    assert_eq!((profiles[0].vo.as_str(), profiles[0].description.as_deref()), ("ops", Some("")));
    assert_eq!(profiles[0].tuples[0].fqan, "");
}

#[test]
fn two_names_of_the_vo_must_agree() {
    let mut profile = sound();
    profile["atp_vo"] = json!("ops");
    assert!(parsed(&json!([profile])).is_ok());
    profile["vo"] = json!(null);
    assert!(parsed(&json!([profile])).is_ok());
    profile["atp_vo"] = json!(" ");
    assert_eq!(parsed(&json!([profile])).unwrap_err(), r#"profile "ARGO_MON": "atp_vo" is empty"#);
    let differing = problem(|profile| profile["atp_vo"] = json!("atlas"));
    assert_eq!(differing, r#"profile "ARGO_MON": "vo" and "atp_vo" differ"#);
}

#[test]
fn a_text_that_is_no_list_of_profiles_is_refused() {
    let message = |text: &[u8]| parse(text).unwrap_err().to_string();
    assert_eq!(message(b"{}"), "this is not a list of profiles");
    assert_eq!(message(b"[3]"), "profile [0]: is not an object");
    assert_eq!(message(b"[\n{,}]"), "this is not JSON: key must be a string at line 2 column 2");
    for text in [&b""[..], b"[\"\xff\"]", b"[\"\\ud800\"]", b"<html></html>", b"[] []"] {
        assert!(message(text).starts_with("this is not JSON: "), "{text:?}");
    }
    assert!(message("[".repeat(100_000).as_bytes()).starts_with("this is not JSON: recursion limit"));
}

#[test]
fn texts_are_read_as_forms_store_them() {
    let mut profile = sound();
    profile["name"] = json!("\u{feff}A\u{2028}B\u{200b} ");
    profile["description"] = json!(" one\r\ntwo\u{b}three ");
    let profiles = parse(json!([profile]).to_string().as_bytes()).unwrap().profiles;
    assert_eq!((profiles[0].name.as_str(), profiles[0].description.as_deref()), ("A B", Some("one\ntwo\nthree")));
    let message = problem(|profile| profile["vo"] = json!("o\u{200b}ps"));
    assert_eq!(message, r#"profile "ARGO_MON": "vo" has an invisible character: U+200B in line 1, column 2"#);
}

#[test]
fn an_error_names_the_profile_and_the_field() {
    let cases: [(&str, Value, &str); 15] = [
        ("/name", json!(null), r#"profile [0]: "name" is missing"#),
        ("/name", json!(" "), r#"profile [0]: "name" is empty"#),
        ("/name", json!(["A"]), r#"profile [0]: "name" is not text"#),
        ("/name", json!("a\u{0}b"), r#"profile [0]: "name" has a control character: U+0000 in line 1, column 2"#),
        ("/name", json!("é".repeat(129)), r#"profile [0]: "name" has 129 characters, 128 are allowed"#),
        ("/version", json!(1.0), r#"profile "ARGO_MON": "version" is not text"#),
        ("/version", json!("12345678901"), r#"profile "ARGO_MON": "version" has 11 characters, 10 are allowed"#),
        ("/vo", json!(null), r#"profile "ARGO_MON": "vo" is missing"#),
        ("/vo", json!("a\nb"), r#"profile "ARGO_MON": "vo" has a control character: U+000A in line 1, column 2"#),
        (
            "/description",
            json!("\u{0}"),
            r#"profile "ARGO_MON": "description" has a control character: U+0000 in line 1, column 1"#,
        ),
        ("/description", json!(["x"]), r#"profile "ARGO_MON": "description" is not text"#),
        ("/metric_instances", json!(null), r#"profile "ARGO_MON": "metric_instances" is missing"#),
        ("/metric_instances", json!({}), r#"profile "ARGO_MON": "metric_instances" is not a list"#),
        ("/metric_instances/1", json!("x"), r#"profile "ARGO_MON", metric_instances[1]: is not an object"#),
        ("/metric_instances/1/metric", json!(null), r#"profile "ARGO_MON", metric_instances[1]: "metric" is missing"#),
    ];
    for (pointer, value, expected) in cases {
        let message = problem(|profile| *profile.pointer_mut(pointer).unwrap() = value);
        assert_eq!(message, expected);
    }
}

#[test]
fn a_required_key_is_required() {
    for key in ["name", "version", "vo", "description", "metric_instances"] {
        let message = problem(|profile| drop(profile.as_object_mut().unwrap().remove(key)));
        assert!(message.ends_with(&format!("\"{key}\" is missing")), "{message}");
    }
    let message = problem(|profile| profile["metric_instances"][0]["atp_service_type_flavour"] = json!(""));
    assert_eq!(message, r#"profile "ARGO_MON", metric_instances[0]: "atp_service_type_flavour" is empty"#);
}

#[test]
fn profiles_and_tuples_are_unique() {
    let twice = parsed(&json!([sound(), sound()])).unwrap_err();
    assert_eq!(twice, r#"profile "ARGO_MON": version "1.0" occurs twice"#);
    let mut other_version = sound();
    other_version["version"] = json!("");
    assert_eq!(parsed(&json!([sound(), other_version])).map(|profiles| profiles.len()), Ok(2));
}

/// As in a dump: POEM 2.3 allowed doubled tuples if the FQAN is null.
#[test]
fn of_equal_tuples_the_first_is_kept_with_a_warning() {
    for fqan in [json!(null), json!("")] {
        let mut profile = sound();
        profile["metric_instances"][1]["fqan"] = fqan;
        let doubled = parse(json!([profile]).to_string().as_bytes()).unwrap();
        assert_eq!(doubled.profiles[0].tuples.len(), 1);
        let words = r#"profile "ARGO_MON", metric_instances[1]: the same tuple occurs before, left out"#;
        assert_eq!(doubled.warnings, [words]);
    }
}

#[test]
fn a_byte_order_mark_is_dropped_and_a_line_before_the_json_is_shown() {
    assert_eq!(parse("\u{feff}[]".as_bytes()), Ok(ParsedProfiles::default()));
    let message = parse(b"Password:\n[]").unwrap_err().to_string();
    assert!(message.ends_with(r#"line 1 column 1; it begins with "Password:""#), "{message}");
}

#[test]
fn an_export_has_the_format_of_poem_2_3() {
    let tuple = Tuple { service_flavour: "f\"".to_owned(), metric: "m".to_owned(), fqan: String::new() };
    let profile = ProfileContent {
        name: "Žaba 🐸".to_owned(),
        version: "1.0".to_owned(),
        vo: "ops".to_owned(),
        description: None,
        group: "left out".to_owned(),
        tuples: vec![tuple],
    };
    let bare = ProfileContent { description: Some("\u{7f}\t\u{1}".to_owned()), ..ProfileContent::default() };
    let expected = r#"[
    {
        "name": "\u017daba \ud83d\udc38",
        "vo": "ops",
        "version": "1.0",
        "description": null,
        "metric_instances": [
            {
                "metric": "m",
                "fqan": null,
                "vo": "ops",
                "atp_service_type_flavour": "f\""
            }
        ]
    },
    {
        "name": "",
        "vo": "",
        "version": "",
        "description": "\u007f\t\u0001",
        "metric_instances": []
    }
]"#;
    assert_eq!(to_json(&[profile, bare]), expected);
    assert_eq!(to_json(&[]), "[]");
}

/// A name as it is stored: neither control nor invisible characters, no blanks at the ends.
const NAME: &str = "[!-~¡-¬®-ʯ\u{1f600}-\u{1f64f}]{1,13}";

prop_compose! {
    fn tuples()(tuples in hash_set((NAME, NAME, "[!-~ä-ž]{0,12}"), 0..5)) -> Vec<Tuple> {
        let tuple = |(service_flavour, metric, fqan)| Tuple { service_flavour, metric, fqan };
        tuples.into_iter().map(tuple).collect()
    }
}

prop_compose! {
    fn content()(
        name in NAME,
        version in "[!-~ä-ž]{0,10}",
        vo in NAME,
        description in option::of("[ -~\n\tä-ž]{0,60}".prop_map(|description| text::long(&description))),
        tuples in tuples(),
    ) -> ProfileContent {
        ProfileContent { name, version, vo, description, group: String::new(), tuples }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_export_is_imported_unchanged(mut profiles in vec(content(), 0..4)) {
        let mut seen = HashSet::new();
        profiles.retain(|profile| seen.insert((profile.name.clone(), profile.version.clone())));
        let json = to_json(&profiles);
        prop_assert!(json.is_ascii());
        prop_assert_eq!(parse(json.as_bytes()).map(|parsed| parsed.profiles), Ok(profiles));
    }

    #[test]
    fn any_bytes_are_read_or_refused_in_one_line(bytes in vec(any::<u8>(), 0..60)) {
        if let Err(error) = parse(&bytes) {
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn any_damage_is_read_or_refused_in_one_line(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = json!([sound()]).to_string().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Err(error) = parse(&bytes) {
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }
}
