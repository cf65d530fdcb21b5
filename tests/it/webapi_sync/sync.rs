//! `poem-syncaggregations`: the aggregation profiles of POEM follow the ARGO WEB-API.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use poem::dev::webapi::{DemoProfileKind, WebApiFault};
use poem::registry::aggregation_sync::{Observed, follow};
use poem::store::{ReadTx, aggregation_definitions};
use serde_json::{Value, json};

use super::{AggregationProfileContent, Stores, TOKEN};
use crate::support::installation::{Ran, egi};
use crate::support::sql::sql;
use crate::support::{Server, http};

const LIST: &str = "GET /api/v2/aggregation_profiles";
const ONE: &str = "GET /api/v2/aggregation_profiles/*";

/// Stores a profile on the WEB-API, under a new id or this one, and returns its id.
fn put(stores: &Stores, id: Option<&str>, name: &str, operation: &str) -> String {
    let mut there = serde_json::to_value(&stores.content(name).definition).unwrap();
    there["namespace"] = "egi".into();
    there["metric_operation"] = operation.into();
    if let Some(id) = id {
        there["id"] = id.into();
    }
    stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap()
}

fn remove(stores: &Stores, id: &str) {
    assert!(stores.api.remove("EGI", DemoProfileKind::Aggregation, id).unwrap());
}

/// Runs the command for EGI, as cron does.
fn sync(stores: &Stores) -> Ran {
    stores.installation.run("poem-syncaggregations", &["-n", "egi"])
}

/// Runs the command, which succeeds and is silent, and returns the lines about EGI that it adds to the log.
fn synced(stores: &Stores) -> Vec<String> {
    let before = stores.installation.log().len();
    let ran = sync(stores).done();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "without a terminal it is silent");
    logged_since(stores, before)
}

fn logged_since(stores: &Stores, start: usize) -> Vec<String> {
    let log = stores.installation.log()[start..].to_owned();
    let lines = log.lines().filter_map(|line| line.split_once(" EGI: ").map(|(_, words)| words.to_owned()));
    lines.filter(|line| !line.starts_with("ARGO WEB-API: ")).collect()
}

/// Runs the command, which fails with these words and changes nothing.
#[track_caller]
fn fails(stores: &Stores, result: &str, words: &str) {
    let state = || stores.sql("SELECT a FROM egi.aggregation a ORDER BY id");
    let (before, versions) = (state(), stores.versions());
    let ran = sync(stores);
    assert!(ran.status == 1 && ran.stderr.contains(&format!("EGI: {words}")), "{words}: {ran:?}");
    assert_eq!((state(), stores.versions()), (before, versions), "{words}");
    let status = status(stores);
    assert!(status.starts_with(&format!("{result}|{words}")), "{words}: {status}");
}

/// The state of the sync: result, message, numbers of what was added, changed, read and listed.
fn status(stores: &Stores) -> String {
    stores.one(
        "SELECT concat_ws('|', result, message, added, changed, in_feed, listed) FROM public.sync_status
         WHERE schema_name = 'egi' AND feed = 'aggregation_profiles'",
    )
}

fn log_entries(stores: &Stores) -> String {
    stores.one("SELECT count(*) FROM egi.log_entry")
}

#[test]
fn unknown_profiles_are_added_without_a_group_also_two_of_one_name() {
    let stores = Stores::new();
    let entries = log_entries(&stores);
    let mut ids: Vec<String> = (0..2).map(|_| put(&stores, None, "critical", "AND")).collect();
    ids.sort();
    assert_eq!(synced(&stores), ["Added 2 aggregation profiles", "Added aggregation profiles: critical, critical"]);
    assert_eq!(stores.local(), [format!("critical|{}||f", ids[0]), format!("critical|{}||f", ids[1])]);
    assert_eq!(stores.versions(), ["|Initial version.", "|Initial version."]);
    assert_eq!(log_entries(&stores), entries, "the activity log gets no entry");
    assert_eq!(status(&stores), "changed||2|0|2|2");
}

