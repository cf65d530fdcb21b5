//! No query per row: the number of queries of a request does not grow with the data.

use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::metric::{Section, Settings};
use poem::domain::model::profile::Tuple;
use poem::domain::model::snapshot::{
    Aggregation, ApiKey, Group, Instance, Metric, MetricName, Named, Profile, Snapshot,
};
use poem::domain::security::keys::Keys;
use poem::registry::load;

use crate::support::cluster::queries;
use crate::support::installation::{EGI_TOKEN, egi};
use crate::support::{Installation, Server, block_on};

/// Addresses, each with the largest number of queries of the first request after a change: five for the tenant's
/// snapshot, one for the stamp, the rest for the response.
const ADDRESSES: [(&str, usize); 10] = [
    ("/poem/api/v2/profiles/", 8),
    ("/poem/api/v2/profiles/ARGO_MON", 8),
    ("/poem/api/v2/profiles/UNKNOWN", 5),
    ("/poem/api/v2/metrics/", 8),
    ("/poem/api/v2/metrics/production", 8),
    ("/poem/api/v2/openapi.json", 0),
    ("/poem/api/0.2/json/profiles", 8),
    ("/poem/api/0.2/json/metrics_in_profiles?vo_name=ops", 8),
    ("/poem/api/0.2/json/metrics_in_group?group=ARGO", 7),
    ("/poem/api/0.2/json/metrics?tag=production", 8),
];
/// The same for the internal addresses, which are not cached: one query for the session, one or two for the response.
const INTERNAL: [(&str, usize); 9] = [
    ("metrics/ARGO", 2),
    ("tokens/", 2),
    ("tokens/EGI", 2),
    ("users/", 2),
    ("groups/", 2),
    ("groups/metrics", 2),
    ("probes/ams-probe", 2),
    ("aggregations/", 2),
    ("aggregations/CRITICAL_AGG", 2),
];

/// Returns 300 metrics with 20 settings each, 20 profiles with 50 tuples each, and 100 aggregations, all in groups.
fn large(keys: &Keys) -> Snapshot {
    let names = ["Production", "Devel", "Test"];
    let named = |(id, name): (i64, &str)| Named { id, name: name.to_owned() };
    let profile = |id: i64| Profile {
        id,
        name: if id == 1 { "ARGO_MON".to_owned() } else { format!("PROFILE_{id}") },
        version: "1.0".to_owned(),
        vo: "ops".to_owned(),
        description: None,
        group: Some(1),
        instances: (1..=50).map(|number| instance(id * 100 + number, number)).collect(),
    };
    let key = ApiKey {
        id: 1,
        client: "EGI".to_owned(),
        token_hash: keys.token_hash(EGI_TOKEN).to_vec(),
        token_sealed: None,
        created: chrono::Utc::now(),
        revoked: false,
    };
    Snapshot {
        tags: (1..).zip(names).map(named).collect(),
        metric_types: (1..).zip(["Active", "Passive"]).map(named).collect(),
        api_keys: vec![key],
        groups: GroupKind::ALL.map(|kind| Group { kind, id: 1, name: "ARGO".to_owned() }).into(),
        metric_names: (1..=300).map(|id| MetricName { id, name: metric_name(id), group: Some(1) }).collect(),
        metrics: (1..=300).map(metric).collect(),
        profiles: (1..=20).map(profile).collect(),
        aggregations: (1..=100).map(aggregation).collect(),
        ..Snapshot::default()
    }
}

fn metric_name(id: i64) -> String {
    format!("org.example.Metric-{id:03}")
}

fn instance(id: i64, number: i64) -> Instance {
    let tuple =
        Tuple { service_flavour: format!("flavour-{number}"), metric: metric_name(number), fqan: String::new() };
    Instance { id, tuple }
}

fn aggregation(id: i64) -> Aggregation {
    let name = if id == 1 { "CRITICAL_AGG".to_owned() } else { format!("AGGREGATION_{id}") };
    Aggregation {
        id,
        name,
        apiid: id.to_string(),
        group: Some(1),
        definition: None,
        definition_read: None,
        missing_since: None,
    }
}

fn metric(id: i64) -> Metric {
    let mut settings = Settings::default();
    for number in 0..20 {
        settings.push(Section::ALL[number % 7], format!("key-{number}"), "value");
    }
    Metric {
        id,
        name: metric_name(id),
        tag: "Production".to_owned(),
        metric_type: "Active".to_owned(),
        probe_version: None,
        group: Some(1),
        executable: "check".to_owned(),
        parent: String::new(),
        settings,
    }
}

/// Returns the number of queries at each address for the first request after a change; fails if there are too many,
/// or if a second request makes any although the response is cached.
fn count(installation: &Installation, server: &Server) -> Vec<(String, usize)> {
    let cookie = format!("sessionid={}", installation.log_in("poem"));
    let internal =
        INTERNAL.map(|(name, max)| (format!("/poem/api/v2/internal/{name}"), max, ("Cookie", cookie.as_str())));
    let addresses = ADDRESSES.map(|(target, max)| (target.to_owned(), max, ("X-API-KEY", EGI_TOKEN)));
    let mut counts = Vec::new();
    for (target, max, credentials) in addresses.into_iter().chain(internal) {
        let ask = || {
            queries(&installation.database, || {
                let status = server.get_as(&target, &[credentials]).status;
                assert!(status == 200 || target.ends_with("UNKNOWN"), "{target}: {status}");
            })
        };
        change(installation, server);
        let made = ask();
        assert!(made.len() <= max, "{target}: {made:#?}");
        counts.push((target.clone(), made.len()));
        let again = ask();
        assert!(again.is_empty() || target.contains("/internal/"), "{target}: {again:#?}");
    }
    counts
}

/// Changes something that no response shows, and waits until the server has noticed.
fn change(installation: &Installation, server: &Server) {
    block_on(async {
        let update = "UPDATE egi.profile SET revision = revision + 1";
        sqlx::raw_sql(update).execute(&installation.pool()).await.unwrap();
    });
    server.catch_up();
}

#[test]
fn a_request_makes_as_many_queries_with_much_data_as_with_little() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let size = || server.get_with_key("/poem/api/v2/metrics/", EGI_TOKEN).body.len();
    let (small, small_size) = (count(&installation, &server), size());
    block_on(async {
        let pool = installation.pool();
        load::load(&pool, &egi(), &large(&installation.keys()), true).await.unwrap();
        let user = "INSERT INTO egi.app_user (username, password, is_superuser) VALUES ('poem', '', true)";
        sqlx::raw_sql(user).execute(&pool).await.unwrap();
    });
    let large = count(&installation, &server);
    assert!(size() > 10 * small_size, "the data are large");
    assert_eq!(small, large);
}

#[test]
fn a_refused_request_makes_at_most_one_query() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(server.get_with_key("/poem/api/v2/profiles/", EGI_TOKEN).status, 200);
    for (headers, max) in [
        (&[("Host", "bad host!")][..], 0),
        (&[("Host", "unknown.example.org")], 0),
        (&[("Host", "localhost")], 0),
        (&[("Host", "localhost"), ("X-API-KEY", "wrong")], 0),
        (&[("Host", "localhost"), ("Cookie", "sessionid=wrong")], 1),
    ] {
        let made = queries(&installation.database, || {
            let status = server.send("GET", "/poem/api/v2/profiles/", headers, b"").status;
            assert!((400..=404).contains(&status), "{headers:?}: {status}");
        });
        assert_eq!(made.len(), max, "{headers:?}: {made:#?}");
    }
}
