//! The search over all objects, and their counts.

use poem::domain::model::object_kind::ObjectKind;
use poem::domain::model::search_text::SearchText;
use poem::store::counts;
use poem::store::search::{self, FoundKind, SearchParams, SearchResult, SearchScope};

use super::{egi_sql, read};
use crate::support::Installation;

/// Returns what a text finds: the first results of each kind.
fn found(installation: &Installation, text: &str, for_superuser: bool, page_size: i64) -> Vec<SearchResult> {
    let scope = if for_superuser { SearchScope::Superuser } else { SearchScope::User };
    let text = SearchText::parse(text);
    let params = SearchParams { text: &text, scope, kind: None, page: 1, page_size };
    read(installation, async |conn| search::everything(conn, params).await)
}

/// Returns the metrics that a text finds, with the places: `parameter --url=x`.
fn places(installation: &Installation, text: &str, kind: ObjectKind) -> Vec<(String, Vec<String>)> {
    let found = found(installation, text, true, 100).into_iter();
    let of_kind = found.filter(|found| found.kind == FoundKind::Object(kind));
    let shown = |found: SearchResult| {
        let places = found.found_in.iter().map(|one| format!("{} {}={}", one.place, one.key, one.text));
        (found.name.clone(), places.collect())
    };
    of_kind.map(shown).collect()
}

#[test]
fn every_kind_of_object_is_found() {
    let installation = Installation::with_small_data();
    let first = |text: &str, kind| {
        let found = found(&installation, text, true, 5);
        let first = found.iter().find(|found| found.kind == kind).unwrap_or_else(|| panic!("{text}: {found:?}"));
        (first.id.clone(), first.name.clone(), first.note.clone())
    };
    let is = |id: &str, name: &str, note: &str| (id.to_owned(), name.to_owned(), note.to_owned());
    let object = FoundKind::Object;
    assert_eq!(first("certvalidity-c", object(ObjectKind::Metric)), is("9", "eu.egi.CertValidity-clone (Test)", ""));
    assert_eq!(first("AMS-PROBE", object(ObjectKind::Probe)).0, "1");
    assert_eq!(first("edited in place", object(ObjectKind::Probe)).1, "CertLifetime-probe");
    assert_eq!(first("place in edited", object(ObjectKind::Probe)).1, "CertLifetime-probe", "words in any order");
    assert_eq!(first("biomed argo_mon used", object(ObjectKind::Profile)).1, "ARGO_MON_BIOMED (1.0)");
    assert!(found(&installation, "biomed nowhere", true, 5).is_empty(), "all words");
    assert_eq!(first("used for biomed", object(ObjectKind::Profile)).1, "ARGO_MON_BIOMED (1.0)");
    assert_eq!(first("biomed", object(ObjectKind::Profile)), is("2", "ARGO_MON_BIOMED (1.0)", "biomed"));
    assert_eq!(first("nova", object(ObjectKind::Service)), is("102", "Cloud Compute", "org.openstack.nova, Compute"));
    assert_eq!(first("ops", FoundKind::Vo), is("ops", "ops", ""));
    assert_eq!(first("webdav", FoundKind::ServiceFlavour).0, "webdav");
    assert_eq!(first("critical", object(ObjectKind::Aggregation)), is("2", "CRITICAL_AGG", ""));
    for kind in [
        ObjectKind::GroupOfProfiles,
        ObjectKind::GroupOfProbes,
        ObjectKind::GroupOfMetrics,
        ObjectKind::GroupOfAggregations,
    ] {
        assert_eq!(first("ssc", object(kind)), is("2", "SSC", ""));
    }
    assert_eq!(first("carol@", object(ObjectKind::CustUser)), is("4", "carol", "Carol Testova"));
}

#[test]
fn only_superusers_find_users() {
    let installation = Installation::with_small_data();
    assert!(!found(&installation, "carol", true, 5).is_empty());
    assert!(found(&installation, "carol", false, 5).is_empty());
}

