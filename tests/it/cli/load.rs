//! `poem-db -d`: loads dumps of POEM 2.3 into a tenant, completely or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::said;
use crate::support::installation::{EGI_TOKEN, Ran};
use crate::support::sql::{connect, everything, run, sql, tables, wait_until, without_statistics};
use crate::support::{Installation, Server, Set, block_on, fixture};

const NOTHING_TO_DO: &str = "The tenant already holds exactly these data: nothing to do.\n";
const PROFILES: &str = "/poem/api/v2/profiles/";
const METRICS: &str = "/poem/api/v2/metrics/";

fn load(installation: &Installation, file: &Path, more: &[&str]) -> Ran {
    let file = file.to_str().unwrap();
    installation.run("poem-db", &[&["-d", "-n", "egi", "-f", file], more].concat())
}

/// The tables with a sequence of ids.
pub(super) const NUMBERED: [&str; 13] = [
    "object_group",
    "app_user",
    "api_key",
    "probe",
    "version",
    "tag",
    "metric_type",
    "metric_name",
    "metric",
    "profile",
    "metric_instance",
    "aggregation",
    "log_entry",
];

/// Writes small.json with a change to a file of the installation.
fn changed(installation: &Installation, change: impl FnOnce(&mut Vec<Value>)) -> PathBuf {
    let mut rows: Vec<Value> = serde_json::from_slice(&fs::read(fixture("small.json")).unwrap()).unwrap();
    change(&mut rows);
    write(installation, &serde_json::to_vec(&rows).unwrap())
}

fn write(installation: &Installation, dump: &[u8]) -> PathBuf {
    let file = installation.path("changed.json");
    fs::write(&file, dump).unwrap();
    file
}

/// The fields of the row with this model and key.
fn fields<'a>(rows: &'a mut [Value], model: &str, key: i64) -> &'a mut Value {
    let row = rows.iter_mut().find(|row| row["model"] == model && row["pk"] == key);
    &mut row.unwrap_or_else(|| panic!("no {model} {key}"))["fields"]
}

