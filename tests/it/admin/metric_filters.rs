//! The filters of metrics by what operators ask for, and the filter by the viewer's own groups.

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use super::page::links;
use super::{AT, TestSite, get, ids};

/// Returns the metrics that the list shows, and those of a query, both by id.
fn compare(site: &TestSite, query: &str, condition: &str) -> (Vec<i64>, Vec<i64>) {
    let mut shown =
        ids(ObjectKind::Metric, &get(&mut site.browser("root"), &format!("{}?{query}", AT.list(ObjectKind::Metric))));
    shown.sort_unstable();
    let stored = site.sql(&format!(
        "SET search_path TO egi;
         SELECT m.id FROM metric m JOIN metric_type y ON y.id = m.metric_type_id
         LEFT JOIN version v ON v.id = m.probe_version_id LEFT JOIN probe p ON p.id = v.object_id
         WHERE {condition} ORDER BY m.id"
    ));
    (shown, stored.iter().map(|id| id.parse().unwrap()).collect())
}

#[test]
fn metrics_are_filtered_by_what_operators_ask_for() {
    let site = TestSite::new();
    let probe = site.one(
        "SELECT min(name) FROM egi.probe p WHERE EXISTS
        (SELECT FROM egi.metric m JOIN egi.version v ON v.id = m.probe_version_id WHERE v.object_id = p.id)",
    );
    site.sql("UPDATE egi.metric SET probe_version_id = NULL WHERE id = (SELECT max(id) FROM egi.metric)");
    let by_probe = format!("p.name = '{probe}'");
    for (query, condition) in [
        ("type=Passive", "y.name = 'Passive'"),
        ("type=Active", "y.name = 'Active'"),
        (&format!("probe={probe}"), by_probe.as_str()),
        ("probe=-", "m.probe_version_id IS NULL"),
        ("parent=yes", "m.parent <> ''"),
        ("parent=no", "m.parent = ''"),
        ("profiles=yes", "EXISTS (SELECT FROM metric_instance i WHERE i.metric_name_id = m.metric_name_id)"),
        ("profiles=no", "NOT EXISTS (SELECT FROM metric_instance i WHERE i.metric_name_id = m.metric_name_id)"),
        (
            "profiles=no&parent=no&type=Active",
            "y.name = 'Active' AND m.parent = '' AND NOT EXISTS
            (SELECT FROM metric_instance i WHERE i.metric_name_id = m.metric_name_id)",
        ),
    ] {
        let (shown, stored) = compare(&site, query, condition);
        assert_eq!(shown, stored, "{query}");
        assert!(!stored.is_empty(), "{query} finds nothing, so the test proves nothing");
        assert_ne!(stored.len(), compare(&site, "", "true").1.len(), "{query} filters nothing");
    }
}

#[test]
fn a_probe_leads_to_the_list_of_its_metrics() {
    let site = TestSite::new();
    let probe = site.one(
        "SELECT p.id FROM egi.probe p JOIN egi.version v ON v.object_id = p.id AND v.kind = 'probe'
         JOIN egi.metric m ON m.probe_version_id = v.id GROUP BY p.id HAVING count(*) > 1 LIMIT 1",
    );
    let name = site.one(&format!("SELECT name FROM egi.probe WHERE id = {probe}"));
    for (mut browser, is_public) in [(site.browser("root"), false), (site.stranger(), true)] {
        let at = Addresses { is_public };
        let page = get(&mut browser, &at.view(ObjectKind::Probe, probe.parse().unwrap()));
        let list = at.filtered(ObjectKind::Metric, "probe", &name);
        assert!(links(&page).contains(&list), "{list}: {:?}", links(&page));
        let metrics = links(&get(&mut browser, &list));
        let one = at.view(ObjectKind::Metric, 1);
        let (before, after) = one.split_once("/1/").unwrap();
        let is_metric = |link: &&String| {
            let id = link.split('?').next().and_then(|link| link.strip_prefix(before)?.strip_suffix(after));
            id.is_some_and(|id| id.trim_matches('/').parse::<i64>().is_ok())
        };
        assert!(metrics.iter().filter(is_metric).count() > 1, "{metrics:?}");
    }
}

#[test]
fn users_find_the_objects_of_their_groups() {
    let site = TestSite::new();
    for kind in [ObjectKind::Metric, ObjectKind::Probe, ObjectKind::Profile, ObjectKind::Aggregation] {
        let list = AT.list(kind);
        let shown = |user: &str, query: &str| {
            let mut ids = ids(kind, &get(&mut site.browser(user), &format!("{list}?{query}")));
            ids.sort_unstable();
            ids
        };
        // Both members are in one group of each kind; the group decides, not the rights.
        assert_eq!(shown("member", "mine=yes"), shown("member", "group=ARGO"), "{kind}");
        assert_eq!(shown("neighbour", "mine=yes"), shown("neighbour", "group=SSC"), "{kind}");
        assert_eq!(shown("nobody", "mine=yes"), [0; 0], "{kind}");
        assert_eq!(shown("nobody", "mine=no"), shown("nobody", ""), "{kind}");
        let all = shown("member", "");
        assert_eq!(shown("member", "mine=no").len(), all.len() - shown("member", "mine=yes").len(), "{kind}");
        // Cached pages are those of one viewer.
        assert_ne!(shown("member", "mine=yes"), shown("nobody", "mine=yes"), "{kind}");
    }
}

#[test]
fn public_lists_have_no_filter_for_users() {
    let site = TestSite::new();
    let public = Addresses { is_public: true };
    for kind in [ObjectKind::Metric, ObjectKind::Profile] {
        let list = public.list(kind);
        let page = get(&mut site.stranger(), &list);
        assert!(!page.contains("name=\"mine\"") && !page.contains("name=\"needs\""), "{page}");
        for query in ["mine=yes", "needs=dangling"] {
            let page = get(&mut site.stranger(), &format!("{list}?{query}"));
            let name = query.split('=').next().unwrap();
            assert!(page.contains(&format!("names a filter that POEM does not know: {name}.")), "{page}");
        }
        assert!(get(&mut site.browser("nobody"), &AT.list(kind)).contains("name=\"mine\""));
    }
}
