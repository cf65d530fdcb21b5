//! Odd and invalid input: saved unchanged or refused at its field; never a server error, never half saved.

use poem::domain::form::text;
use poem::domain::model::object_kind::ObjectKind;

use super::fixtures::Fixture;
use super::page::{Control, Form, errors_at};
use super::{AT, TestSite, add, all, get, open, submit};
use crate::support::sql::tables;
use crate::support::{Browser, HttpResponse};

const REQUIRED: &str = "This field is required.";

/// Odd texts: every field either accepts them unchanged or refuses them by its own rule.
const ODD: [&str; 9] = [
    "<i class=odd>x</i>",
    "\"quoted\" 'twice' `thrice` \\ /",
    "100% %s %00 _ * ?",
    "&amp; &lt;b&gt; {{ 7*7 }} {% x %}",
    "\u{1f600}\u{1f468}\u{200d}\u{1f469}",
    "\u{202e}\u{645}\u{631}\u{62d}\u{628}\u{627}",
    "'; DROP TABLE probe; --",
    "../../etc/passwd",
    "-1 null None undefined \u{10ffff}",
];

/// Texts with control characters, which no field accepts.
const CONTROL: [(&str, &str); 4] =
    [("a\u{7}b", "U+0007"), ("a\u{1b}[31mb", "U+001B"), ("a\u{7f}b", "U+007F"), ("a\u{9f}b", "U+009F")];

/// Returns the page of a response; fails on a server error and on HTML that was not escaped.
#[track_caller]
fn handled_page(answer: &HttpResponse, context: &str) -> String {
    let page = answer.text();
    assert!([200, 303, 400, 403, 404, 409, 422].contains(&answer.status), "{context}: {} {page}", answer.status);
    assert!(!page.contains("<i class=odd>"), "{context}: HTML was not escaped: {page}");
    page
}

/// Submits an otherwise valid form with one value. An accepted value must be saved exactly as it was typed.
fn try_value(browser: &mut Browser<'_>, form: &Form, (name, value): (&str, &str), strict: bool) {
    let context = format!("{}: {name} = {value:?}", form.action);
    let mut typed = form.clone();
    typed.set(name, value);
    let answer = submit(browser, &typed);
    let page = handled_page(&answer, &context);
    if answer.status == 303 {
        let list = browser.get(answer.header("Location").unwrap());
        handled_page(&list, &context);
        let again = browser.get(&form.action);
        handled_page(&again, &context);
        // A row with nothing but white space is dropped.
        if let (Some(saved), false) =
            (Form::read(&again.text()).filter(|form| form.get(name).is_some()), name.contains('-'))
        {
            assert_eq!(saved.value(name).replace("\r\n", "\n"), text::trim(value), "{context}");
        }
    } else {
        assert!(answer.status == 422 && strict, "{context}: {} {page}", answer.status);
        assert_eq!(Form::read(&page).unwrap().value(name), value, "{context}: the input is kept");
        assert!(page.contains("Please correct the error"), "{context}");
    }
}

/// Opens the form of an object in its current state, so that values can be tried one after the other.
fn current_form(browser: &mut Browser<'_>, address: &str) -> Form {
    let mut form = open(browser, address);
    if form.get("new_version").is_some() {
        form.set("new_version", "");
    }
    form
}

/// Returns whether the values of a field are subject to more rules than a length.
fn is_strict(fixture: &Fixture, name: &str) -> bool {
    fixture.strict.iter().any(|strict| name == *strict || name.starts_with(&format!("{strict}-")))
}

#[test]
fn every_field_accepts_or_refuses_odd_texts() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        for (name, limit) in texts(&open(&mut root, &address)) {
            let is_cell = name.contains('-');
            for value in &ODD[..if is_cell { 2 } else { ODD.len() }] {
                let form = current_form(&mut root, &address);
                // An earlier value may have filled a row, which moved it.
                if form.get(&name).is_some() {
                    let strict = is_cell || is_strict(fixture, &name) || value.chars().count() > limit;
                    try_value(&mut root, &form, (&name, value), strict);
                }
            }
        }
        assert_eq!(root.post(&AT.delete(fixture.kind, id), &[]).status, 303);
    }
}