fn start(installation: &Installation, file: &Path) -> Child {
    let mut command = installation.command("poem-db");
    command.args(["-d", "-n", "egi", "-f", file.to_str().unwrap()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the executable runs")
}

#[test]
fn a_dump_loads_once_with_and_without_natural_keys() {
    for dump in ["small.json", "small-natural.json"] {
        let installation = Installation::with_tenants();
        let first = load(&installation, &fixture(dump), &[]).done();
        let counts =
            [(5, "users"), (3, "API keys"), (3, "probes"), (8, "metrics"), (3, "profiles"), (11, "metric instances")];
        for (count, what) in counts {
            assert!(first.stdout.contains(&format!("{count:>8} {what}\n")), "{what}: {first:?}");
        }
        let last = first.stdout.lines().last().unwrap();
        assert!(last.starts_with("Installed ") && last.ends_with(" object(s) from 1 fixture(s)"), "{last}");
        let before = everything(&installation);
        let second = load(&installation, &fixture(dump), &[]).done();
        assert_eq!(second.stdout, NOTHING_TO_DO);
        let third = load(&installation, &fixture(dump), &["--replace", "--yes"]).done();
        assert_eq!(third.stdout, NOTHING_TO_DO);
        assert_eq!(everything(&installation), before);
        assert_eq!(sql(&installation, "SELECT count(*) FROM two.app_user"), ["0"]);
    }
}

/// Returns the rows of every table of a tenant as text, and its sequences. Sealed tokens never look the same twice.
fn tenant(installation: &Installation, schema: &str) -> String {
    sql(installation, &format!("UPDATE {schema}.api_key SET token_sealed = NULL"));
    let all = everything(installation);
    let own = all.split_inclusive('\n').scan(false, |is_own, line| {
        // A table begins with a line of its name.
        if let Some((found, _)) = line.split_once('.').filter(|(name, _)| ["egi", "two", "public"].contains(name)) {
            *is_own = found == schema;
            return Some(if *is_own { "\n" } else { "" });
        }
        Some(if *is_own { line } else { "" })
    });
    own.collect()
}

#[test]
fn the_same_dump_gives_the_same_data() {
    let installation = Installation::with_tenants();
    let file = fixture("small.json");
    for schema in ["egi", "two"] {
        installation.run("poem-db", &["-d", "-n", schema, "-f", file.to_str().unwrap()]).done();
    }
    let (egi, two) = (tenant(&installation, "egi"), tenant(&installation, "two"));
    assert!(egi.contains("Initial version.") && egi.lines().count() > 200, "{egi}");
    let difference = egi.lines().zip(two.lines()).find(|(one, other)| one != other);
    assert_eq!(difference, None);
    assert_eq!(egi.len(), two.len());
}

#[test]
fn ids_and_passwords_are_kept() {
    let installation = Installation::with_tenants();
    load(&installation, &fixture("small.json"), &[]).done();
    let kept = [
        ("SELECT id, left(password, 20) FROM egi.app_user WHERE username = 'poem'", "1|pbkdf2_sha256$100000"),
        ("SELECT id FROM egi.probe WHERE name = 'ams-probe'", "1"),
        ("SELECT id FROM egi.profile WHERE name = 'ARGO_MON'", "1"),
        ("SELECT id FROM egi.api_key WHERE client = 'EGI'", "1"),
        ("SELECT count(*) FROM egi.login_session", "0"),
    ];
    for (statement, value) in kept {
        assert!(value.starts_with(&sql(&installation, statement)[0]), "{statement}");
    }
    let server = Server::start(&installation);
    assert_eq!(server.get_with_key(PROFILES, EGI_TOKEN).status, 200);
    let text = everything(&installation);
    for token in [EGI_TOKEN, "ujz&de8gx@d6ncf10epf91d!ho^^@d!@"] {
        assert!(!text.contains(token));
    }
}

#[test]
fn users_who_own_nothing_are_replaced() {
    let installation = Installation::with_tenants();
    installation.run("poem-db", &["-u", "-n", "egi"]).done();
    sql(&installation, "INSERT INTO egi.app_user (username, password) VALUES ('zoe', '!'), ('yan', '!')");
    load(&installation, &fixture("small.json"), &[]).done();
    let poem = sql(&installation, "SELECT id, password LIKE 'pbkdf2%' FROM egi.app_user WHERE username = 'poem'");
    assert_eq!(poem, ["1|t"]);
    let others = "SELECT count(*), min(id) > 5 FROM egi.app_user WHERE username IN ('zoe', 'yan')";
    assert_eq!(sql(&installation, others), ["2|t"]);
    let before = everything(&installation);
    assert_eq!(load(&installation, &fixture("small.json"), &[]).done().stdout, NOTHING_TO_DO);
    assert_eq!(everything(&installation), before);
    // `--replace` deletes them as well.
    load(&installation, &fixture("small.json"), &["--replace", "--yes"]).done();
    assert_eq!(sql(&installation, others), ["0|"]);
}

/// Logins that have begun go on, and no claim gets lost or moves to another account, unless all data are replaced. So
/// does a save on the ARGO WEB-API.
#[test]
fn federated_logins_are_left_alone_and_replaced_with_all_data() {
    let installation = Installation::with_tenants();
    installation.run("poem-db", &["-u", "-n", "egi"]).done();
    sql(
        &installation,
        "INSERT INTO egi.app_user (id, username, password) VALUES (2, 'zoe', '!');
         INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state)
         VALUES (2, 'zoe@egi.eu', '', '', '', 'open');
         INSERT INTO egi.saml_request (id_hash, kind, idp, expires)
         VALUES (decode(repeat('00', 32), 'hex'), 'login', '', now() + interval '1 hour');
         INSERT INTO egi.saml_used (id_hash, expires) SELECT id_hash, expires FROM egi.saml_request;
         INSERT INTO egi.saml_pending (token_hash, browser_hash, cookie, login, expires)
         SELECT id_hash, id_hash, '', '{}', expires FROM egi.saml_used;
         INSERT INTO egi.web_api_save (owner, deadline, username, action, apiid, group_name)
         VALUES ('', now(), 'zoe', 'add', '', '')",
    );
    let counts = || {
        ["saml_request", "saml_used", "saml_pending", "saml_claim", "web_api_save"]
            .map(|table| sql(&installation, &format!("SELECT count(*) FROM egi.{table}")).remove(0))
    };
    load(&installation, &fixture("small.json"), &[]).done();
    assert_eq!(counts(), ["1"; 5]);
    let claimed = "SELECT username FROM egi.app_user u JOIN egi.saml_claim c ON c.user_id = u.id";
    assert_eq!(sql(&installation, claimed), ["zoe"]);
    load(&installation, &fixture("small.json"), &["--replace", "--yes"]).done();
    assert_eq!(counts(), ["0"; 5]);
}

#[test]
fn a_tenant_with_other_data_is_refused() {
    let cases = [
        ("INSERT INTO egi.vo VALUES ('mine')", "VO \"mine\" is not in the file"),
        ("INSERT INTO egi.object_group (kind, name) VALUES ('probes', 'mine')", "mine"),
        ("INSERT INTO egi.api_key (client, token_hash) VALUES ('mine', decode(repeat('00', 32), 'hex'))", "API key"),
        ("INSERT INTO egi.profile (name, vo) VALUES ('mine', 'ops')", "profile"),
    ];
    for (statement, _) in cases {
        let installation = Installation::with_tenants();
        sql(&installation, statement);
        let before = everything(&installation);
        let refused = load(&installation, &fixture("small.json"), &[]);
        said(
            &refused,
            1,
            "the tenant holds other data, and nothing was loaded (--replace empties it first, API keys and users included): ",
        );
        assert_eq!(everything(&installation), before);
    }
    let installation = Installation::with_small_data();
    for (statement, words) in [
        ("UPDATE egi.metric SET executable = 'mine' WHERE id = 1", "metric 1 (argo.AMS-Check): executable is \"mine\""),
        ("UPDATE egi.app_user SET password = 'mine' WHERE id = 2", "user 2 (alice): password differs"),
        ("DELETE FROM egi.log_entry WHERE id = (SELECT min(id) FROM egi.log_entry)", "is not in the tenant"),
        cases[0],
    ] {
        sql(&installation, statement);
        let before = everything(&installation);
        said(&load(&installation, &fixture("small.json"), &[]), 1, words);
        assert_eq!(everything(&installation), before);
        load(&installation, &fixture("small.json"), &["--replace", "--yes"]).done();
        assert_eq!(load(&installation, &fixture("small.json"), &[]).done().stdout, NOTHING_TO_DO);
    }
}

#[test]
fn an_error_in_the_dump_is_named_and_nothing_is_loaded() {
    let installation = Installation::with_tenants();
    let before = everything(&installation);
    let text = fs::read(fixture("small.json")).unwrap();
    let set = |model: &'static str, key, field: &'static str, value: Value| {
        changed(&installation, move |rows| fields(rows, model, key)[field] = value);
        fs::read(installation.path("changed.json")).unwrap()
    };
    let twice = {
        changed(&installation, |rows| rows.push(rows[rows.len() - 1].clone()));
        fs::read(installation.path("changed.json")).unwrap()
    };
    let cases: [(Vec<u8>, &str); 13] = [
        (Vec::new(), "the file is empty"),
        (text[..text.len() / 2].to_vec(), ": EOF while parsing"),
        (fs::read(installation.config_path()).unwrap(), "line 1, column "),
        (b"{}".to_vec(), "not a list of rows"),
        (b"\xff\xff".to_vec(), "line 1: not UTF-8 text"),
        (b"\xff\xfe[\0]\0".to_vec(), "this is UTF-16 text: save it as UTF-8"),
        (b"[{\"model\": \"poem.thing\", \"pk\": 1, \"fields\": {}}]".to_vec(), "unknown model \"poem.thing\""),
        (twice, "occurs twice in the file"),
        (set("poem.probe", 1, "name", json!(5)), "poem.probe 1: field \"name\": must be a text, is the number 5"),
        (set("poem.metric", 1, "tag", json!(99)), "poem.metric 1: field \"tag\": no poem.tags with key 99"),
        (
            set("poem.profile", 1, "description", json!("a\0b")),
            "poem.profile 1: field \"description\": has a NUL character in it",
        ),
        (
            set("poem.probe", 2, "name", json!("ams-probe")),
            "poem.probe 2: field \"name\": the same as that of poem.probe 1",
        ),
        (
            set("rest_framework_api_key.apikey", 1, "token", json!(null)),
            "rest_framework_api_key.apikey 1: field \"token\": ",
        ),
    ];
    for (dump, words) in cases {
        let file = write(&installation, &dump);
        let ran = load(&installation, &file, &[]);
        said(&ran, 1, words);
        assert!(ran.stderr.starts_with(&format!("poem-db: {}: ", file.display())), "{ran:?}");
        assert!(ran.stderr.ends_with("; nothing was loaded\n") && ran.stderr.lines().count() == 1, "{ran:?}");
        assert_eq!((ran.stdout.as_str(), everything(&installation)), ("", before.clone()));
    }
    let nowhere = installation.path("nowhere.json");
    said(&load(&installation, &nowhere, &[]), 1, "nowhere.json: No such file or directory");
}

#[test]
fn extreme_values_load_or_are_named() {
    let installation = Installation::with_tenants();
    let mut before = tables(&installation);
    // Too long for an index. A repetitive text would be compressed and fit.
    let incompressible: String = (0..6_000).filter_map(|n| char::from_u32(0x4E00 + n * 7_919 % 20_000)).collect();
    let cases = [
        ("poem.custuser", 1, "date_joined", json!("9999-12-31T23:59:59.999999")),
        ("poem.custuser", 1, "date_joined", json!("0001-01-01T00:00:00")),
        ("poem.probe", 1, "datetime", json!("1000000-01-01T00:00:00")),
        ("poem.metric", 1, "config", json!("x".repeat(3_000_000))),
        ("poem.profile", 1, "name", json!("n".repeat(20_000))),
        ("poem.vo", 1, "name", json!("n")),
    ];
    for (model, key, field, value) in cases {
        let change = |rows: &mut Vec<Value>| match rows.iter().any(|row| row["model"] == model && row["pk"] == key) {
            true => fields(rows, model, key)[field] = value,
            false => rows.push(json!({"model": model, "pk": incompressible, "fields": {}})),
        };
        let file = changed(&installation, change);
        let ran = load(&installation, &file, &["--replace", "--yes"]);
        let failed = ran.status == 1
            && ran.stderr.contains("; nothing was loaded")
            && ran.stderr.lines().count() == 1
            && !ran.stderr.contains("panicked");
        assert!(ran.status == 0 || failed, "{model} {field}: {ran:?}");
        match ran.status {
            0 => {
                load(&installation, &fixture("small.json"), &["--replace", "--yes"]).done();
                before = tables(&installation);
            }
            _ => assert_eq!(tables(&installation), before, "{model} {field}"),
        }
    }
}

/// Null, blank, double and without an owner: POEM 2.1 and older left such rows behind.
#[test]
fn what_only_the_tables_of_2_3_allow_loads_or_is_named() {
    let installation = Installation::with_tenants();
    let file = changed(&installation, |rows| {
        fields(rows, "poem.metricprobeexecutable", 1)["value"] = Value::Null;
        fields(rows, "poem.metricconfig", 1)["value"] = Value::Null;
        fields(rows, "poem.probe", 1)["datetime"] = Value::Null;
        fields(rows, "poem.metric", 2)["group"] = Value::Null;
        fields(rows, "poem.profile", 1)["description"] = Value::Null;
        fields(rows, "poem.profile", 2)["vo"] = json!("");
        fields(rows, "poem.custuser", 4)["username"] = json!("");
        fields(rows, "poem.metrics", 2)["name"] = json!("argo.AMS-Check");
        fields(rows, "poem.metricparent", 1)["metric"] = Value::Null;
        rows.push(json!({"model": "poem.serviceflavour", "pk": "", "fields": {"description": null}}));
    });
    let ran = load(&installation, &file, &[]).done();
    let named = [
        "poem.metrics 2: field \"name\": is that of poem.metrics 1, left out",
        "poem.metricconfig 1: field \"value\": is null, left out",
        "poem.metricparent 1: field \"metric\": names no metric, left out",
        "poem.probe 1: field \"datetime\": is null, the time of the newest version counts",
    ];
    for warning in named {
        assert!(ran.stderr.contains(&format!("poem-db: warning: {warning}\n")), "{warning}: {ran:?}");
    }
    let server = Server::start(&installation);
    let metrics = server.get_with_key(METRICS, EGI_TOKEN).json();
    let named = metrics.as_array().unwrap().iter().filter_map(|metric| metric.get("argo.AMS-Check"));
    let nulls = |metric: &&Value| metric["probe"] == "" && metric["config"].as_object().unwrap().len() == 4;
    assert_eq!(named.filter(nulls).count(), 1, "{metrics}");
    assert_eq!(load(&installation, &file, &[]).done().stdout, NOTHING_TO_DO);
}

#[test]
fn every_character_is_preserved() {
    let odd = "<script>alert(\"'&amp;\\\")</script>\n\u{1F9EA}\u{10FFFF} \u{e9}e\u{301} %s {{ x }} \u{202e}";
    let long = format!("{odd}{}", "\u{1F9EA}".repeat(5_000));
    let installation = Installation::with_tenants();
    let file = changed(&installation, |rows| {
        fields(rows, "poem.profile", 1)["description"] = json!(long);
        fields(rows, "poem.profile", 1)["vo"] = json!(odd);
        fields(rows, "poem.metricattribute", 1)["key"] = json!(odd);
        fields(rows, "poem.metricattribute", 1)["value"] = json!(long);
    });
    load(&installation, &file, &[]).done();
    let server = Server::start(&installation);
    let profile = server.get_with_key("/poem/api/v2/profiles/ARGO_MON", EGI_TOKEN).json();
    assert_eq!((&profile["description"], &profile["vo"]), (&json!(long), &json!(odd)));
    let metrics = server.get_with_key(METRICS, EGI_TOKEN).json();
    let attributes: Vec<_> = metrics
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|metric| metric.as_object().unwrap().values())
        .map(|metric| &metric["attribute"][odd])
        .filter(|value| !value.is_null())
        .collect();
    assert_eq!(attributes, [&json!(long)]);
    assert_eq!(load(&installation, &file, &[]).done().stdout, NOTHING_TO_DO);
}