#[test]
fn what_is_equal_keeps_its_revision_and_gets_no_version() {
    let stores = Stores::new();
    put(&stores, None, "critical", "AND");
    synced(&stores);
    let kept = || stores.sql("SELECT revision, definition FROM egi.aggregation");
    let (before, stamp) = (kept(), stores.one("SELECT stamp FROM public.tenant_stamp WHERE schema_name = 'egi'"));
    sql(&stores.installation, "UPDATE egi.aggregation SET definition_read = now() - interval '1 day'");
    assert_eq!(synced(&stores), ["Aggregation profiles are up to date"]);
    assert_eq!((kept(), stores.versions().len()), (before, 1));
    assert_eq!(stores.one("SELECT now() - definition_read < interval '1 hour' FROM egi.aggregation"), "t");
    assert_eq!(stores.one("SELECT stamp FROM public.tenant_stamp WHERE schema_name = 'egi'"), stamp, "caches stay");
    assert_eq!(status(&stores), "up to date||0|0|1|1");
}

#[test]
fn names_and_definitions_follow_with_versions_of_no_user() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let apiid = stores.only().id;
    let entries = log_entries(&stores);
    put(&stores, Some(&apiid), "renamed", "OR");
    assert_eq!(synced(&stores), ["Changed 1 aggregation profiles", "Changed aggregation profiles: renamed"]);
    assert_eq!(stores.local(), [format!("renamed|{apiid}|ARGO|f")]);
    let definition = format!("SELECT definition->>'metric_operation' FROM egi.aggregation WHERE id = {id}");
    assert_eq!(stores.one(&definition), "OR");
    let versions = stores.versions();
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(versions[1].starts_with("|Changed on the ARGO WEB-API. "), "{versions:?}");
    assert_eq!(stores.one("SELECT content#>>'{definition,name}' FROM egi.version ORDER BY id DESC LIMIT 1"), "renamed");
    assert_eq!(log_entries(&stores), entries);
}

#[test]
fn a_definition_that_poem_has_never_read_is_read() {
    let stores = Stores::new();
    let apiid = put(&stores, None, "new name", "AND");
    stores.sql(&format!("INSERT INTO egi.aggregation (name, apiid) VALUES ('old name', '{apiid}')"));
    synced(&stores);
    assert_eq!(stores.local(), [format!("new name|{apiid}||f")]);
    assert_eq!(stores.one("SELECT definition->>'name' FROM egi.aggregation"), "new name");
    assert_eq!(stores.versions(), ["|Initial version."]);
}

#[test]
fn a_profile_that_is_gone_is_marked_and_unmarked_when_it_is_back() {
    let stores = Stores::new();
    let (stays, goes) = (put(&stores, None, "stays", "AND"), put(&stores, None, "goes", "AND"));
    synced(&stores);
    remove(&stores, &goes);
    stores.requests();
    assert_eq!(synced(&stores), ["Not on the ARGO WEB-API: goes"]);
    assert_eq!(stores.requests(), ["GET aggregation_profiles", "GET aggregation_profiles/ID"]);
    let marks = || stores.sql("SELECT apiid, missing_since IS NOT NULL FROM egi.aggregation ORDER BY name DESC");
    assert_eq!(marks(), [format!("{stays}|f"), format!("{goes}|t")]);
    assert_eq!(status(&stores), "changed|Not on the ARGO WEB-API: goes|0|0|1|2");

    let since = stores.one(&format!("SELECT missing_since FROM egi.aggregation WHERE apiid = '{goes}'"));
    assert_eq!(synced(&stores), ["Not on the ARGO WEB-API: goes", "Aggregation profiles are up to date"]);
    assert_eq!(stores.one(&format!("SELECT missing_since FROM egi.aggregation WHERE apiid = '{goes}'")), since);

    put(&stores, Some(&goes), "goes", "AND");
    assert_eq!(synced(&stores)[0], "Changed 1 aggregation profiles");
    assert_eq!(marks(), [format!("{stays}|f"), format!("{goes}|f")]);
}

#[test]
fn a_profile_is_not_marked_because_a_list_is_short() {
    let stores = Stores::new();
    let (listed, left_out) = (put(&stores, None, "listed", "AND"), put(&stores, None, "left out", "AND"));
    synced(&stores);
    put(&stores, Some(&left_out), "renamed", "AND");
    let short: Vec<Value> = stores.remote().into_iter().filter(|there| there["id"] == listed.as_str()).collect();
    let list = json!({"status": {"message": "Success", "code": "200"}, "data": short});
    stores.api.fail_before(1, LIST, WebApiFault::Json(200, list));
    assert_eq!(synced(&stores)[0], "Changed 1 aggregation profiles");
    let names = stores.sql("SELECT name, missing_since IS NULL FROM egi.aggregation ORDER BY name");
    assert_eq!(names, ["listed|t", "renamed|t"]);
}

