//! Objects with values that no form accepts, as POEM 2.3 allowed them: a save judges only what it changes.

use serde_json::{Value, json};

use super::page::{Control, Form};
use super::{AT, all, flash, open, save};
use crate::support::sql::{sql, tables};
use crate::support::{Browser, Installation, Server, fixture};

/// Values of texts; each is the value of every text of one object of each kind.
const ODD: [&str; 9] = [
    "",
    " x ",
    "one\r\ntwo\r\n",
    "one\u{2028}two\u{b}three",
    "\u{200b}",
    "zero\u{200b}width",
    "bell\u{7}",
    "git://git.example.org/probes.git",
    "<i>&amp;\"'\n\nx",
];

/// The id of the first odd object.
const FIRST: usize = 100;

fn rows(number: usize, odd: &str) -> Vec<Value> {
    let id = FIRST + number;
    let row = |model: &str, fields: Value| json!({"model": model, "pk": id, "fields": fields});
    let time = "2019-03-04T05:06:07";
    // The second is passive without the flag, the others are active without the required keys.
    let metric_type = if number == 1 { 2 } else { 1 };
    let group = number.is_multiple_of(2).then_some(1);
    let mut rows = vec![
        row(
            "poem.custuser",
            json!({"username": odd, "password": "!", "first_name": odd, "last_name": odd,
            "email": odd, "date_joined": time, "groupsofprobes": [id]}),
        ),
        row("poem.userprofile", json!({"user": id, "subject": odd, "egiid": odd, "displayname": odd})),
        row("rest_framework_api_key.apikey", json!({"client_id": odd, "token": format!("t{id}"), "created": time})),
        row(
            "poem.probe",
            json!({"name": odd, "version": odd, "repository": odd, "docurl": odd, "description": odd,
            "comment": odd, "group": "", "user": odd, "datetime": time}),
        ),
        row("poem.metrics", json!({"name": odd})),
        row("poem.metric", json!({"name": odd, "tag": 1, "mtype": metric_type, "group": group, "probeversion": ""})),
        row("poem.metricprobeexecutable", json!({"metric": id, "value": odd})),
        row("poem.metricparent", json!({"metric": id, "value": odd})),
        row(
            "poem.profile",
            json!({"name": odd, "version": odd, "vo": odd, "groupname": "",
            "description": (number > 0).then_some(odd)}),
        ),
        row("poem.metricinstance", json!({"profile": id, "service_flavour": odd, "metric": odd, "fqan": odd})),
        row("poem.aggregation", json!({"name": odd, "apiid": odd, "groupname": ""})),
    ];
    for section in ["config", "flags", "dependancy", "attribute", "parameter", "fileparameter", "files"] {
        rows.push(row(&format!("poem.metric{section}"), json!({"metric": id, "key": odd, "value": odd})));
    }
    for (kind, members) in [("profiles", id), ("probes", id), ("metrics", id), ("aggregations", id)] {
        rows.push(row(&format!("poem.groupof{kind}"), json!({"name": odd, kind: [members]})));
    }
    rows
}

/// An installation whose tenant EGI has small.json and the odd objects.
fn installation() -> Installation {
    let installation = Installation::with_tenants();
    let mut dump: Vec<Value> = serde_json::from_slice(&std::fs::read(fixture("small.json")).unwrap()).unwrap();
    let long = "long ".repeat(1000);
    dump.extend(ODD.into_iter().chain([long.as_str()]).enumerate().flat_map(|(number, odd)| rows(number, odd)));
    let file = installation.path("odd.json");
    std::fs::write(&file, serde_json::to_vec(&dump).unwrap()).unwrap();
    installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]).done();
    installation
}

/// What the form shows of the object, without what every save changes.
fn shown(form: &Form, except: &str) -> Vec<(String, Control)> {
    let technical = |name: &str| name.starts_with('_') || name == "csrfmiddlewaretoken";
    form.controls.iter().filter(|(name, _)| name != except && !technical(name)).cloned().collect()
}

#[test]
fn what_was_loaded_can_be_saved_untouched_and_with_one_change() {
    let installation = installation();
    let server = Server::start(&installation);
    let mut root = Browser::new(&server);
    root.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
    root.cookies.insert("sessionid".to_owned(), installation.log_in("poem"));
    for (_, fixture) in all() {
        let ids = sql(
            &installation,
            &format!("SELECT id FROM egi.object WHERE kind = '{}' AND id ~ '^1[0-9][0-9]$' ORDER BY id", fixture.kind),
        );
        assert!(ids.len() >= ODD.len(), "{}: {ids:?}", fixture.kind);
        for id in ids {
            let address = AT.change(fixture.kind, id.parse().unwrap());
            let form = open(&mut root, &address);
            let before = tables(&installation);
            assert_eq!(flash(&save(&mut root, &form)).trim(), "No changes to save.", "{address}");
            assert_eq!(tables(&installation), before, "{address}");
            let (name, [value, _]) = fixture.change;
            let mut changed = form.clone();
            changed.set(name, &if value == "on" { value.to_owned() } else { format!("{value}-{id}") });
            save(&mut root, &changed);
            let after = open(&mut root, &address);
            // A passive metric loses the settings that it does not use with its first change.
            if form.value("mtype") != "Passive" {
                assert_eq!(shown(&after, name), shown(&form, name), "{address}");
                assert_eq!(after.value(name), changed.value(name), "{address}");
            }
        }
    }
}
