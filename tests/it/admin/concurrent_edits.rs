//! Changes while a page is open: of rights, of the object, of the session. No input is lost, and nothing is saved or
//! deleted that the user has not seen.

use std::thread;

use poem::domain::model::object_kind::ObjectKind;

use super::page::Form;
use super::{AT, TestSite, add, all, fixtures, get, open, save, submit, submit_as_opened};
use crate::support::HttpResponse;
use crate::support::browser::input;
use crate::support::sql::{Holder, tables, wait_until};

/// Adds a probe to ARGO; returns its id and its form with a changed description.
fn edited_form(site: &TestSite) -> (i64, Form) {
    let fixture = fixtures::of(ObjectKind::Probe);
    let id = add(&mut site.browser("root"), fixture, 1, "ARGO");
    let mut form = open(&mut site.browser("member"), &AT.change(ObjectKind::Probe, id));
    form.set("description", "Typed with care.");
    (id, form)
}

#[test]
fn a_user_who_loses_the_right_while_typing_keeps_the_input() {
    let site = TestSite::new();
    let (id, form) = edited_form(&site);
    site.sql("DELETE FROM egi.group_member WHERE user_id = (SELECT id FROM egi.app_user WHERE username = 'member')");
    let mut member = site.browser("member");
    let answer = submit(&mut member, &form);
    let page = answer.text();
    assert_eq!(answer.status, 403, "{page}");
    assert!(page.contains("Typed with care.") && page.contains("Nothing was saved."), "{page}");
    assert!(page.contains("Members of the group ARGO"), "the page names who may change it: {page}");
    assert!(!get(&mut member, &AT.change(ObjectKind::Probe, id)).contains("Typed with care."));
}

#[test]
fn the_input_for_a_deleted_object_can_be_saved_as_a_new_one() {
    let site = TestSite::new();
    let (id, form) = edited_form(&site);
    let mut root = site.browser("root");
    assert_eq!(root.post(&AT.delete(ObjectKind::Probe, id), &[]).status, 303);
    let mut member = site.browser("member");
    let answer = submit(&mut member, &form);
    let page = answer.text();
    assert_eq!(answer.status, 404, "{page}");
    assert!(page.contains("was deleted while the form was open"), "{page}");
    let again = Form::read(&page).unwrap();
    assert_eq!(
        (again.action.as_str(), again.value("description")),
        (AT.addition(ObjectKind::Probe).as_str(), "Typed with care.")
    );
    save(&mut member, &again);
}

#[test]
fn a_stale_confirmation_does_not_delete_a_changed_object() {
    let site = TestSite::new();
    let (mut root, mut other) = (site.browser("root"), site.browser("poem"));
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        let deletion = AT.delete(fixture.kind, id);
        let seen = input(&get(&mut root, &deletion), "_revision").unwrap();
        let mut form = open(&mut other, &address);
        // The only change of a key is to revoke it, which a deletion includes.
        if !fixture.changes_text(&form) {
            continue;
        }
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut other, &form);
        let answer = root.post(&deletion, &[("_revision", &seen)]);
        let page = answer.text();
        assert!(answer.status == 409 && page.contains("It was changed in the meantime"), "{address}: {page}");
        get(&mut root, &address);
        let seen = input(&page, "_revision").unwrap();
        assert_eq!(root.post(&deletion, &[("_revision", &seen)]).status, 303, "{address}");
        assert_eq!(root.get(&address).status, 404, "{address}");
    }
}

/// For a confirmation, the button “Back to the form” would already delete, restore or set the password.
#[test]
fn a_confirmation_after_the_session_has_ended_is_asked_for_again() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let metric = fixtures::of(ObjectKind::Metric);
    let id = add(&mut root, metric, 1, "ARGO");
    let version = site.versions(ObjectKind::Metric, id)[0];
    let at = AT.version(ObjectKind::Metric, id, version);
    let user: i64 = site.one("SELECT id FROM egi.app_user WHERE username = 'dave'").parse().unwrap();
    let password = format!("{}{user}/password/", AT.list(ObjectKind::CustUser));
    let deletion = AT.delete(ObjectKind::Metric, id);
    let seen = input(&get(&mut root, &deletion), "_revision").unwrap();
    for (address, field) in
        [(deletion, ("_revision", seen.as_str())), (at, ("_save", "1")), (password, ("new_password1", "x"))]
    {
        let mut stranger = site.stranger();
        let answer = stranger.post(&address, &[field]);
        let page = answer.text();
        assert_eq!(answer.status, 403, "{address}");
        assert_eq!(input(&page, "_typed").unwrap_or_default(), "", "{address}: {page}");
        assert_eq!(input(&page, "next").unwrap(), address, "the login leads back to the confirmation");
        assert!(!page.contains("Your unsaved changes are kept"), "{address}: there is no input to keep");
    }
    get(&mut root, &AT.change(ObjectKind::Metric, id));
}

