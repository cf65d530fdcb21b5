//! One rule for a value, whichever door it comes through: a form, the internal API, an import, a dump.

use std::fs;

use serde_json::{Value, json};

use crate::support::sql::sql;
use crate::support::{Browser, Installation, Server, fixture};

const CSRF: &str = "0123456789abcdef0123456789abcdef";
const FORM: &str = "application/x-www-form-urlencoded";
const AGGREGATIONS: &str = "/poem/api/v2/internal/aggregations/";
const REFUSED: Option<&str> = None;

/// A way into the registry. Each stores a name of one line and a description of several, or returns false.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Door {
    /// The form of a profile.
    Form,
    /// `poem-importprofiles`.
    Import,
    /// `poem-db -d`, which keeps names as 2.3 had them.
    Dump,
    /// The internal API, as JSON; it has no description.
    ApiJson,
    /// The internal API, as a form; it has no description.
    ApiForm,
}

const DOORS: [Door; 5] = [Door::Form, Door::Import, Door::Dump, Door::ApiJson, Door::ApiForm];

/// Names, and what is stored of them through every door but the dump.
const NAMES: [(&str, Option<&str>); 9] = [
    ("plain", Some("plain")),
    (" blanks\u{a0}", Some("blanks")),
    ("\u{feff}invisible at the ends\u{200b}", Some("invisible at the ends")),
    ("soft\u{2028}break\u{b}s", Some("soft break s")),
    ("J\u{f6}rg \u{1f600}", Some("J\u{f6}rg \u{1f600}")),
    ("zero\u{200b}width", REFUSED),
    ("bell\u{7}", REFUSED),
    ("nul\0", REFUSED),
    ("\u{200b}", REFUSED),
];

/// Descriptions, and what is stored of them through every door.
const DESCRIPTIONS: [(&str, &str); 3] = [
    ("one\r\ntwo", "one\ntwo"),
    ("one\rtwo\u{2028}three\u{b}four", "one\ntwo\nthree\nfour"),
    ("tab\tone\n\ntwo", "tab\tone\n\ntwo"),
];

/// An installation that is entered through one door, with its server.
struct Site {
    door: Door,
    installation: Installation,
    server: Server,
}

impl Site {
    fn new(door: Door) -> Self {
        // A dump is loaded into an empty tenant.
        let installation =
            if door == Door::Dump { Installation::with_tenants() } else { Installation::with_small_data() };
        let server = Server::start(&installation);
        Self { door, installation, server }
    }

    /// Sends a profile or an aggregation; returns the stored name and description, `None` if it is refused.
    fn send(&self, name: &str, description: &str) -> Option<(String, String)> {
        let newest = match self.door {
            Door::ApiJson | Door::ApiForm => "SELECT id, name, '' FROM egi.aggregation ORDER BY id DESC LIMIT 1",
            _ => "SELECT id, name, description FROM egi.profile ORDER BY id DESC LIMIT 1",
        };
        let before = sql(&self.installation, newest);
        match self.door {
            Door::Import => self.import(name, description),
            Door::Dump => self.load(name, description),
            Door::Form | Door::ApiJson | Door::ApiForm => self.post(name, description),
        }
        let after = sql(&self.installation, newest).pop().filter(|after| !before.contains(after))?;
        let (_, row) = after.split_once('|')?;
        row.split_once('|').map(|(name, description)| (name.to_owned(), description.to_owned()))
    }

    fn import(&self, name: &str, description: &str) {
        let profile = json!([{"name": name, "version": "1", "vo": "ops", "description": description,
            "metric_instances": []}]);
        let file = self.installation.path("profiles.json");
        fs::write(&file, profile.to_string()).unwrap();
        self.installation.run("poem-importprofiles", &["-t", "egi", "-f", file.to_str().unwrap()]);
    }

    fn load(&self, name: &str, description: &str) {
        let mut rows: Vec<Value> = serde_json::from_slice(&fs::read(fixture("small.json")).unwrap()).unwrap();
        rows.push(json!({"model": "poem.profile", "pk": 99, "fields": {"name": name, "version": "1", "vo": "ops",
            "description": description, "groupname": ""}}));
        let file = self.installation.path("dump.json");
        fs::write(&file, serde_json::to_vec(&rows).unwrap()).unwrap();
        self.installation.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap()]);
    }

    fn post(&self, name: &str, description: &str) {
        let mut root = browser(&self.installation, &self.server);
        let apiid = format!("{name:?}");
        let form =
            |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let (kind, body) = match self.door {
            Door::ApiJson => {
                ("application/json", json!({"name": name, "apiid": apiid, "groupname": "ARGO"}).to_string())
            }
            Door::ApiForm => (FORM, form(&[("name", name), ("apiid", &apiid), ("groupname", "ARGO")])),
            _ => {
                let fields =
                    [("name", name), ("vo", "ops"), ("description", description), ("csrfmiddlewaretoken", CSRF)];
                root.post_body("/poem/admin/poem/profile/add/", &form(&fields));
                return;
            }
        };
        root.send("POST", AGGREGATIONS, &[("X-CSRFToken", CSRF), ("Content-Type", kind)], body.as_bytes());
    }
}

fn browser<'a>(installation: &Installation, server: &'a Server) -> Browser<'a> {
    let mut root = Browser::new(server);
    root.cookies.insert("csrftoken".to_owned(), CSRF.to_owned());
    root.cookies.insert("sessionid".to_owned(), installation.log_in("poem"));
    root
}

#[test]
fn every_door_stores_or_refuses_a_value_alike() {
    for door in DOORS.into_iter().filter(|door| *door != Door::Dump) {
        let site = Site::new(door);
        for (name, stored) in NAMES {
            let found = site.send(name, "x").map(|(name, _)| name);
            assert_eq!(found.as_deref(), stored, "{door:?}: {name:?}");
        }
        if matches!(door, Door::Form | Door::Import) {
            for (number, (description, stored)) in DESCRIPTIONS.into_iter().enumerate() {
                let found = site.send(&format!("described {number}"), description).map(|(_, description)| description);
                assert_eq!(found.as_deref(), Some(stored), "{door:?}: {description:?}");
            }
        }
    }
    for (name, _) in NAMES {
        let found = Site::new(Door::Dump).send(name, "x").map(|(name, _)| name);
        assert_eq!(found.as_deref(), Some(name).filter(|name| !name.contains('\0')), "{name:?}");
    }
    for (description, stored) in DESCRIPTIONS {
        let found = Site::new(Door::Dump).send("described", description).map(|(_, description)| description);
        assert_eq!(found.as_deref(), Some(stored), "{description:?}");
    }
}

/// The page and the internal API refuse bytes that are not UTF-8; neither replaces them.
#[test]
fn bytes_that_are_no_text_are_refused_by_pages_and_the_api() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut root = browser(&installation, &server);
    let kind = ("Content-Type", FORM);
    let body = b"name=J%F6rg&apiid=x&groupname=ARGO";
    let answer = root.send("POST", AGGREGATIONS, &[("X-CSRFToken", CSRF), kind], body);
    assert_eq!(answer.status, 400, "{answer:?}");
    let body = format!("name=J%F6rg&apiid=x&csrfmiddlewaretoken={CSRF}");
    assert_eq!(root.post_body("/poem/admin/poem/aggregation/add/", &body).status, 400);
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation"), ["2"]);
}
