//! No query per row: the number of queries of a page is small and does not grow with the data.

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use super::{AT, TestSite, add, all, fixtures, get, open, save};
use crate::support::cluster::queries;

/// The largest number of queries of a page, without the one for the session and the polling of the server.
const MAX_QUERIES: usize = 7;

/// Up to two thousand objects of every kind, in groups, with versions and log entries.
const LARGE: &str = "
    INSERT INTO egi.object_group (kind, name)
        SELECT kind, 'BULK-' || n FROM (SELECT DISTINCT kind FROM egi.object_group) kinds, generate_series(1, 100) n;
    INSERT INTO egi.app_user (username, password) SELECT 'bulk-' || n, '!' FROM generate_series(1, 500) n;
    INSERT INTO egi.group_member (kind, group_id, user_id)
        SELECT g.kind, g.id, u.id FROM egi.object_group g, egi.app_user u WHERE g.name = 'ARGO' AND u.username LIKE 'bulk-%';
    INSERT INTO egi.api_key (client, token_hash) SELECT 'bulk-' || n, decode(repeat('00', 32), 'hex') FROM generate_series(1, 500) n;
    INSERT INTO egi.aggregation (name, apiid, group_id)
        SELECT 'bulk-' || n, 'bulk-' || n, (SELECT id FROM egi.object_group WHERE kind = 'aggregations' AND name = 'ARGO')
        FROM generate_series(1, 2000) n;
    INSERT INTO egi.probe (name, version, repository, docurl, description, comment, changed_by, changed_at, group_id)
        SELECT 'bulk-' || n, '1', 'http://a', 'http://a', 'x', 'x', 'x', now(),
            (SELECT id FROM egi.object_group WHERE kind = 'probes' AND name = 'ARGO')
        FROM generate_series(1, 2000) n;
    INSERT INTO egi.version (kind, object_id, content, message, username, created)
        SELECT 'probe', p.id, jsonb_build_object('name', p.name, 'version', n::text), 'x', 'x', now()
        FROM egi.probe p, generate_series(1, 3) n WHERE p.name LIKE 'bulk-%';
    INSERT INTO egi.metric_name (name, group_id)
        SELECT 'bulk-' || n, (SELECT id FROM egi.object_group WHERE kind = 'metrics' AND name = 'ARGO') FROM generate_series(1, 2000) n;
    INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, probe_version_id, group_id)
        SELECT id, 1, 1, (SELECT max(id) FROM egi.version WHERE kind = 'probe' AND object_id = (SELECT min(id) FROM egi.probe)), group_id
        FROM egi.metric_name WHERE name LIKE 'bulk-%';
    INSERT INTO egi.profile (name, vo, description, group_id)
        SELECT 'bulk-' || n, 'ops', 'x', (SELECT id FROM egi.object_group WHERE kind = 'profiles' AND name = 'ARGO')
        FROM generate_series(1, 1000) n;
    INSERT INTO egi.metric_instance (profile_id, service_flavour, metric_name_id)
        SELECT p.id, 'SRM', m.id FROM egi.profile p, egi.metric_name m WHERE m.id % 100 = 0 OR p.id = (SELECT min(id) FROM egi.profile)
        ON CONFLICT DO NOTHING;
    INSERT INTO egi.log_entry (action, object_kind, object_id, object_name, message, username)
        SELECT 'change', kind, id::text, 'x', 'x', 'root'
        FROM (VALUES ('probe'), ('metric'), ('profile'), ('aggregation'), ('custuser')) kinds (kind), generate_series(1, 2000) id;
    ANALYZE;";

