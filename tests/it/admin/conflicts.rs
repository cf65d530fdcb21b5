//! Two users who edit at the same time: nothing is lost, and nothing is half saved.

use std::thread;

use super::page::{Control, Form, errors_at};
use super::{AT, TestSite, add, all, get, open, save, submit};
use crate::support::sql::tables;

#[test]
fn the_second_user_to_save_sees_both_changes() {
    let site = TestSite::new();
    let (mut first, mut second) = (site.browser("root"), site.browser("poem"));
    for (_, fixture) in all() {
        let id = add(&mut first, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        let (mut one, mut other) = (open(&mut first, &address), open(&mut second, &address));
        if !fixture.changes_text(&one) {
            continue;
        }
        let (field, [first_value, second_value]) = fixture.change;
        one.set(field, first_value);
        other.set(field, second_value);
        save(&mut first, &one);
        let before = tables(&site.installation);
        let answer = submit(&mut second, &other);
        let page = answer.text();
        assert_eq!(answer.status, 409, "{address}: {page}");
        assert!(page.contains("This was changed while you were editing") && page.contains("Saved by root, "), "{page}");
        assert!(page.contains("both changed it") && page.contains(first_value), "{page}");
        assert!(before == tables(&site.installation), "{address}");
        let merged = Form::read(&page).unwrap();
        assert_eq!(merged.value(field), second_value, "{address}: the input is kept");
        // The form now has the current revision: it is saved.
        save(&mut second, &merged);
        assert_eq!(open(&mut first, &address).value(field), second_value, "{address}");
    }
}

#[test]
fn a_conflict_is_announced_in_the_title_and_names_another_tab_of_the_same_user() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let kind = poem::domain::model::object_kind::ObjectKind::Profile;
    let id = add(&mut root, super::fixtures::of(kind), 1, "ARGO");
    let (mut one, mut other) = (open(&mut root, &AT.change(kind, id)), open(&mut root, &AT.change(kind, id)));
    one.set("description", "In one tab.");
    other.set("description", "In another tab.");
    save(&mut root, &one);
    let answer = submit(&mut root, &other);
    let page = answer.text();
    assert_eq!(answer.status, 409, "{page}");
    assert!(page.contains("You saved this in another tab, ") && !page.contains("Saved by"), "{page}");
    assert!(page.contains("<title>Error: "), "{page}");
}

/// Both change the settings of a metric, but not the same ones: each key is shown and merged by itself.
#[test]
fn settings_that_both_changed_are_merged_key_by_key() {
    let site = TestSite::new();
    let (mut first, mut second) = (site.browser("root"), site.browser("poem"));
    let kind = poem::domain::model::object_kind::ObjectKind::Metric;
    let id = add(&mut first, super::fixtures::of(kind), 1, "ARGO");
    let address = AT.change(kind, id);
    let (mut one, mut other) = (open(&mut first, &address), open(&mut second, &address));
    one.set("config-0-value", "71");
    one.set("config-1-value", "72");
    other.set("config-1-value", "73");
    other.set("config-2-value", "/opt/74");
    save(&mut first, &one);
    let answer = submit(&mut second, &other);
    let page = answer.text();
    assert_eq!(answer.status, 409, "{page}");
    let merged = Form::read(&page).unwrap();
    let values = [0, 1, 2].map(|row| merged.value(&format!("config-{row}-value")).to_owned());
    assert_eq!(values, ["71", "73", "/opt/74"]);
    assert_eq!(page.matches("both changed it").count(), 1, "{page}");
    for row in [0, 1, 2] {
        let key = other.value(&format!("config-{row}-key"));
        assert!(page.contains(&format!("Configuration: {key}")), "{key}: {page}");
    }
}

#[test]
fn a_field_that_only_the_first_user_changed_is_taken_over() {
    let site = TestSite::new();
    let (mut first, mut second) = (site.browser("root"), site.browser("poem"));
    let kind = poem::domain::model::object_kind::ObjectKind::Profile;
    let id = add(&mut first, super::fixtures::of(kind), 1, "ARGO");
    let address = AT.change(kind, id);
    let (mut one, mut other) = (open(&mut first, &address), open(&mut second, &address));
    one.set("description", "The other's words.");
    other.set("tuples-1-service_flavour", "ARC-CE");
    other.set("tuples-1-metric", "test.Second");
    save(&mut first, &one);
    let answer = submit(&mut second, &other);
    assert_eq!(answer.status, 409);
    let merged = Form::read(&answer.text()).unwrap();
    assert_eq!((merged.value("description"), merged.value("tuples-1-metric")), ("The other's words.", "test.Second"));
    save(&mut second, &merged);
    let saved = open(&mut first, &address);
    assert_eq!((saved.value("description"), saved.value("tuples-0-service_flavour")), ("The other's words.", "ARC-CE"));
}

