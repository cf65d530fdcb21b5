//! Forms that no browser would submit, and forms whose session has ended.

use std::time::{Duration, Instant};

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Control, Form, errors_at};
use super::{AT, TestSite, add, all, fixtures, get, open, save, submit};
use crate::support::browser::input;
use crate::support::sql::tables;

#[test]
fn forms_without_the_csrf_token_are_refused() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let before = tables(&site.installation);
        for address in [
            AT.addition(fixture.kind),
            AT.change(fixture.kind, id),
            AT.delete(fixture.kind, id),
            AT.clone_of(fixture.kind, id),
        ] {
            for body in
                ["", "name=x", "csrfmiddlewaretoken=0&name=x", "csrfmiddlewaretoken=ffffffffffffffffffffffffffffffff"]
            {
                let answer = root.post_body(&address, body);
                assert!(answer.status == 403 && answer.text().contains("CSRF"), "{address} {body}: {answer:?}");
            }
            for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
                assert_eq!(
                    root.send("POST", &address, &[("Content-Type", kind)], b"{}").status,
                    415,
                    "{address} {kind}"
                );
            }
            for method in ["PUT", "DELETE", "PATCH"] {
                let answer = root.send(method, &address, &[], b"");
                assert!([403, 404, 405].contains(&answer.status), "{method} {address}: {answer:?}");
            }
        }
        assert!(before == tables(&site.installation), "{}", fixture.kind);
    }
}

#[test]
fn missing_duplicate_and_unknown_fields_do_no_harm() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        let mut form = open(&mut root, &address);
        // Only the token: every field counts as empty.
        let before = tables(&site.installation);
        let empty = root.post(&AT.addition(fixture.kind), &[]);
        assert_eq!(empty.status, 422, "{}: {}", fixture.kind, empty.text());
        assert!(!errors_at(&empty.text(), fixture.form[0].0).is_empty(), "{}", empty.text());
        let stateless = root.post(&address, &[("name", "x")]);
        assert!([400, 422, 409].contains(&stateless.status), "{address}: {stateless:?}");
        for revision in ["", "x", "-1", "99999999999999999999"] {
            let mut form = form.clone();
            form.set("_revision", revision);
            form.set(fixture.change.0, fixture.change.1[0]);
            let status = submit(&mut root, &form).status;
            assert!([400, 409].contains(&status) || !fixture.changes_text(&form), "{address} {revision}: {status}");
        }
        if fixture.changes_text(&form) {
            assert!(before == tables(&site.installation), "{}", fixture.kind);
        }
        // A forged base can only cause a conflict; none of it is saved.
        let mut tampered = form.clone();
        tampered.set("_base", "{\"name\": 7, \"<i class=odd>\": [");
        tampered.set("_revision", "0");
        let answer = submit(&mut root, &tampered);
        assert!(answer.status < 500 && !answer.text().contains("<i class=odd>"), "{address}: {answer:?}");
        // The last value of a duplicate field counts; fields that the form does not have are ignored.
        if fixture.changes_text(&form) {
            let [first, last] = fixture.change.1;
            form.set(fixture.change.0, first);
            form.controls.push((fixture.change.0.to_owned(), Control::Hidden(last.to_owned())));
            for (name, value) in [
                ("id", "1"),
                ("revision", "7"),
                ("is_god", "1"),
                ("tuples-x-metric", "a"),
                ("tuples-99999999999-metric", "a"),
                ("-", "-"),
                ("__proto__", "x"),
                ("name-0-key", "x"),
            ] {
                form.controls.push((name.to_owned(), Control::Hidden(value.to_owned())));
            }
            save(&mut root, &form);
            assert_eq!(open(&mut root, &address).value(fixture.change.0), last, "{address}");
        }
    }
}