#[test]
fn exact_matches_come_before_prefixes_and_substrings() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "INSERT INTO profile (name, vo) VALUES ('x argo_mon', 'v'), ('argo_mon', 'v'), ('a', 'argo_mon')",
    );
    let all = found(&installation, "argo_mon", true, 100);
    let names: Vec<&str> = all.iter().map(|found| found.name.as_str()).collect();
    let expected = [
        "ARGO_MON (1.0)",
        "argo_mon (1.0)",
        "ARGO_MON_BIOMED (1.0)",
        "ARGO_MON_CRITICAL (1.0)",
        "x argo_mon (1.0)",
        "a (1.0)",
    ];
    assert_eq!(names, expected);
    let few = found(&installation, "argo_mon", true, 2);
    assert_eq!((few.len(), few[0].total), (2, 6));
    for nothing in ["", "%", "\0", "' OR true --"] {
        assert!(found(&installation, nothing, true, 5).is_empty(), "{nothing:?}");
    }
}

/// Sets every text of metric 1 that has a place of its own, and of the first probe and profile.
fn fill_texts(installation: &Installation) {
    egi_sql(
        installation,
        "DELETE FROM metric_setting WHERE metric_id = 1;
         UPDATE metric SET executable = 'bin/check_it', parent = 'org.parent', probe_version_id =
             (SELECT id FROM version WHERE kind = 'probe' AND content ->> 'name' = 'CertLifetime-probe' LIMIT 1) WHERE id = 1;
         INSERT INTO metric_setting (metric_id, section, position, key, value)
             SELECT 1, section, n, 'K' || section || n, 'V' || section FROM generate_series(0, 1) n,
             unnest(ARRAY['config', 'attribute', 'dependency', 'parameter', 'flags', 'file_attribute', 'file_parameter']) section;
         UPDATE probe SET repository = 'https://git.example/r', docurl = 'https://docs.example/d', comment = 'Sagt Grüße'
             WHERE id = 1;
         INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id, fqan)
             SELECT 1, 'Strange-Flavour', metric_name_id, '/vo/Role=x' FROM metric WHERE id = 1",
    );
}

#[test]
fn settings_are_found_with_their_places() {
    let installation = Installation::with_small_data();
    fill_texts(&installation);
    let name = found(&installation, "Kconfig0", true, 5)[0].name.clone();
    for (text, expected) in [
        ("check_IT", vec!["executable =bin/check_it"]),
        ("ORG.parent", vec!["parent =org.parent"]),
        ("kattribute1", vec!["attribute Kattribute1=Vattribute"]),
        ("vdependency", vec!["dependency Kdependency0=Vdependency"]),
        ("Kparameter0 vPARAMETER", vec!["parameter Kparameter0=Vparameter"]),
        ("vparameter kparameter1", vec!["parameter Kparameter1=Vparameter"]),
        ("Kflags1", vec!["flags Kflags1=Vflags"]),
        ("Kfile_attribute0", vec!["file_attribute Kfile_attribute0=Vfile_attribute"]),
        ("Kfile_parameter0", vec!["file_parameter Kfile_parameter0=Vfile_parameter"]),
        ("check_it Kflags0", vec!["executable =bin/check_it", "flags Kflags0=Vflags"]),
        (&format!("{name} Kflags0").replace(['(', ')'], ""), vec!["flags Kflags0=Vflags"]),
    ] {
        let expected = (name.clone(), expected.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(places(&installation, text, ObjectKind::Metric), [expected], "{text}");
    }
    let probe = places(&installation, "certlifetime-probe", ObjectKind::Metric);
    assert!(
        probe.iter().any(|(of, places)| *of == name && places[0].starts_with("probe =CertLifetime-probe (")),
        "{probe:?}"
    );
    assert_eq!(places(&installation, "Kflags0 nowhere", ObjectKind::Metric), []);
    // A word is not found across two texts.
    assert_eq!(places(&installation, "check_itorg", ObjectKind::Metric), []);
}

#[test]
fn types_urls_comments_and_tuples_are_found() {
    let installation = Installation::with_small_data();
    fill_texts(&installation);
    egi_sql(
        &installation,
        "UPDATE metric SET metric_type_id = (SELECT id FROM metric_type WHERE name = 'Passive') WHERE id = 1",
    );
    let passive = places(&installation, "passive", ObjectKind::Metric);
    assert!(passive.iter().any(|(_, places)| places == &["type =Passive"]), "{passive:?}");
    let of_probe = |text| places(&installation, text, ObjectKind::Probe).into_iter().next().unwrap().1;
    assert_eq!(of_probe("git.example"), ["repository =https://git.example/r"]);
    assert_eq!(of_probe("docs.example/D"), ["documentation =https://docs.example/d"]);
    assert_eq!(of_probe("SAGT grüße"), ["comment =Sagt Grüße"]);
    let profiles = places(&installation, "strange-flavour role=x", ObjectKind::Profile);
    assert_eq!(profiles.len(), 1);
    assert!(
        profiles[0].1[0].starts_with("tuple Strange-Flavour=") && profiles[0].1[0].ends_with(", /vo/Role=x"),
        "{profiles:?}"
    );
    assert_eq!(profiles[0].1.len(), 1, "both words are in one tuple: {profiles:?}");
    let service = places(&installation, "openstack.nova", ObjectKind::Service);
    assert_eq!(service, [("Cloud Compute".to_owned(), vec!["note =org.openstack.nova, Compute".to_owned()])]);
}

#[test]
fn matches_of_the_name_come_before_those_in_settings() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "DELETE FROM metric_setting;
         DELETE FROM metric WHERE id > 1 AND metric_name_id = (SELECT metric_name_id FROM metric WHERE id = 1);
         UPDATE metric_name SET name = 'z.needle.' || id WHERE id = (SELECT metric_name_id FROM metric WHERE id = 1);
         INSERT INTO metric_setting (metric_id, section, position, key, value)
             SELECT id, 'flags', 0, 'NEEDLE', '1' FROM metric WHERE id > 1",
    );
    let found = places(&installation, "needle", ObjectKind::Metric);
    assert!(found.len() > 2 && found[0].0.starts_with("z.needle") && found[0].1.is_empty(), "{found:?}");
    assert!(found[1..].iter().all(|(_, places)| places == &["flags NEEDLE=1"]), "{found:?}");
}