#[test]
fn a_form_that_was_filled_with_unsaved_values_is_marked() {
    let site = TestSite::new();
    let (id, _) = edited_form(&site);
    let mut root = site.browser("root");
    let address = AT.change(ObjectKind::Probe, id);
    let version = site.versions(ObjectKind::Probe, id)[0];
    let restored = AT.restore(ObjectKind::Probe, id, version);
    let is_unsaved = |page: &str| page.contains("data-unsaved");
    assert!(!is_unsaved(&get(&mut root, &address)));
    let page = get(&mut root, &restored);
    assert!(is_unsaved(&page) && page.contains("save to restore it."), "{page}");
    assert_eq!(
        site.browser("nobody").get(&restored).status,
        403,
        "without the right to save, only the version itself is shown"
    );
    for button in ["_more", "_resume"] {
        let form = open(&mut root, &address);
        let mut pairs = form.pairs();
        pairs.push((button.to_owned(), "config".to_owned()));
        let fields: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(is_unsaved(&root.post(&address, &fields).text()), "{button}");
    }
}

#[test]
fn flash_messages_are_in_a_cookie_that_no_script_can_read() {
    let site = TestSite::new();
    let (_, form) = edited_form(&site);
    let mut root = site.browser("root");
    let mut form = form;
    form.set("version", "9.9");
    let answer = submit(&mut root, &form);
    let cookies: Vec<_> = answer.headers("Set-Cookie").filter(|cookie| cookie.starts_with("messages=")).collect();
    assert!(cookies.len() == 1 && cookies[0].contains("HttpOnly") && cookies[0].contains("SameSite="), "{cookies:?}");
}

/// Another user has logged in in another tab of the same browser.
#[test]
fn a_form_is_not_saved_for_another_user_than_the_one_who_opened_it() {
    let site = TestSite::new();
    let (id, mut form) = edited_form(&site);
    form.set("version", "9.9");
    let user: i64 = site.one("SELECT id FROM egi.app_user WHERE username = 'dave'").parse().unwrap();
    let mut poem = site.browser("poem");
    let before = tables(&site.installation);
    let answer = submit_as_opened(&mut poem, &form);
    let page = answer.text();
    assert!(answer.status == 409 && page.contains("You are now logged in as poem."), "{page}");
    let shown = Form::read(&page).unwrap();
    assert_eq!(shown.value("version"), "9.9", "the input is kept: {page}");
    let password = format!("{}{user}/password/", AT.list(ObjectKind::CustUser));
    let other = site.one("SELECT id::text FROM egi.app_user WHERE username = 'root'");
    let new = [("_user", other.as_str()), ("new_password1", "another-secret-1"), ("new_password2", "another-secret-1")];
    for (address, fields) in [(AT.delete(ObjectKind::Probe, id), &new[..1]), (password, &new)] {
        let answer = poem.post(&address, fields);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(address.as_str())), "{answer:?}");
        assert!(get(&mut poem, &address).contains("You are now logged in as poem."));
    }
    // These addresses have no page of their own: the message is on the page that they lead to.
    let list = AT.list(ObjectKind::Metric);
    let view = AT.view(ObjectKind::Probe, id);
    for (address, to) in [(AT.bulk(ObjectKind::Metric), list), (AT.undo(ObjectKind::Probe, id, 1), view)] {
        let answer = poem.post(&address, &new[..1]);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(to.as_str())), "{answer:?}");
        assert!(get(&mut poem, &to).contains("You are now logged in as poem."), "{address}");
    }
    let own = "/poem/admin/password_change/";
    let old = [("_user", other.as_str()), ("old_password", "x"), ("new_password1", "x"), ("new_password2", "x")];
    let answer = poem.post(own, &old);
    assert!(answer.status == 409 && answer.text().contains("You are now logged in as poem."), "{answer:?}");
    assert!(before == tables(&site.installation), "nothing was saved");
    // The form that is shown again is that of the user who is logged in now.
    assert_eq!(submit_as_opened(&mut poem, &shown).status, 303);
}

/// The session ends while the form is on its way: after the guard has found it.
#[test]
fn a_session_that_has_ended_saves_nothing() {
    let site = TestSite::new();
    let (_, mut form) = edited_form(&site);
    form.set("version", "9.9");
    let mut root = site.browser("root");
    let answer = while_the_session_ends(&site, || submit(&mut root, &form));
    assert!(answer.status == 403 && answer.text().contains("Nothing was saved."), "{}", answer.text());
    assert_eq!(site.one("SELECT count(*) FROM egi.probe WHERE version = '9.9'"), "0");
    let mut poem = site.browser("poem");
    let passwords = "SELECT string_agg(password, ',' ORDER BY id) FROM egi.app_user";
    let before = site.one(passwords);
    let new = "correct horse battery";
    let fields = [("old_password", "poem-secret-1"), ("new_password1", new), ("new_password2", new)];
    let answer = while_the_session_ends(&site, || poem.post("/poem/admin/password_change/", &fields));
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(site.one(passwords), before);
    assert_eq!(site.one("SELECT count(*) FROM egi.login_session WHERE expires > now()"), "0");
}

/// Makes all sessions end while the request waits for another writer.
fn while_the_session_ends(site: &TestSite, request: impl FnOnce() -> HttpResponse + Send) -> HttpResponse {
    let mut writer = Holder::of(
        &site.installation,
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext('egi')); SELECT 1",
    );
    thread::scope(|scope| {
        let saving = scope.spawn(request);
        let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        wait_until(&site.installation, waits, "1");
        site.sql("UPDATE egi.login_session SET expires = now()");
        writer.run("ROLLBACK");
        saving.join().unwrap()
    })
}
