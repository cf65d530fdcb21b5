//! `poem-exportprofiles` and `poem-importprofiles`.

use std::fs;

use serde_json::{Value, json};

use super::said;
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{everything, sql, tables, without_statistics};
use crate::support::{Installation, Server};

fn export(installation: &Installation, name: &str, profiles: &[&str]) -> Value {
    let file = installation.path(name);
    let arguments = [&[file.to_str().unwrap(), "egi"], profiles].concat();
    let ran = installation.run("poem-exportprofiles", &arguments).done();
    let which = if profiles.is_empty() { "all".to_owned() } else { profiles.join(" ") };
    assert!(ran.stdout.contains(&format!("Exported {which} profiles to {}", file.display())), "{ran:?}");
    let text = fs::read_to_string(file).unwrap();
    assert!(text.is_ascii() && text.starts_with("[\n    {\n        \"name\": "), "{text}");
    serde_json::from_str(&text).unwrap()
}

fn write(installation: &Installation, profiles: &Value) -> String {
    let file = installation.path("import.json");
    fs::write(&file, profiles.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_export_is_imported_unchanged_into_another_tenant() {
    let installation = Installation::with_small_data();
    let exported = export(&installation, "all.json", &[]);
    assert_eq!(exported.as_array().unwrap().len(), 3);
    assert_eq!(exported[0]["metric_instances"][0]["fqan"], Value::Null);
    let one = export(&installation, "one.json", &["ARGO_MON_CRITICAL"]);
    assert_eq!(one, json!([exported[2]]));
    let file = installation.path("all.json");
    let import = ["-t", "two", "-f", file.to_str().unwrap()];
    let ran = installation.run("poem-importprofiles", &import).done();
    assert!(ran.stdout.contains("Running synchronizer for POEM sync"), "{ran:?}");
    assert!(ran.stdout.contains("Synchronized profile ARGO_MON"), "{ran:?}");
    let server = Server::start(&installation);
    let at = |host: &str| server.send("GET", "/poem/api/0.2/json/profiles", &[("Host", host)], b"").json();
    assert_eq!(at("two.localhost"), at("localhost"));
    // Names without a metric are now in the registry, and the log names the command as the user.
    assert_eq!(sql(&installation, "SELECT count(*) > 0 FROM two.metric_name"), ["t"]);
    assert_eq!(
        sql(&installation, "SELECT DISTINCT username, action FROM two.log_entry WHERE object_kind = 'profile'"),
        ["poem-importprofiles|add"]
    );
    let before = tables(&installation);
    let again = installation.run("poem-importprofiles", &import).done();
    assert!(again.stdout.contains("unchanged"), "{again:?}");
    assert_eq!(tables(&installation), before);
    assert_eq!(sql(&installation, "SELECT DISTINCT revision FROM two.profile"), ["1"]);
}

#[test]
fn an_import_replaces_the_tuples_of_an_existing_profile() {
    let installation = Installation::with_small_data();
    let ids = "SELECT id FROM egi.metric_instance WHERE profile_id = 3 ORDER BY id";
    assert_eq!(sql(&installation, ids), ["9", "10", "11"]);
    let mut profiles = export(&installation, "one.json", &["ARGO_MON_CRITICAL"]);
    let tuples = profiles[0]["metric_instances"].as_array_mut().unwrap();
    tuples.remove(0);
    tuples
        .push(json!({"metric": "new.Metric", "fqan": "", "vo": "ignored", "atp_service_type_flavour": "new.flavour"}));
    profiles[0]["vo"] = json!("dteam");
    let file = write(&installation, &profiles);
    let ran = installation.run("poem-importprofiles", &["-t", "egi", "-f", &file]).done();
    let words = "Changed VO. Added 1 metric instance. Deleted 1 metric instance.";
    assert!(ran.stdout.contains(words), "{ran:?}");
    let log = "SELECT data -> 'changes' FROM egi.log_entry WHERE username = 'poem-importprofiles'";
    let changes: Value = serde_json::from_str(&sql(&installation, log)[0]).unwrap();
    assert_eq!(changes[0], json!({"kind": "value", "field": "VO", "before": "ops", "after": "dteam"}));
    assert_eq!(changes[1]["added"], json!([["new.flavour", "new.Metric", ""]]));
    assert_eq!(sql(&installation, "SELECT vo, revision FROM egi.profile WHERE id = 3"), ["dteam|2"]);
    let server = Server::start(&installation);
    let profile = server.get_with_key("/poem/api/v2/profiles/ARGO_MON_CRITICAL", EGI_TOKEN).json();
    let metrics: Vec<_> =
        profile["metric_instances"].as_array().unwrap().iter().map(|tuple| &tuple["metric"]).collect();
    assert_eq!((&profile["vo"], metrics.len()), (&json!("dteam"), 3));
    assert!(metrics.contains(&&json!("new.Metric")));
}

#[test]
fn an_error_is_named_and_nothing_is_imported() {
    let installation = Installation::with_small_data();
    let before = everything(&installation);
    let good = json!({"name": "A", "version": "1.0", "vo": "ops", "description": null, "metric_instances": []});
    let with = |change: fn(&mut Value)| {
        let mut profile = good.clone();
        profile["name"] = json!("B");
        change(&mut profile);
        json!([good, profile])
    };
    let cases = [
        (json!({}), "list"),
        (with(|profile| profile["vo"] = json!(7)), "profile \"B\""),
        (with(|profile| drop(profile.as_object_mut().unwrap().remove("metric_instances"))), "metric_instances"),
        (with(|profile| profile["version"] = json!("12345678901")), "version"),
        (with(|profile| profile["metric_instances"] = json!([{"metric": "m"}])), "metric_instances[0]"),
        (json!([good, good]), "\"A\""),
    ];
    for (profiles, words) in cases {
        let file = write(&installation, &profiles);
        said(&installation.run("poem-importprofiles", &["-t", "egi", "-f", &file]), 1, words);
    }
    let file = write(&installation, &json!([good]));
    said(&installation.run("poem-importprofiles", &["-t", "egi", "-f", &file, "NOBODY"]), 1, "NOBODY");
    said(&installation.run("poem-importprofiles", &["-t", "nowhere", "-f", &file]), 1, "there is no tenant");
    let host = ["-t", "egi", "-p", "https://poem.example.org"];
    said(&installation.run("poem-importprofiles", &host), 2, "Specify only POEM hostname, without protocol");
    let out = installation.path("out.json");
    said(&installation.run("poem-exportprofiles", &[out.to_str().unwrap(), "egi", "NOBODY"]), 1, "NOBODY");
    assert!(!out.exists());
    assert_eq!(everything(&installation), before);
}

#[test]
fn profiles_are_imported_from_another_poem_and_only_into_an_empty_database() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    // The host name selects the tenant: localhost is EGI.
    let host = format!("localhost:{}", server.address.port());
    let import = ["-t", "two", "-p", &host, "-i", "-l"];
    let ran = installation.run("poem-importprofiles", &import).done();
    let url = format!("Running synchronizer for POEM sync (http://{host}/poem/api/0.2/json/profiles/)");
    assert!(ran.stdout.contains(&url), "{ran:?}");
    assert_eq!(sql(&installation, "SELECT count(*) FROM two.profile"), ["3"]);
    sql(&installation, "DELETE FROM two.profile WHERE name = 'ARGO_MON'");
    let again = installation.run("poem-importprofiles", &import).done();
    assert!(again.stderr.contains("Database already contains profiles .. skipping."), "{again:?}");
    assert_eq!(sql(&installation, "SELECT count(*) FROM two.profile"), ["2"]);
    let dead = ["-t", "two", "-p", "localhost:1"];
    said(&installation.run("poem-importprofiles", &dead), 1, "http://localhost:1/poem/api/0.2/json/profiles");
}

#[test]
fn the_tables_have_statistics_after_a_large_import() {
    let installation = Installation::with_tenants();
    let tuple = |n: usize| json!({"atp_service_type_flavour": format!("flavour-{}", n % 50), "metric": format!("org.M{}", n / 50), "fqan": null});
    let tuples: Vec<_> = (0..600).map(tuple).collect();
    let profiles =
        json!([{"name": "LARGE", "version": "1.0", "vo": "ops", "description": "", "metric_instances": tuples}]);
    let file = write(&installation, &profiles);
    installation.run("poem-importprofiles", &["-t", "egi", "-f", &file]).done();
    assert!(without_statistics(&installation, "egi").is_empty());
}