#[test]
fn new_ids_start_above_all_that_were_ever_loaded() {
    let installation = Installation::with_tenants();
    let file = changed(&installation, |rows| {
        let highest = rows.iter_mut().find(|row| row["model"] == "rest_framework_api_key.apikey" && row["pk"] == 3);
        highest.unwrap()["pk"] = json!(4_000_000_000_i64);
    });
    load(&installation, &file, &[]).done();
    let next = |table: &str| {
        let sequence = format!("nextval(pg_get_serial_sequence('egi.{table}', 'id'))");
        sql(&installation, &format!("SELECT {sequence}, coalesce(max(id), 0) FROM egi.{table}")).remove(0)
    };
    for table in NUMBERED {
        let numbers = next(table);
        let (next, highest) = numbers.split_once('|').unwrap();
        assert!(next.parse::<i64>().unwrap() > highest.parse::<i64>().unwrap(), "{table}: {numbers}");
    }
    // If a load set a sequence back and then failed at its end, the ids of the old data would be assigned again.
    load(&installation, &fixture("small.json"), &["--replace", "--yes"]).done();
    installation.run("poem-token", &["-t", "NEW", "-s", "egi"]).done();
    assert_eq!(sql(&installation, "SELECT id > 4000000000 FROM egi.api_key WHERE client = 'NEW'"), ["t"]);
}

