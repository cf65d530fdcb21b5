//! The values that fields can be chosen from: suggestions and whole lists.

use poem::domain::form::field::Choices;
use poem::domain::model::group_kind::GroupKind;
use poem::store::choices::{self, Suggestion};

use super::{egi_sql, read};
use crate::support::Installation;

fn suggested(installation: &Installation, from: Choices, typed: &str, scope: Option<&str>) -> Vec<Suggestion> {
    read(installation, async |conn| choices::suggest(conn, from, typed, scope, 20).await)
}

fn values(installation: &Installation, from: Choices, typed: &str, scope: Option<&str>) -> Vec<String> {
    suggested(installation, from, typed, scope).into_iter().map(|suggestion| suggestion.value).collect()
}

fn all(installation: &Installation, from: Choices, scope: Option<&str>) -> Vec<String> {
    let mut all = read(installation, async |conn| choices::whole(conn, &[from], scope).await);
    all.remove(&from).unwrap()
}

#[test]
fn values_that_begin_with_the_typed_text_come_first() {
    let installation = Installation::with_small_data();
    let found = |typed| values(&installation, Choices::MetricNames, typed, None);
    assert_eq!(found("ARGO.ams-"), ["argo.AMS-Check"]);
    assert_eq!(found("e")[..2], ["emi.cream.CREAMCE-JobSubmit", "eu.egi.CertValidity"]);
    assert!(found("e").len() > 5, "the others contain it elsewhere");
    assert_eq!(found("%"), [""; 0]);
    assert_eq!(found("\0"), [""; 0]);
    let limited = read(&installation, async |conn| choices::suggest(conn, Choices::MetricNames, "", None, 3).await);
    assert_eq!(limited.len(), 3);
}

#[test]
fn every_source_has_choices() {
    let installation = Installation::with_small_data();
    assert_eq!(all(&installation, Choices::Tags, None), ["Devel", "Production", "Test"]);
    assert_eq!(all(&installation, Choices::MetricTypes, None), ["Active", "Passive"]);
    assert_eq!(all(&installation, Choices::Users, None), ["alice", "bob", "carol", "dave", "poem"]);
    assert_eq!(all(&installation, Choices::Vos, None).len(), 12);
    assert_eq!(all(&installation, Choices::ServiceFlavours, None).len(), 16);
    assert_eq!(all(&installation, Choices::MetricNames, None).len(), 10);
    assert_eq!(all(&installation, Choices::MetricNames, Some("SSC")).len(), 2);
    assert_eq!(all(&installation, Choices::MetricNames, Some("no such")), [""; 0]);
    let metrics = all(&installation, Choices::Metrics, None);
    assert!(metrics.len() == 7 && !metrics.contains(&"org.apel.APEL-Pub".to_owned()), "{metrics:?}");
    for kind in GroupKind::ALL {
        assert_eq!(all(&installation, Choices::Groups(kind), None), ["ARGO", "SSC"]);
    }
}

#[test]
fn versions_of_a_probe_are_sorted_newest_first() {
    let installation = Installation::with_small_data();
    let found = suggested(&installation, Choices::ProbeVersions, "ams", None);
    let labels: Vec<&str> = found.iter().map(|suggestion| suggestion.value.as_str()).collect();
    assert_eq!(labels, ["ams-probe (0.1.11)", "ams-probe (0.1.8)", "ams-probe (0.1.7)"]);
    assert!(found.iter().all(|suggestion| !suggestion.note.is_empty()));
    egi_sql(
        &installation,
        "INSERT INTO version (kind, object_id, content, message, username, created)
         SELECT kind, object_id, jsonb_set(content, '{description}', '\"again\"'), '', '', now() FROM version WHERE id = 1;
         DELETE FROM probe WHERE id = 3",
    );
    let found = suggested(&installation, Choices::ProbeVersions, "ams-probe (0.1.7)", None);
    assert_eq!(found, [Suggestion { value: "ams-probe (0.1.7)".into(), note: "again".into() }], "one choice per label");
    assert_eq!(values(&installation, Choices::ProbeVersions, "CertLifetime", None), [""; 0], "the probe is gone");
}

#[test]
fn a_group_may_hold_its_own_objects_and_those_without_a_group() {
    let installation = Installation::with_small_data();
    let groupable = |kind, group| all(&installation, Choices::Groupable(kind), group);
    assert_eq!(groupable(GroupKind::Aggregations, None), ["TEST_PROFILE"]);
    assert_eq!(groupable(GroupKind::Aggregations, Some("ARGO")), ["CRITICAL_AGG", "TEST_PROFILE"]);
    egi_sql(&installation, "INSERT INTO aggregation (name, apiid) VALUES ('TEST_PROFILE', 'feedbeef-1')");
    let twice = ["TEST_PROFILE (00000000)", "TEST_PROFILE (feedbeef)"];
    assert_eq!(groupable(GroupKind::Aggregations, None), twice);
    assert_eq!(groupable(GroupKind::Profiles, Some("SSC")), ["ARGO_MON_CRITICAL (1.0)"]);
    assert_eq!(groupable(GroupKind::Probes, Some("SSC")), ["CertLifetime-probe"]);
    assert_eq!(groupable(GroupKind::Metrics, None), ["emi.cream.CREAMCE-JobSubmit", "org.apel.APEL-Pub"]);
}