/// Larger than any real profile. It takes less than the timeout of a proxy, and errors are at their rows.
#[test]
fn a_form_of_ten_thousand_rows_is_saved_or_shown_again() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Profile);
    let mut form = open(&mut root, &AT.addition(ObjectKind::Profile));
    fixture.fill(&mut form, 1, "ARGO");
    form.controls.retain(|(name, _)| !name.starts_with("tuples-"));
    for row in 0..10_000 {
        for (column, value) in
            [("service_flavour", format!("SRM-{}", row % 100)), ("metric", format!("test.Metric-{row}"))]
        {
            form.controls.push((format!("tuples-{row}-{column}"), Control::Hidden(value)));
        }
    }
    let started = Instant::now();
    let mut wrong = form.clone();
    wrong.set("tuples-9999-metric", "");
    let answer = submit(&mut root, &wrong);
    let page = answer.text();
    assert!(answer.status == 422 && errors_at(&page, "tuples-9999-metric").contains("required"), "{}", answer.status);
    let again = Form::read(&page).unwrap();
    assert_eq!(again.value("tuples-9998-metric"), "test.Metric-9998");
    save(&mut root, &form);
    let id = super::id_of(&mut root, fixture, &fixture.key(1));
    assert!(
        get(&mut root, &AT.change(ObjectKind::Profile, id))
            .contains("10000 tuples, 100 unique service flavours and 10000 unique metrics")
    );
    assert!(started.elapsed() < Duration::from_secs(300), "{:?}", started.elapsed());
    assert_eq!(site.one(&format!("SELECT count(*) FROM egi.metric_instance WHERE profile_id = {id}")), "10000");
}

#[test]
fn the_input_of_an_ended_session_comes_back_after_the_login() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        for address in [AT.addition(fixture.kind), AT.change(fixture.kind, id)] {
            let mut browser = site.browser("poem");
            let mut form = open(&mut browser, &address);
            if address == AT.addition(fixture.kind) {
                fixture.fill(&mut form, 2, "ARGO");
            } else {
                form.set(fixture.change.0, fixture.change.1[0]);
            }
            browser.post("/poem/admin/logout/", &[]);
            let before = tables(&site.installation);
            let answer = submit(&mut browser, &form);
            let page = answer.text();
            assert!(answer.status == 403 && page.contains("Your unsaved changes are kept"), "{address}: {page}");
            assert!(before == tables(&site.installation), "{address}");
            let (kept, next) = (input(&page, "_typed").unwrap(), input(&page, "next").unwrap());
            assert_eq!(next, address);
            let credentials = [("username", "poem"), ("password", "poem-secret-1")];
            let fields = [credentials[0], credentials[1], ("next", next.as_str()), ("_typed", kept.as_str())];
            let page = browser.post("/poem/admin/login/", &fields).text();
            assert!(page.contains("Back to the form"), "{address}: {page}");
            back_to_the_form(&mut browser, &page, &form, &address);
        }
    }
}

/// A profile of ten thousand rows, whose session expires before it is saved. A wrong password in between loses nothing.
#[test]
fn ten_thousand_rows_survive_the_end_of_the_session() {
    let site = TestSite::new();
    let mut browser = site.browser("poem");
    let address = AT.change(ObjectKind::Profile, 1);
    let mut form = open(&mut browser, &address);
    form.controls.retain(|(name, _)| !name.starts_with("tuples-"));
    for row in 0..10_000 {
        for (column, value) in
            [("service_flavour", "eu.egi.Some-Flavour".to_owned()), ("metric", format!("test.M-{row}"))]
        {
            form.controls.push((format!("tuples-{row}-{column}"), Control::Hidden(value)));
        }
    }
    site.sql("UPDATE egi.login_session SET expires = now() - interval '1 minute'");
    let mut page = submit(&mut browser, &form).text();
    assert!(page.contains("Your unsaved changes are kept"), "{}", &page[..page.len().min(2000)]);
    for password in ["wrong", "poem-secret-1"] {
        let (kept, next) = (input(&page, "_typed").unwrap(), input(&page, "next").unwrap());
        let fields = [("username", "poem"), ("password", password), ("next", next.as_str()), ("_typed", kept.as_str())];
        page = browser.post("/poem/admin/login/", &fields).text();
    }
    assert!(page.contains("Back to the form"), "{}", &page[..page.len().min(2000)]);
    let back = Form::read(&page.replace("<form ", "<form data-guarded ")).expect("a form");
    let answer = submit(&mut browser, &back);
    let shown = Form::read(&answer.text()).expect("a form");
    assert_eq!((answer.status, shown.value("tuples-9999-metric")), (200, "test.M-9999"));
    assert_eq!(submit(&mut browser, &shown).status, 303);
    assert_eq!(site.one("SELECT count(*) FROM egi.metric_instance WHERE profile_id = 1"), "10000");
}