#[test]
fn only_the_words_of_the_web_api_mark_a_profile_and_any_failure_changes_nothing() {
    let stores = Stores::new();
    let (changes, goes) = (put(&stores, None, "changes", "AND"), put(&stores, None, "goes", "AND"));
    synced(&stores);
    remove(&stores, &goes);
    put(&stores, Some(&changes), "changes", "OR");
    put(&stores, None, "added", "AND");
    let error = |code: u16| json!({"status": {"message": "m", "code": code.to_string(), "details": "d"}});
    for request in [ONE, LIST] {
        for (fault, words) in [
            (WebApiFault::Html(404), "The ARGO WEB-API knows no such address; is [WEBAPI] in poem.conf right?"),
            (WebApiFault::Html(502), "The ARGO WEB-API failed (502)."),
            (WebApiFault::Json(401, error(401)), "The ARGO WEB-API does not accept POEM's token, or cannot check it"),
            (WebApiFault::Json(403, error(403)), "POEM's token may not read on the ARGO WEB-API."),
            (WebApiFault::NotJson, "The ARGO WEB-API answered with something that is no profile."),
            (WebApiFault::Redirect, "The ARGO WEB-API failed (302)."),
            (WebApiFault::Close, "The ARGO WEB-API did not answer in time."),
        ] {
            stores.api.fail_before(1, request, fault);
            fails(&stores, "failed", &format!("ARGO WEB-API - {words}"));
        }
    }
    assert!(stores.api.redirected_requests().is_empty());
    assert_eq!(synced(&stores).len(), 5, "added, changed and missing");
    assert!(!stores.installation.log().contains(TOKEN));
}

#[test]
fn a_list_that_is_empty_or_of_another_tenant_changes_nothing() {
    let stores = Stores::new();
    assert_eq!(synced(&stores), ["Aggregation profiles are up to date"], "both have none");
    let ids = [put(&stores, None, "one", "AND"), put(&stores, None, "two", "AND")];
    synced(&stores);
    stores.requests();
    stores.api.fail_before(1, LIST, WebApiFault::EmptyList);
    fails(&stores, "refused", "ARGO WEB-API - it lists no profiles, but POEM has 2; nothing was changed");
    assert_eq!(stores.requests(), ["GET aggregation_profiles"], "nothing else is asked");
    ids.iter().for_each(|id| remove(&stores, id));
    put(&stores, None, "other", "AND");
    let words = "ARGO WEB-API - it lists none of the 2 profiles of POEM: does the token belong to another tenant?";
    fails(&stores, "refused", words);
}

#[test]
fn an_interrupted_save_is_cleared_up_first() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    let apiid = put(&stores, None, "critical", "AND");
    stores.expire();
    synced(&stores);
    assert_eq!(stores.local(), [format!("critical|{apiid}|ARGO|f")]);
    assert_eq!(stores.versions(), ["poem|Initial version."]);
    assert!(!stores.is_noted());

    stores.note(None, &stores.content("next"), &stores.content("next"));
    stores.expire();
    stores.api.fail_before(1, LIST, WebApiFault::Html(502));
    fails(&stores, "failed", "ARGO WEB-API - The ARGO WEB-API failed (502).");
    assert!(stores.is_noted());
    synced(&stores);
    assert!(!stores.is_noted());
}

#[test]
fn the_profile_of_a_save_under_way_is_left_alone() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("saved")).unwrap().id;
    let opened = AggregationProfileContent { definition: stores.only(), ..stores.content("saved") };
    let (saved, other) = (opened.definition.id.clone(), put(&stores, None, "other", "AND"));
    synced(&stores);
    let mut content = opened.clone();
    content.definition.metric_operation = "OR".to_owned();
    stores.note(Some(id), &opened, &content);
    put(&stores, Some(&saved), "saved", "OR");
    put(&stores, Some(&other), "other", "OR");
    let operation = |id: &str| {
        stores.one(&format!("SELECT definition->>'metric_operation' FROM egi.aggregation WHERE apiid = '{id}'"))
    };
    synced(&stores);
    assert_eq!((operation(&saved).as_str(), operation(&other).as_str()), ("AND", "OR"));
    remove(&stores, &saved);
    synced(&stores);
    assert_eq!(stores.one("SELECT count(*) FROM egi.aggregation WHERE missing_since IS NOT NULL"), "0");
    assert!(stores.is_noted());

    stores.sql("DELETE FROM egi.web_api_save");
    stores.note(None, &stores.content("new"), &stores.content("new"));
    put(&stores, None, "new", "AND");
    put(&stores, None, "newer", "AND");
    synced(&stores);
    assert_eq!(stores.sql("SELECT name FROM egi.aggregation ORDER BY id"), ["saved", "other", "newer"]);
}

