//! References: the profiles and metrics that use a metric, and the metrics that use a probe.

use poem::store::references;

use super::{egi_sql, read};
use crate::support::Installation;

#[test]
fn a_metric_is_used_by_profiles_and_other_metrics() {
    let installation = Installation::with_small_data();
    egi_sql(
        &installation,
        "INSERT INTO metric_setting (metric_id, section, position, key, value)
         VALUES (9, 'dependency', 7, 'org.nordugrid.ARC-CE-submit', '0'), (9, 'flags', 7, 'eu.egi.CertValidity', '1')",
    );
    let profiles = |name| {
        let profiles = read(&installation, async |conn| references::profiles_of_metric(conn, name).await);
        profiles.into_iter().map(|profile| (profile.name, profile.tuples)).collect::<Vec<_>>()
    };
    assert_eq!(profiles("eu.egi.CertValidity"), [("ARGO_MON".to_owned(), 2)]);
    assert_eq!(profiles("argo.AMS-Check").len(), 2);
    assert_eq!(profiles("no such"), []);
    let relying = |name| {
        let metrics = read(&installation, async |conn| references::metrics_relying_on(conn, name).await);
        metrics.into_iter().map(|metric| (metric.id, metric.as_parent, metric.as_dependency())).collect::<Vec<_>>()
    };
    assert_eq!(relying("org.nordugrid.ARC-CE-submit"), [(9, false, true), (4, true, false)]);
    assert_eq!(relying("eu.egi.CertValidity"), []);
    assert_eq!(relying(""), []);
}

#[test]
fn a_probe_is_used_by_metrics_through_its_versions() {
    let installation = Installation::with_small_data();
    egi_sql(&installation, "UPDATE metric SET probe_version_id = 1 WHERE id = 8");
    let metrics = read(&installation, async |conn| references::metrics_of_probe(conn, 1).await);
    let lines: Vec<_> =
        metrics.iter().map(|metric| (metric.id, metric.version.as_str(), metric.tag.as_str())).collect();
    assert_eq!(lines, [(1, "0.1.11", "Production"), (2, "0.1.11", "Production"), (8, "0.1.7", "Devel")]);
    assert!(read(&installation, async |conn| references::metrics_of_probe(conn, 99).await).is_empty());
}