/// Presses the button on the page after the login, and submits the form that it leads to.
fn back_to_the_form(browser: &mut crate::support::Browser<'_>, page: &str, sent: &Form, address: &str) {
    let guarded = page.replace("<form ", "<form data-guarded ");
    let back = Form::read(&guarded).unwrap_or_else(|| panic!("no form: {page}"));
    assert_eq!(back.action, address);
    let answer = submit(browser, &back);
    let mut shown = Form::read(&answer.text()).unwrap_or_else(|| panic!("{address}: {answer:?}"));
    assert_eq!(answer.status, 200, "{address}");
    for (name, control) in &sent.controls {
        if ["csrfmiddlewaretoken", "token"].contains(&name.as_str()) || name.contains("password") {
            continue;
        }
        let typed = |form: &Form| form.pairs().into_iter().filter(|(of, _)| of == name).collect::<Vec<_>>();
        assert_eq!(typed(&shown), typed(sent), "{address}: {control:?}");
    }
    for name in ["password", "password_again"] {
        if shown.get(name).is_some() {
            shown.set(name, "quite-a-secret-1");
        }
    }
    let answer = submit(browser, &shown);
    assert!([200, 303].contains(&answer.status), "{address}: {}", answer.text());
}

#[test]
fn more_rows_are_added_without_losing_the_input() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let fixture = fixtures::of(ObjectKind::Profile);
    let mut form = open(&mut root, &AT.addition(ObjectKind::Profile));
    fixture.fill(&mut form, 1, "ARGO");
    form.controls.push(("_more".to_owned(), Control::Hidden("tuples".to_owned())));
    let before = tables(&site.installation);
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 200);
    assert!(before == tables(&site.installation), "nothing is saved yet");
    let more = Form::read(&answer.text()).unwrap();
    assert_eq!((more.value("name"), more.value("tuples-0-metric")), (fixture.key(1).as_str(), "test.Metric"));
    assert!(more.get("tuples-4-metric").is_some());
}

/// A flash message must fit into its cookie, however many side effects it lists.
#[test]
fn the_flash_message_of_a_save_fits_into_a_cookie() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql("INSERT INTO egi.probe (name, version, repository, docurl, description, comment, changed_by, changed_at)
        SELECT repeat(chr(128512), 110) || n, '1', 'http://a', 'http://a', 'x', 'x', 'x', now() FROM generate_series(1, 40) n");
    let fixture = fixtures::of(ObjectKind::GroupOfProbes);
    let id = add(&mut root, fixture, 1, "");
    let mut form = open(&mut root, &AT.change(fixture.kind, id));
    for (name, control) in &mut form.controls {
        if let (true, Control::Checkbox { checked, .. }) = (name == "members", control) {
            *checked = true;
        }
    }
    let answer = submit(&mut root, &form);
    assert_eq!(answer.status, 303, "{}", answer.text());
    for cookie in answer.headers("Set-Cookie") {
        assert!(cookie.len() < 4096, "{} bytes", cookie.len());
    }
    let page = get(&mut root, answer.header("Location").unwrap());
    assert!(super::flash(&page).contains("was changed"), "{}", super::flash(&page));
}