#[test]
fn one_kind_is_found_page_by_page() {
    let installation = Installation::with_small_data();
    let text = SearchText::parse("e");
    let page = |page, kind| {
        let params = SearchParams { text: &text, scope: SearchScope::User, kind: Some(kind), page, page_size: 3 };
        read(&installation, async |conn| search::everything(conn, params).await)
    };
    let metric = FoundKind::Object(ObjectKind::Metric);
    let all: Vec<_> = (1..=3).flat_map(|number| page(number, metric)).map(|found| found.id).collect();
    assert_eq!(all.len() as i64, page(1, metric)[0].total);
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len(), "{all:?}");
    assert_eq!(page(99, metric), page(3, metric), "after the end, the last page");
    assert_eq!(page(1, FoundKind::Object(ObjectKind::CustUser)), []);
}

#[test]
fn the_public_search_finds_public_kinds_only() {
    let installation = Installation::with_small_data();
    let text = SearchText::parse("o");
    let params = SearchParams { text: &text, scope: SearchScope::Public, kind: None, page: 1, page_size: 100 };
    let found = read(&installation, async |conn| search::everything(conn, params).await);
    let kinds: std::collections::BTreeSet<_> = found.iter().map(|found| found.kind.as_str()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["metric", "probe", "profile", "service"]);
}

#[test]
fn objects_are_counted() {
    let installation = Installation::with_small_data();
    let counts = read(&installation, async |conn| counts::all(conn).await);
    assert_eq!(
        (
            counts.of(ObjectKind::Profile),
            counts.of(ObjectKind::Probe),
            counts.of(ObjectKind::Metric),
            counts.of(ObjectKind::Service)
        ),
        (3, 3, 8, 10)
    );
    assert_eq!(
        (
            counts.of(ObjectKind::Aggregation),
            counts.of(ObjectKind::CustUser),
            counts.of(ObjectKind::ApiKey),
            counts.log_entries
        ),
        (2, 5, 3, 51)
    );
    assert_eq!((counts.of(ObjectKind::GroupOfMetrics), counts.of(ObjectKind::GroupOfProbes)), (2, 2));
    assert_eq!((counts.of(ObjectKind::GroupOfProfiles), counts.of(ObjectKind::GroupOfAggregations)), (2, 2));
}