/// Every field reports texts that are too long, control characters and, if it is required, an empty value.
#[test]
fn every_limit_is_enforced_and_reported_at_its_field() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let add_form = || {
            let mut root = site.browser("root");
            let mut form = open(&mut root, &AT.addition(fixture.kind));
            fixture.fill(&mut form, 2, "ARGO");
            form
        };
        let forms = [add_form(), open(&mut root, &AT.change(fixture.kind, id))];
        let before = tables(&site.installation);
        for form in &forms {
            // Rows are the same in both forms: one of them is enough.
            let is_add = form.action == AT.addition(fixture.kind);
            for (name, limit) in texts(form).into_iter().filter(|(name, _)| !(is_add && name.contains('-'))) {
                assert_refused(&mut root, form, (&name, limit));
            }
        }
        assert!(before == tables(&site.installation), "{}: something was saved", fixture.kind);
    }
}

/// Returns the texts of a form with their limits, without those that have rules of their own.
fn texts(form: &Form) -> Vec<(String, usize)> {
    form.texts().into_iter().filter(|(name, _)| !is_secret(name)).collect()
}

/// Returns true for an input that is never filled in again.
fn is_secret(name: &str) -> bool {
    name.contains("password") || name == "token" || name == "_reason"
}

/// Submits values that break the rules of a field; each must be refused at the field.
fn assert_refused(browser: &mut Browser<'_>, form: &Form, (name, limit): (&str, usize)) {
    let mut expect = |value: &str, words: &str| {
        let mut typed = form.clone();
        typed.set(name, value);
        let answer = submit(browser, &typed);
        let context = format!("{}: {name} = {:.40}", form.action, value);
        let page = handled_page(&answer, &context);
        let message = errors_at(&page, name);
        assert!(answer.status == 422 && message.contains(words), "{context}: {} {message}: {page}", answer.status);
        assert_eq!(Form::read(&page).unwrap().value(name), value, "{context}: the input is kept");
    };
    assert!(limit > 0 || form.get(name).is_none(), "{name} has no limit");
    let long = "\u{10d}".repeat(limit + 1);
    expect(&long, &format!("Ensure this value has at most {limit} characters (it has {}).", limit + 1));
    for (value, character) in &CONTROL[..if name.contains('-') { 1 } else { CONTROL.len() }] {
        expect(value, &format!("Control characters are not allowed: {character} in line 1, column 2."));
    }
    if form.required.iter().any(|required| required == name) {
        for value in ["", "   ", "\t", "\u{3000}", "\u{200b}", "\u{feff} \u{2060}"] {
            expect(value, REQUIRED);
        }
    }
}

/// A text of the maximum length is saved if the field has no other rule.
#[test]
fn every_field_accepts_a_text_of_its_maximum_length() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        for (name, limit) in texts(&open(&mut root, &address)) {
            if !is_strict(fixture, &name) && !name.contains('-') {
                let form = current_form(&mut root, &address);
                try_value(&mut root, &form, (&name, &"\u{1f600}".repeat(limit)), false);
            }
        }
    }
}

#[test]
fn invalid_ids_in_addresses_are_refused() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let base = AT.list(fixture.kind);
        let odd = [
            "0",
            "-1",
            "999999",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999999",
            "x",
            "1x",
            "1.0",
            "1e3",
            "01",
            "+1",
            "%31%00",
            "%FF",
            "%20",
            "1;2",
            "null",
            "\u{661}",
        ];
        for odd in odd {
            let odd: String = percent_encode(odd);
            for below in ["change/", "delete/", "history/", "history/1/", "change/clone/", "password/"] {
                let address = format!("{base}{odd}/{below}");
                let answer = root.get(&address);
                assert!([400, 404].contains(&answer.status), "{address}: {answer:?}");
                let answer = root.post(&address, &[("_revision", "1")]);
                assert!([400, 404, 405].contains(&answer.status), "{address}: {answer:?}");
            }
            let history = format!("{base}{id}/history/{odd}/");
            assert!([400, 404].contains(&root.get(&history).status), "{history}");
            assert!([400, 404].contains(&root.post(&history, &[]).status), "{history}");
            let compare = format!("{}?version_id1={odd}&version_id2={odd}", AT.compare(fixture.kind, id));
            assert!([400, 404].contains(&root.get(&compare).status), "{compare}");
            let restore = format!("{}?restore={odd}", AT.change(fixture.kind, id));
            let status = root.get(&restore).status;
            let expected: &[u16] =
                if entity.options().restore == poem::admin::crud::Restore::InForm { &[400, 404] } else { &[200] };
            assert!(expected.contains(&status), "{restore}: {status}");
        }
    }
    for odd in ["0", "-1", "x", "99999999999999999999"] {
        assert_eq!(root.get(&format!("/poem/admin/admin/logentry/{odd}/change/")).status, 404);
        assert_eq!(root.get(&format!("/poem/admin/admin/logentry/?action_time__year={odd}&action_time__month={odd}&action_time__day={odd}&p={odd}")).status, 200);
        assert_eq!(root.get(&format!("/poem/admin/suggest/{odd}/?q=a")).status, 404);
    }
}

