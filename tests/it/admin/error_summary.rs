//! A form tells all that is wrong at once, in the order of the page, and names each field.

use poem::domain::model::object_kind::ObjectKind;

use super::page::elements;
use super::{AT, TestSite, add, all, fixtures, open, submit};

/// Returns the summary of errors: the texts and the anchors of their links, in order.
fn summary(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut is_inside = false;
    for element in elements(page) {
        match element.name.as_str() {
            "div" if element.get("id") == Some("problems") => is_inside = true,
            "/div" => is_inside = false,
            "a" if is_inside => {
                found.push((element.text.trim().to_owned(), element.get("href").unwrap_or_default().to_owned()));
            }
            _ => {}
        }
    }
    found
}

fn texts(page: &str) -> Vec<String> {
    summary(page).into_iter().map(|(text, _)| text).collect()
}

fn title(page: &str) -> String {
    elements(page).into_iter().find(|element| element.name == "title").expect("a title").text
}

#[test]
fn an_empty_form_names_every_field_that_is_wrong_in_the_order_of_the_page() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let answer = root.post(&AT.addition(fixture.kind), &[("mtype", "Active")]);
        assert_eq!(answer.status, 422);
        let page = answer.text();
        assert!(title(&page).starts_with("Error: "), "{}", title(&page));
        let summary = summary(&page);
        assert!(!summary.is_empty(), "{page}");
        let ids: Vec<String> =
            elements(&page).into_iter().filter_map(|element| element.get("id").map(|id| format!("#{id}"))).collect();
        let place = |href: &str| ids.iter().position(|id| id == href).unwrap_or_else(|| panic!("no {href}: {page}"));
        let places: Vec<usize> = summary.iter().map(|(_, href)| place(href)).collect();
        assert!(places.is_sorted(), "{}: {summary:?}", fixture.kind);
        for (text, href) in &summary {
            let (field, message) = text.split_once(": ").unwrap_or_else(|| panic!("{text} names no field"));
            assert!(!field.is_empty() && !message.is_empty() && href.starts_with("#id_"), "{text} {href}");
        }
    }
}

#[test]
fn errors_of_fields_rows_and_rules_come_together() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let metric = root.post(&AT.addition(ObjectKind::Metric), &[("mtype", "Active"), ("config-0-key", "path")]).text();
    assert_eq!(
        texts(&metric),
        [
            "Name: This field is required.",
            "Tag: This field is required.",
            "Group: This field is required.",
            "Configuration: Missing fields interval, maxCheckAttempts, retryInterval, timeout",
            "Configuration: Missing values for fields path",
        ]
    );
    let profile = root.post(
        &AT.addition(ObjectKind::Profile),
        &[
            ("vo", "nobody"),
            ("tuples-0-service_flavour", "SRM"),
            ("tuples-0-metric", "a.B"),
            ("tuples-1-service_flavour", "SRM"),
            ("tuples-2-service_flavour", "SRM"),
            ("tuples-2-metric", "a.B"),
            ("tuples-3-metric", &"x".repeat(129)),
        ],
    );
    assert_eq!(
        texts(&profile.text()),
        [
            "Name: This field is required.",
            "VO: Unable to find virtual organization nobody.",
            "Description: This field is required.",
            "Metric instances, row 2, Metric: This field is required.",
            "Metric instances, row 3: Same as row 1.",
            "Metric instances, row 4, Service flavour: This field is required.",
            "Metric instances, row 4, Metric: Ensure this value has at most 128 characters (it has 129).",
        ]
    );
    // A member who chose no group sees that with everything else.
    let mut member = site.browser("member");
    let page = member.post(&AT.addition(ObjectKind::Profile), &[("name", "x"), ("vo", "nobody")]).text();
    let shown = texts(&page);
    for text in ["VO: Unable to find", "Description: This field", "Group: This field is required."] {
        assert!(shown.iter().any(|shown| shown.starts_with(text)), "{shown:?}");
    }
    // A name that is taken does not hide what else is wrong, nor is it hidden.
    let metric = ObjectKind::Metric;
    let taken = fixtures::of(metric);
    add(&mut root, taken, 1, "ARGO");
    let (name, tag) = (taken.key(1), "Production");
    let page = root.post(&AT.addition(metric), &[("name", &name), ("tag", tag), ("mtype", "Active")]).text();
    let shown = texts(&page);
    assert_eq!(shown[..2], ["Name: Metric with this Name and Tag already exists.", "Group: This field is required."]);
    assert!(shown[2].starts_with("Configuration: Missing fields"), "{shown:?}");
    let vo = site.one("SELECT min(name COLLATE \"C\") FROM egi.vo");
    let kinds = [
        (ObjectKind::Probe, vec![("name", fixtures::of(ObjectKind::Probe).key(1)), ("group", "nobody".to_owned())]),
        (ObjectKind::Profile, vec![("name", fixtures::of(ObjectKind::Profile).key(1)), ("vo", vo)]),
        (ObjectKind::CustUser, vec![("username", fixtures::of(ObjectKind::CustUser).key(1))]),
    ];
    for (kind, input) in kinds {
        add(&mut root, fixtures::of(kind), 1, "ARGO");
        let input: Vec<(&str, &str)> = input.iter().map(|(field, value)| (*field, value.as_str())).collect();
        let shown = texts(&root.post(&AT.addition(kind), &input).text());
        assert!(shown[0].contains("already exists"), "{kind}: {shown:?}");
        assert!(shown.len() > 1, "{kind}: {shown:?}");
    }
    // On a change, too.
    let id = add(&mut root, fixtures::of(ObjectKind::Probe), 2, "ARGO");
    let mut form = open(&mut root, &AT.change(ObjectKind::Probe, id));
    form.set("repository", "no address");
    form.set("new_version", "on");
    let page = submit(&mut root, &form).text();
    let shown = texts(&page);
    assert!(shown[0].ends_with("Version number should be raised"), "{shown:?}");
    assert!(shown[1].ends_with("Enter a valid URL.") && shown.len() == 2, "{shown:?}");
    assert!(title(&page).starts_with("Error: "));
    // Nothing was written by the attempts.
    assert_eq!(site.one("SELECT count(*) FROM egi.profile WHERE name = 'x'"), "0");
}