#[test]
fn a_load_that_is_killed_leaves_nothing() {
    let installation = Installation::with_tenants();
    let before = tables(&installation);
    block_on(async {
        let mut holder = connect(&installation).await;
        run(&mut holder, "BEGIN; LOCK TABLE egi.log_entry IN SHARE MODE").await;
        let mut process = start(&installation, &fixture("small.json"));
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'egi.log_entry'::regclass";
        std::thread::scope(|scope| scope.spawn(|| wait_until(&installation, waiting, "1")).join().unwrap());
        process.kill().unwrap();
        process.wait().unwrap();
        run(&mut holder, "ROLLBACK").await;
    });
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'poem'";
    wait_until(&installation, others, "0");
    assert_eq!(tables(&installation), before);
    load(&installation, &fixture("small.json"), &[]).done();
}

#[test]
fn of_simultaneous_loads_one_loads_and_the_others_have_nothing_to_do() {
    let installation = Installation::with_tenants();
    let started: Vec<_> = (0..4).map(|_| start(&installation, &fixture("small.json"))).collect();
    let mut lines: Vec<_> = started
        .into_iter()
        .map(|process| {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
        })
        .collect();
    lines.sort();
    assert!(lines[0].starts_with("Installed "), "{lines:?}");
    assert!(lines[1..].iter().all(|line| line == NOTHING_TO_DO.trim()), "{lines:?}");
}