#[test]
fn what_a_user_saves_while_the_web_api_is_read_wins() {
    let stores = Stores::new();
    let ids: Vec<i64> =
        ["changed", "deleted", "moved"].into_iter().map(|name| stores.add(&stores.content(name)).unwrap().id).collect();
    let known = stores.run(async {
        let mut tx = ReadTx::begin(&stores.pool, &egi()).await.unwrap();
        aggregation_definitions::stored(tx.conn()).await.unwrap()
    });
    let found = stores.remote().into_iter().map(|there| serde_json::from_value(there).unwrap()).collect();
    let gone = BTreeSet::from([known[2].apiid.clone()]);
    let opened = AggregationProfileContent { group: "ARGO".to_owned(), ..known[0].content() };
    let mut content = opened.clone();
    content.definition.metric_operation = "OR".to_owned();
    stores.change(ids[0], &opened, &content).unwrap();
    stores.delete(ids[1]).unwrap();
    stores.sql(&format!("UPDATE egi.aggregation SET revision = revision + 1 WHERE id = {}", ids[2]));
    stores.add(&stores.content("added")).unwrap();

    let before = (stores.local(), stores.versions());
    let observed = Observed { known, found, gone };
    let followed = stores.run(follow(&stores.pool, &egi(), &observed)).unwrap();
    assert!(followed.is_nothing() && followed.missing.is_empty(), "{followed:?}");
    assert_eq!((stores.local(), stores.versions()), before);
    let operation = format!("SELECT definition->>'metric_operation' FROM egi.aggregation WHERE id = {}", ids[0]);
    assert_eq!(stores.one(&operation), "OR");
}