/// Percent-encodes the characters that a request line cannot hold.
fn percent_encode(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                form_urlencoded::byte_serialize(c.to_string().as_bytes()).collect()
            }
        })
        .collect()
}

#[test]
fn objects_of_another_tenant_are_not_found() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql("INSERT INTO two.app_user SELECT * FROM egi.app_user WHERE username = 'root'");
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        let versions = site.versions(fixture.kind, id);
        let mut two = Browser::of_host(&site.server, "two.localhost");
        two.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        let session = poem::domain::security::keys::session_hash("session-of-two");
        let hash: String = session.iter().map(|byte| format!("{byte:02x}")).collect();
        site.sql(&format!(
            "INSERT INTO two.login_session (id_hash, user_id, expires)
             SELECT '\\x{hash}', id, now() + interval '1 hour' FROM two.app_user ON CONFLICT DO NOTHING"
        ));
        two.cookies.insert("sessionid".to_owned(), "session-of-two".to_owned());
        let before = tables(&site.installation);
        get(&mut two, &AT.list(fixture.kind));
        if fixture.kind == ObjectKind::CustUser && id == 1 {
            continue;
        }
        for address in [
            AT.view(fixture.kind, id),
            AT.change(fixture.kind, id),
            AT.delete(fixture.kind, id),
            AT.history(fixture.kind, id),
        ] {
            assert_eq!(two.get(&address).status, 404, "{address}");
        }
        assert_eq!(submit(&mut two, &form).status, 404);
        assert_eq!(two.post(&AT.delete(fixture.kind, id), &[]).status, 404);
        for version in versions {
            assert_eq!(two.get(&AT.version(fixture.kind, id, version)).status, 404);
        }
        assert!(before == tables(&site.installation), "{}", fixture.kind);
    }
}

#[test]
fn values_outside_the_choices_are_refused_at_their_field() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all() {
        let mut form = open(&mut root, &AT.addition(fixture.kind));
        fixture.fill(&mut form, 1, "ARGO");
        let selects: Vec<(String, bool)> = form
            .controls
            .iter()
            .filter(|(name, control)| {
                matches!(control, Control::Select { .. })
                    || (matches!(control, Control::Checkbox { .. })
                        && form.controls.iter().filter(|(of, _)| of == name).count() > 1)
            })
            .map(|(name, control)| (name.clone(), matches!(control, Control::Select { .. })))
            .collect();
        let before = tables(&site.installation);
        for (name, is_select) in selects {
            for value in ["no such choice", "<i class=odd>x</i>", "argo", "ARGO ' --", "\u{1f600}"] {
                let mut form = form.clone();
                if is_select {
                    form.set(&name, value);
                } else {
                    form.controls.push((name.clone(), Control::Hidden(value.to_owned())));
                }
                let answer = submit(&mut root, &form);
                let page = handled_page(&answer, &name);
                let message = errors_at(&page, &name);
                assert!(
                    answer.status == 422 && message.contains("Select a valid choice."),
                    "{} {name}: {message} {page}",
                    fixture.kind
                );
            }
        }
        assert!(before == tables(&site.installation), "{}", fixture.kind);
    }
}
