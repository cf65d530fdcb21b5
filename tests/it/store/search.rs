//! The search over all objects, and their counts.

use poem::domain::model::object_kind::ObjectKind;
use poem::store::counts;
use poem::store::search::{self, FoundKind, SearchResult};

use super::{egi_sql, read};
use crate::support::Installation;

fn found(installation: &Installation, text: &str, with_users: bool, limit: i64) -> Vec<SearchResult> {
    read(installation, async |conn| search::everything(conn, text, with_users, limit).await)
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
    assert_eq!(first("nova", object(ObjectKind::Service)), is("102", "Cloud Compute", "org.openstack.nova"));
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
        "a (1.0)",
        "x argo_mon (1.0)",
    ];
    assert_eq!(names, expected);
    let few = found(&installation, "argo_mon", true, 2);
    assert_eq!((few.len(), few[0].total), (2, 6));
    for nothing in ["", "%", "\0", "' OR true --"] {
        assert!(found(&installation, nothing, true, 5).is_empty(), "{nothing:?}");
    }
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