#[test]
fn no_transaction_and_no_lock_is_held_during_a_call() {
    let stores = Stores::with_timeout(15);
    put(&stores, None, "critical", "AND");
    stores.api.fail_before(1, LIST, WebApiFault::Wait(Duration::from_secs(30)));
    let mut command = stores.installation.command("poem-syncaggregations");
    let process = command.args(["-n", "egi"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(stores.api.wait_for_requests(1, Duration::from_secs(10)));
    let held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND state <> 'idle'";
    assert_eq!(stores.one(held), "0");
    let locks = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE l.locktype = 'advisory' AND d.datname = current_database()";
    assert_eq!(stores.one(locks), "0");
    stores.api.recover();
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(stores.local().len(), 1);
}

#[test]
fn a_tenant_that_fails_does_not_stop_the_others() {
    let stores = Stores::new();
    stores.installation.run("poem-token", &["-t", "WEB-API", "-s", "two", "-o", TOKEN]).done();
    let apiid = put(&stores, None, "critical", "AND");
    stores.api.fail_before(1, LIST, WebApiFault::Html(502));
    let ran = stores.installation.run("poem-syncaggregations", &["-v"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "EGI: ARGO WEB-API - The ARGO WEB-API failed (502).\n"));
    assert!(ran.stdout.contains("TWO: Added 1 aggregation profiles\n"), "{ran:?}");
    assert_eq!(stores.sql("SELECT name, apiid FROM two.aggregation"), [format!("critical|{apiid}")]);
    assert!(stores.local().is_empty());

    stores.sql("ALTER TABLE egi.version RENAME TO no_version");
    let ran = stores.installation.run("poem-syncaggregations", &["-v"]);
    assert!(ran.status == 1 && ran.stderr.starts_with("EGI: database operations failed - "), "{ran:?}");
    assert!(ran.stdout.contains("TWO: Aggregation profiles are up to date\n"), "{ran:?}");
    assert!(stores.local().is_empty(), "the tenant is as before");
}

#[test]
fn tenants_without_access_to_the_web_api_are_skipped() {
    let stores = Stores::new();
    let all = || stores.installation.run("poem-syncaggregations", &["-v"]);
    let ran = all().done();
    assert!(ran.stdout.contains("TWO: no token for the ARGO WEB-API, skipped\n"), "{ran:?}");
    let result = "SELECT result FROM public.sync_status WHERE feed = 'aggregation_profiles' ORDER BY schema_name";
    assert_eq!(stores.sql(result), ["up to date", "not configured"]);

    stores.sql("UPDATE egi.api_key SET revoked = true WHERE client = 'WEB-API'");
    stores.requests();
    assert!(all().done().stdout.contains("EGI: no token for the ARGO WEB-API, skipped\n"));
    assert!(stores.requests().is_empty());

    stores.sql("UPDATE egi.api_key SET revoked = false, token_sealed = 'broken' WHERE client = 'WEB-API'");
    fails(
        &stores,
        "failed",
        "ARGO WEB-API - The token for the ARGO WEB-API cannot be read with the secret key in use.",
    );

    stores.installation.configure("[WEBAPI]\n", "[NOTHING]\n");
    let ran = all().done();
    assert!(ran.stdout.contains("EGI: the ARGO WEB-API is not configured, skipped\n"), "{ran:?}");
    assert_eq!(stores.sql(result), ["not configured", "not configured"]);
}

#[test]
fn a_profile_without_a_name_is_called_by_its_id() {
    let stores = Stores::new();
    let apiid = stores.api.add("EGI", DemoProfileKind::Aggregation, &json!({"name": "", "groups": []})).unwrap();
    stores.installation.run("poem-syncaggregations", &[]).done();
    assert_eq!(stores.local(), [format!("{apiid}|{apiid}||f")]);
    stores.installation.run("poem-syncaggregations", &[]).done();
    assert_eq!(stores.versions().len(), 1, "nothing differs");
}

#[test]
fn a_schema_that_has_pending_migrations_fails() {
    let stores = Stores::new();
    stores.sql("DELETE FROM public.migration WHERE schema_name = 'egi' AND version = 11");
    fails(&stores, "failed", "schema egi has migrations pending: run poem-db -a");
}

#[test]
fn the_arguments_are_few() {
    let stores = Stores::new();
    let ran = stores.installation.run("poem-syncaggregations", &["egi"]);
    let words = "Script does not take any argument and should be called without any\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (2, words));
    let ran = stores.installation.run("poem", &["syncaggregations", "-n", "none"]);
    assert!(ran.status == 1 && ran.stderr.contains("there is no tenant with the schema none"), "{ran:?}");
    assert!(stores.requests().is_empty());
}

#[test]
fn doctor_index_and_metrics_tell_about_the_last_sync() {
    let stores = Stores::new();
    let doctor = || stores.installation.run("poem", &["doctor"]).stdout;
    let said = doctor();
    let line = "  note   Aggregation profiles of EGI: never fetched; cron runs poem-syncaggregations";
    assert!(said.contains(line), "{said}");
    put(&stores, None, "critical", "AND");
    synced(&stores);
    let said = doctor();
    assert!(said.contains("  ok     Aggregation profiles of EGI: changed, just now"), "{said}");

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    stores.installation.configure("[SERVER]\n", &format!("[SERVER]\nManagementPort = {port}\n"));
    let server = Server::start(&stores.installation);
    let cookie = format!("sessionid={}", stores.installation.log_in("poem"));
    let page = server.get_as("/poem/admin/", &[("Cookie", &cookie)]).text();
    assert!(page.contains("Aggregation profiles"), "{page}");
    assert!(page.contains("changed, 1 entry on the ARGO WEB-API"), "{page}");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let metrics = http::send(address, "GET", "/metrics", &[("Host", "localhost")], b"").text();
        let labels = "{feed=\"aggregation_profiles\",tenant=\"egi\"}";
        if metrics.contains(&format!("poem_sync_failing{labels} 0")) {
            assert!(metrics.contains(&format!("poem_sync_entries{labels} 1")), "{metrics}");
            break;
        }
        assert!(Instant::now() < end, "{metrics}");
    }

    stores.api.fail_before(1, LIST, WebApiFault::Html(502));
    sync(&stores);
    let said = doctor();
    assert!(said.contains("  WRONG  Aggregation profiles of EGI: failed: ARGO WEB-API - "), "{said}");
}