#[test]
fn a_request_during_a_load_gets_the_old_data_or_the_new() {
    let installation = Installation::with_small_data();
    let other = changed(&installation, |rows| {
        for row in rows.iter_mut() {
            match row["model"].as_str().unwrap() {
                "poem.profile" => row["fields"]["description"] = json!("the other"),
                "poem.metricattribute" => row["fields"]["value"] = json!("the other"),
                _ => {}
            }
        }
    });
    let server = Server::start(&installation);
    let get = |target: &str| {
        let response = server.knows(|server| server.get_with_key(target, EGI_TOKEN));
        assert_eq!(response.status, 200, "{target}: {response:?}");
        response.text()
    };
    let targets = [PROFILES, METRICS, "/poem/api/0.2/json/profiles"];
    let old = targets.map(get);
    load(&installation, &other, &["--replace", "--yes"]).done();
    server.catch_up();
    let new = targets.map(get);
    assert!((0..targets.len()).all(|place| old[place] != new[place]));
    let is_done = AtomicBool::new(false);
    let requests = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..targets.len())
            .map(|place| {
                let (is_done, old, new, get) = (&is_done, &old, &new, &get);
                scope.spawn(move || {
                    let mut requests = 0;
                    while !is_done.load(Ordering::Relaxed) {
                        let body = get(targets[place]);
                        assert!(body == old[place] || body == new[place], "neither old nor new: {body}");
                        requests += 1;
                    }
                    requests
                })
            })
            .collect();
        let end = Set(&is_done);
        for _ in 0..3 {
            installation.load("small.json");
            load(&installation, &other, &["--replace", "--yes"]).done();
        }
        drop(end);
        clients.into_iter().map(|client| client.join().unwrap()).sum::<usize>()
    });
    assert!(requests > 6, "{requests}");
}

#[test]
fn the_tables_have_statistics_after_a_load() {
    let installation = Installation::with_tenants();
    let nothing: [&str; 0] = [];
    for _ in 0..2 {
        installation.load("small.json");
        assert_eq!(without_statistics(&installation, "egi"), nothing);
        sql(&installation, "DELETE FROM pg_statistic WHERE starelid > 16383");
        assert_ne!(without_statistics(&installation, "egi"), nothing);
        // Loaded again.
        sql(&installation, "UPDATE egi.profile SET description = 'changed'");
    }
}
