//! The list of services.

use poem::store::lists::services::{self, ServiceLine};
use poem::store::lists::{ListParams, Rows};

use super::{egi_sql, read, whole};
use crate::support::Installation;

fn table(installation: &Installation, ask: ListParams<'_>) -> Rows<ServiceLine> {
    read(installation, async |conn| services::list(conn, &ask).await)
}

/// Service, metric and probe of each line.
fn lines(installation: &Installation, search: &str) -> Vec<(String, String, String)> {
    let rows = table(installation, ListParams { search, ..whole() }).rows;
    rows.into_iter().map(|line| (line.service_id, line.metric, line.probe)).collect()
}

fn line(service: &str, metric: &str, probe: &str) -> (String, String, String) {
    (service.to_owned(), metric.to_owned(), probe.to_owned())
}

#[test]
fn a_service_has_a_line_for_each_metric_or_one_without() {
    let installation = Installation::with_small_data();
    assert_eq!(
        lines(&installation, "ARC-CE"),
        [
            line("100", "org.nordugrid.ARC-CE-ARIS", ""),
            line("100", "org.nordugrid.ARC-CE-submit", "nordugrid-arc-nagios-plugins (1.9.1)"),
        ]
    );
    // The metric has two tags that use one version: one line.
    assert_eq!(lines(&installation, "eu.egi.ams"), [line("105", "argo.AMS-Check", "ams-probe (0.1.11)")]);
    assert_eq!(lines(&installation, "GGUS"), [line("108", "", "")]);
    egi_sql(&installation, "UPDATE metric SET probe_version_id = 1 WHERE id = 8");
    assert_eq!(
        lines(&installation, "Messaging"),
        [line("105", "argo.AMS-Check", "ams-probe (0.1.11)"), line("105", "argo.AMS-Check", "ams-probe (0.1.7)")]
    );
    let found = table(&installation, ListParams { search: "messaging", ..whole() }).rows;
    assert_eq!((found[0].probe_id, found[0].probe_version_id), (Some(1), Some(24)));
}

#[test]
fn a_search_for_a_metric_or_probe_finds_its_lines() {
    let installation = Installation::with_small_data();
    assert_eq!(lines(&installation, "arc-ce-aris"), [line("100", "org.nordugrid.ARC-CE-ARIS", "")]);
    let by_probe = lines(&installation, "CertLifetime");
    let probe = "CertLifetime-probe (1.0.0)";
    assert_eq!(by_probe, [line("103", "eu.egi.CertValidity", probe), line("104", "eu.egi.CertValidity", probe)]);
    assert_eq!(lines(&installation, "%"), []);
    assert_eq!(lines(&installation, "\0"), []);
}

#[test]
fn pages_count_services_and_keep_their_lines_together() {
    let installation = Installation::with_small_data();
    let page = |page| {
        let ask = ListParams { sort: "type", page, page_size: 3, ..ListParams::default() };
        let found = table(&installation, ask);
        assert_eq!(found.total, 10);
        (found.page, found.rows.into_iter().map(|line| line.service_type).collect::<Vec<_>>())
    };
    assert_eq!(page(1), (1, ["APEL", "ARC-CE", "ARC-CE", "argo.mon"].map(str::to_owned).to_vec()));
    assert_eq!(page(4), (4, vec!["webdav".to_owned()]));
    assert_eq!(page(9), page(4));
    let all = table(&installation, whole());
    assert_eq!((all.total, all.rows.len()), (10, 11));
}
