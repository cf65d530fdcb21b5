//! The block “Needs attention” of the index: each line counts what the list shows that it leads to.

use poem::domain::model::object_kind::ObjectKind;

use super::page::{elements, links};
use super::{AT, TestSite, get, ids};

const INDEX: &str = "/poem/admin/";

/// Returns the lines of the block, as count and address.
fn lines(page: &str) -> Vec<(usize, String)> {
    let block = elements(page).into_iter().skip_while(|element| element.get("class") != Some("attention"));
    let block: Vec<_> = block.take_while(|element| element.name != "/section").collect();
    let counts = block.windows(2).filter(|pair| pair[0].name == "a" && pair[1].name == "strong");
    counts.map(|pair| (pair[1].text.parse().unwrap(), pair[0].get("href").unwrap().to_owned())).collect()
}

/// Makes the data whole: nothing needs attention.
const WHOLE: &str = "
    SET search_path TO egi;
    DELETE FROM metric_setting WHERE section = 'dependency';
    UPDATE metric SET parent = '' WHERE parent <> '';
    UPDATE metric SET metric_type_id = (SELECT id FROM metric_type WHERE name = 'Active');
    UPDATE metric SET probe_version_id = (SELECT min(id) FROM version WHERE kind = 'probe');
    UPDATE metric_setting SET value = '5' WHERE section = 'config' AND key <> 'path';
    DELETE FROM metric_instance WHERE metric_name_id NOT IN (SELECT metric_name_id FROM metric);
    DELETE FROM public.sync_status";

#[test]
fn every_line_counts_what_its_list_shows() {
    let site = TestSite::new();
    site.sql(WHOLE);
    let mut root = site.browser("root");
    let page = get(&mut root, INDEX);
    assert!(lines(&page).is_empty() && page.contains("Nothing needs attention."), "{:?}", lines(&page));
    let metrics = site.sql("SELECT id FROM egi.metric ORDER BY id");
    let of = |number: usize| metrics[number].clone();
    site.sql(&format!(
        "SET search_path TO egi;
         UPDATE metric SET probe_version_id = NULL WHERE id IN ({0}, {1});
         UPDATE metric SET metric_type_id = (SELECT id FROM metric_type WHERE name = 'Passive') WHERE id = {2};
         UPDATE metric SET parent = 'no.such.Metric' WHERE id = {1};
         DELETE FROM metric_setting WHERE section = 'config' AND metric_id IN ({0}, {1}, {2}, {3});
         INSERT INTO metric_setting (metric_id, section, position, key, value) VALUES
             ({3}, 'dependency', 1000, 'no.such.Metric', '1'), ({3}, 'dependency', 1001, 'no.other.Metric', '1'),
             ({0}, 'config', 0, 'interval', 'five'), ({0}, 'config', 1, 'timeout', ''), ({1}, 'config', 0, 'timeout', '0.5'),
             ({2}, 'config', 0, 'path', '/usr'), ({3}, 'config', 0, 'retryInterval', '3 minutes');
         WITH added AS (INSERT INTO metric_name (name) VALUES ('no.such.Metric') RETURNING id)
         INSERT INTO metric_instance (profile_id, service_flavour, metric_name_id)
             SELECT (SELECT min(id) FROM profile), flavour, added.id FROM added, unnest('{{A,B}}'::text[]) flavour;
         UPDATE api_key SET created = now() - interval '1 year';
         INSERT INTO api_key (client, token_hash, created)
             SELECT client, decode(md5(client) || md5(client), 'hex'), now() - age
             FROM (VALUES ('used', interval '1 year'), ('new', '3 days'), ('gone', '1 year')) added (client, age);
         INSERT INTO api_key_use SELECT id, now() - interval '89 days' FROM api_key WHERE client = 'used';
         INSERT INTO api_key_use SELECT id, now() - interval '91 days' FROM api_key WHERE client = 'gone'",
        of(0), of(1), of(2), of(3)
    ));
    let is_about_keys = |(_, address): &(usize, String)| address.contains("apikey");
    assert!(
        !lines(&get(&mut root, INDEX)).iter().any(is_about_keys),
        "the use of keys is not recorded for 90 days yet"
    );
    site.sql("UPDATE public.migration SET applied_at = now() - interval '1 year' WHERE schema_name = 'egi'");
    let found = lines(&get(&mut root, INDEX));
    let query = |kind, need| AT.filtered(kind, "needs", need);
    let (metric, unused) = (ObjectKind::Metric, query(ObjectKind::ApiKey, "unused"));
    let expected = [
        (2, query(metric, "no-probe")),
        (1, query(metric, "no-parent")),
        (2, query(metric, "dangling")),
        (2, query(metric, "not-a-number")),
        (1, query(ObjectKind::Profile, "unconfigured")),
        // Neither revoked keys, nor the token that POEM presents.
        (2, unused.clone()),
    ];
    assert_eq!(found, expected);
    for (count, address) in &found {
        let kind = ObjectKind::all().find(|kind| address.starts_with(&AT.list(*kind))).unwrap();
        assert_eq!(ids(kind, &get(&mut root, address)).len(), *count, "{address}");
    }
    let keys = get(&mut root, &unused);
    assert!(keys.contains(">EGI</a>") && keys.contains(">gone</a>"), "{keys}");
}

#[test]
fn a_synchronization_that_fails_needs_attention() {
    let site = TestSite::new();
    site.sql(WHOLE);
    site.sql(
        "INSERT INTO public.sync_status (schema_name, feed, last_attempt, last_success, failing_since, result, message, added,
             changed, removed, left_out, in_feed, listed, seconds, host, version)
         VALUES ('egi', 'vos', now(), NULL, now(), 'failed', 'no answer', 0, 0, 0, 0, 0, 0, 0, 'here', '3')",
    );
    let page = get(&mut site.browser("root"), INDEX);
    assert_eq!(lines(&page), [(1, "#sync".to_owned())]);
    assert!(links(&page).contains(&"#sync".to_owned()) && page.contains("id=\"sync\""));
}