/// Returns the address of every page, for an object of each entity.
fn addresses(site: &TestSite) -> Vec<String> {
    let mut root = site.browser("root");
    let mut addresses: Vec<String> = [
        "/poem/admin/",
        "/poem/admin/search/?q=a",
        "/poem/admin/help/",
        "/poem/admin/api/",
        "/poem/admin/about/",
        "/poem/admin/poem/service/",
        "/poem/admin/poem/public_service/?q=S",
        "/poem/admin/admin/logentry/",
        "/poem/admin/admin/logentry/?action_time__year=2026&kind=probe",
        "/poem/admin/suggest/metric-names/?q=a",
        "/poem/admin/suggest/probe-versions/?q=a",
        "/poem/admin/poem/custuser/1/password/",
    ]
    .map(str::to_owned)
    .into();
    for (entity, fixture) in all() {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let list = AT.list(kind);
        addresses.extend([
            list.clone(),
            format!("{list}?q=a&p=2"),
            AT.addition(kind),
            AT.view(kind, id),
            AT.change(kind, id),
            AT.delete(kind, id),
            AT.history(kind, id),
        ]);
        addresses.extend(entity.options().list.filters.iter().map(|filter| format!("{list}?{}=x", filter.name)));
        if entity.options().can_clone {
            addresses.push(AT.clone_of(kind, id));
        }
        if root.get(&AT.used_by(kind, id)).status == 200 {
            addresses.push(AT.used_by(kind, id));
        }
        if let Some(version) = site.versions(kind, id).first() {
            addresses.extend([
                AT.version(kind, id, *version),
                format!("{}?version_id1={version}&version_id2={version}", AT.compare(kind, id)),
            ]);
        }
        if entity.options().kind.info().is_public {
            let public = format!("/poem/admin/poem/public_{kind}/");
            addresses.extend([public.clone(), format!("{public}{id}/change/")]);
        }
        // Many other objects refer to the first ones.
        if let Some(first) = super::ids(kind, &get(&mut root, &list)).first() {
            addresses.extend([
                AT.view(kind, *first),
                AT.change(kind, *first),
                AT.delete(kind, *first),
                AT.history(kind, *first),
            ]);
        }
    }
    let argo = super::id_of(&mut root, fixtures::of(ObjectKind::GroupOfMetrics), "ARGO");
    addresses.extend(
        [Addresses::view, Addresses::used_by, Addresses::change, Addresses::delete]
            .map(|page| page(AT, ObjectKind::GroupOfMetrics, argo)),
    );
    addresses
}

#[test]
fn a_page_makes_few_queries_with_little_data_and_with_much() {
    let site = TestSite::new();
    let addresses = addresses(&site);
    let mut root = site.browser("root");
    let mut count = || -> Vec<(String, Vec<String>)> {
        let made = |address: &String| {
            // A page with a new token is rendered for one request and not cached.
            root.cookies.remove("csrftoken");
            let made = queries(&site.installation.database, || {
                get(&mut root, address);
            });
            (address.clone(), made.into_iter().filter(|query| !query.contains("login_session")).collect())
        };
        addresses.iter().map(made).collect()
    };
    let small = count();
    let too_many: Vec<_> = small.iter().filter(|(_, made)| made.len() > MAX_QUERIES).collect();
    assert!(too_many.is_empty(), "{too_many:#?}");
    site.sql(LARGE);
    // A public page may be a second old.
    site.server.catch_up();
    for ((address, few), (_, many)) in small.iter().zip(count()) {
        assert_eq!(few.len(), many.len(), "{address}: {many:#?}");
    }
}

/// The number of queries of a save depends on the change, not on the size of the object or of the data.
#[test]
fn a_save_makes_as_many_queries_with_much_data_as_with_little() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut count = |number: usize| -> Vec<usize> {
        let save_of = |root: &mut crate::support::Browser<'_>, fixture: &fixtures::Fixture| {
            let id = add(root, fixture, number, "ARGO");
            let mut form = open(root, &AT.change(fixture.kind, id));
            form.set(fixture.change.0, &format!("{}{}", fixture.change.1[0], number));
            queries(&site.installation.database, || {
                save(root, &form);
            })
            .len()
        };
        all()
            .filter(|(_, fixture)| fixture.kind != ObjectKind::Probe)
            .map(|(_, fixture)| save_of(&mut root, fixture))
            .collect()
    };
    let small = count(1);
    site.sql(LARGE);
    assert_eq!(small, count(2));
}
