//! Forms with more rows, choices or fields than the declaration of their entity allows.

use poem::domain::model::object_kind::ObjectKind;

use super::page::elements;
use super::{AT, TestSite, all, get, open, submit};

/// More rows or choices than any field may have.
const TOO_MANY: usize = 10_001;

/// Returns the names of the inputs of a row of each field of rows, with `__` for the number, and of each picker.
fn tables_and_pickers(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    for element in elements(page) {
        let name = element.get("name").unwrap_or_default();
        if name.contains("-__-") {
            names.push(name.to_owned());
        } else if element.get("class") == Some("field picker") {
            let id = element.get("id").expect("a picker has an id");
            names.push(id.trim_start_matches("id_").to_owned());
        }
    }
    names.sort();
    names.dedup_by(|a, b| a.split("-__-").next() == b.split("-__-").next());
    names
}

#[test]
fn a_form_with_too_many_rows_or_choices_is_refused_and_not_shown() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let token = root.cookies["csrftoken"].clone();
    let mut fields = 0;
    for (_, fixture) in all() {
        let address = AT.addition(fixture.kind);
        let page = get(&mut root, &address);
        for name in tables_and_pickers(&page) {
            fields += 1;
            for resumed in ["", "&_resume=1"] {
                let field = |number: usize| format!("&{}=x{number}", name.replace("__", &number.to_string()));
                let body: String = (0..TOO_MANY).map(field).collect();
                let answer = root.post_body(&address, &format!("csrfmiddlewaretoken={token}{resumed}{body}"));
                let text = answer.text();
                assert_eq!(answer.status, 413, "{address} {name}{resumed}: {}", &text[..text.len().min(2000)]);
                assert!(text.contains("but at most") && !text.contains("x10000"), "{address} {name}: {text}");
                assert!(text.contains("Go back in your browser"), "{text}");
            }
        }
    }
    // Seven sections of metrics, tuples, two for each kind of groups, four for users.
    assert_eq!(fields, 7 + 1 + 4 * 2 + 4);
}

#[test]
fn an_object_that_exceeds_a_bound_can_be_saved_and_cloned() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let metric: i64 = site.one("SELECT min(id) FROM egi.metric WHERE probe_version_id IS NOT NULL").parse().unwrap();
    site.sql(&format!(
        "INSERT INTO egi.metric_setting (metric_id, section, position, key, value)
         SELECT {metric}, 'attribute', 1000 + n, 'key' || n, 'x' FROM generate_series(1, 501) n"
    ));
    let address = AT.change(ObjectKind::Metric, metric);
    let mut form = open(&mut root, &address);
    form.set("probeexecutable", "another");
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let mut copy = open(&mut root, &AT.clone_of(ObjectKind::Metric, metric));
    copy.set("name", "test.Copy");
    let answer = submit(&mut root, &copy);
    assert_eq!(answer.status, 303, "{}", answer.text());
    // One more than it has is too many.
    let mut form = open(&mut root, &address);
    let count: usize = site
        .one(&format!("SELECT count(*) FROM egi.metric_setting WHERE metric_id = {metric} AND section = 'attribute'"))
        .parse()
        .unwrap();
    form.set(&format!("attribute-{count}-key"), "new");
    let mut body = form.body();
    body += &format!("&attribute-{}-key=one&csrfmiddlewaretoken={}", count + 1, root.cookies["csrftoken"]);
    let answer = root.post_body(&form.action, &body);
    assert_eq!(answer.status, 413, "{}", answer.text());
}