/// A form that is shown again, with more rows or after a login, keeps the revision it was opened with.
#[test]
fn a_form_that_is_shown_again_does_not_overwrite_a_later_save() {
    let site = TestSite::new();
    let (mut first, mut second) = (site.browser("root"), site.browser("poem"));
    for button in ["_more", "_resume"] {
        for (_, fixture) in all() {
            let number = if button == "_more" { 1 } else { 2 };
            let id = add(&mut first, fixture, number, "ARGO");
            let address = AT.change(fixture.kind, id);
            let (mut one, mut other) = (open(&mut first, &address), open(&mut second, &address));
            let (field, [first_value, second_value]) = fixture.change;
            if !fixture.changes_text(&one) {
                continue;
            }
            let own = |text: &str| format!("{text}{number}");
            one.set(field, &own(first_value));
            other.set(field, &own(second_value));
            save(&mut first, &one);
            other.controls.push((button.to_owned(), Control::Hidden("1".to_owned())));
            let answer = submit(&mut second, &other);
            let shown = Form::read(&answer.text()).unwrap();
            assert_eq!((answer.status, shown.value(field)), (200, own(second_value).as_str()), "{address}: {button}");
            let answer = submit(&mut second, &shown);
            assert!(
                answer.status == 409 && answer.text().contains(&own(first_value)),
                "{address}: {button} {answer:?}"
            );
        }
    }
}

#[test]
fn a_change_of_a_deleted_object_is_not_found() {
    let site = TestSite::new();
    let (mut first, mut second) = (site.browser("root"), site.browser("poem"));
    for (_, fixture) in all() {
        let id = add(&mut first, fixture, 1, "ARGO");
        let mut form = open(&mut second, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        assert_eq!(first.post(&AT.delete(fixture.kind, id), &[]).status, 303);
        let before = tables(&site.installation);
        assert_eq!(submit(&mut second, &form).status, 404, "{}", fixture.kind);
        assert_eq!(second.post(&AT.delete(fixture.kind, id), &[]).status, 404, "{}", fixture.kind);
        assert!(before == tables(&site.installation), "{}", fixture.kind);
    }
}

#[test]
fn a_name_in_several_requests_at_once_is_added_once() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let mut form = open(&mut root, &AT.addition(fixture.kind));
        fixture.fill(&mut form, 1, "ARGO");
        let answers: Vec<_> = thread::scope(|scope| {
            let requests: Vec<_> = (0..4)
                .map(|_| {
                    let (mut browser, form) = (site.browser("root"), &form);
                    scope.spawn(move || submit(&mut browser, form))
                })
                .collect();
            requests.into_iter().map(|request| request.join().unwrap()).collect()
        });
        // It is the same form of the same user: all lead to the one object.
        for answer in &answers {
            assert!([200, 303].contains(&answer.status), "{}: {}", fixture.kind, answer.text());
            assert_eq!(answer.header("Location"), answers[0].header("Location"), "{}", fixture.kind);
        }
        let mut other = site.browser("poem");
        let page = submit(&mut other, &form).text();
        let message = errors_at(&page, fixture.form[0].0);
        assert!(message.contains("already exists"), "{}: {page}", fixture.kind);
        assert_eq!(Form::read(&page).unwrap().value(fixture.form[0].0), fixture.key(1), "the input is kept");
        let key = fixture.key(1);
        let list = get(&mut root, &format!("{}?q={key}", AT.list(fixture.kind)));
        assert_eq!(super::ids(fixture.kind, &list).len(), 1, "{list}");
        let entries = site.one(&format!(
            "SELECT count(*) FROM egi.log_entry WHERE object_name LIKE '{key}%' AND object_kind = '{}'",
            fixture.kind
        ));
        assert_eq!(entries, "1", "{}", fixture.kind);
    }
}

/// Several requests save the same revision at the same time: one succeeds, the others get a conflict.
#[test]
fn of_several_simultaneous_saves_exactly_one_succeeds() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let form = open(&mut root, &AT.change(fixture.kind, id));
        if !fixture.changes_text(&form) {
            continue;
        }
        let statuses: Vec<u16> = thread::scope(|scope| {
            let requests: Vec<_> = (0..4)
                .map(|number| {
                    let (mut browser, mut form) = (site.browser("root"), form.clone());
                    form.set(fixture.change.0, &format!("{}{number}", fixture.change.1[0]));
                    scope.spawn(move || submit(&mut browser, &form).status)
                })
                .collect();
            requests.into_iter().map(|request| request.join().unwrap()).collect()
        });
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((count(303), count(409)), (1, 3), "{}: {statuses:?}", fixture.kind);
    }
}
