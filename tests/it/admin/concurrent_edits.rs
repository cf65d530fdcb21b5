//! What changes while a page is open: rights, the object itself, the session. Nothing typed is lost, and nothing is done
//! that nobody saw.

use poem::domain::model::object_kind::ObjectKind;

use super::page::Form;
use super::{AT, TestSite, add, all, fixtures, get, open, save, submit};
use crate::support::browser::input;

/// A probe of ARGO, and its form with something typed.
fn typed(site: &TestSite) -> (i64, Form) {
    let fixture = fixtures::of(ObjectKind::Probe);
    let id = add(&mut site.browser("root"), fixture, 1, "ARGO");
    let mut form = open(&mut site.browser("member"), &AT.change(ObjectKind::Probe, id));
    form.set("description", "Typed with care.");
    (id, form)
}

#[test]
fn who_loses_the_right_while_typing_keeps_what_was_typed() {
    let site = TestSite::new();
    let (id, form) = typed(&site);
    site.sql("DELETE FROM egi.group_member WHERE user_id = (SELECT id FROM egi.app_user WHERE username = 'member')");
    let mut member = site.browser("member");
    let answer = submit(&mut member, &form);
    let page = answer.text();
    assert_eq!(answer.status, 403, "{page}");
    assert!(page.contains("Typed with care.") && page.contains("Nothing was saved."), "{page}");
    assert!(page.contains("Members of the group ARGO"), "it says whom to ask: {page}");
    assert!(!get(&mut member, &AT.change(ObjectKind::Probe, id)).contains("Typed with care."));
}

#[test]
fn what_was_typed_into_the_form_of_a_deleted_object_can_become_a_new_one() {
    let site = TestSite::new();
    let (id, form) = typed(&site);
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
fn what_was_changed_is_not_deleted_by_a_confirmation_of_before() {
    let site = TestSite::new();
    let (mut root, mut other) = (site.browser("root"), site.browser("poem"));
    for (_, fixture) in all() {
        let id = add(&mut root, fixture, 1, "ARGO");
        let address = AT.change(fixture.kind, id);
        let deletion = AT.delete(fixture.kind, id);
        let seen = input(&get(&mut root, &deletion), "_revision").unwrap();
        let mut form = open(&mut other, &address);
        // A key can only be revoked, once: whoever deletes it wants no less.
        if !fixture.changes_text(&form) {
            continue;
        }
        form.set(fixture.change.0, fixture.change.1[0]);
        save(&mut other, &form);
        let answer = root.post(&deletion, &[("_revision", &seen)]);
        let page = answer.text();
        assert!(answer.status == 409 && page.contains("Somebody else changed it"), "{address}: {page}");
        get(&mut root, &address);
        let seen = input(&page, "_revision").unwrap();
        assert_eq!(root.post(&deletion, &[("_revision", &seen)]).status, 303, "{address}");
        assert_eq!(root.get(&address).status, 404, "{address}");
    }
}

/// «Back to the form» of a confirmation would be the deed itself.
#[test]
fn a_confirmation_that_comes_after_the_session_is_asked_for_again() {
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
        assert_eq!(input(&page, "next").unwrap(), address, "it leads back to where people are asked");
        assert!(!page.contains("What you typed is kept"), "{address}: nothing was typed");
    }
    get(&mut root, &AT.change(ObjectKind::Metric, id));
}

#[test]
fn a_form_filled_with_what_is_saved_nowhere_says_so() {
    let site = TestSite::new();
    let (id, _) = typed(&site);
    let mut root = site.browser("root");
    let address = AT.change(ObjectKind::Probe, id);
    let version = site.versions(ObjectKind::Probe, id)[0];
    let restored = AT.restore(ObjectKind::Probe, id, version);
    let is_unsaved = |page: &str| page.contains("data-unsaved");
    assert!(!is_unsaved(&get(&mut root, &address)));
    let page = get(&mut root, &restored);
    assert!(is_unsaved(&page) && page.contains("Nothing is saved yet."), "{page}");
    assert_eq!(site.browser("nobody").get(&restored).status, 403, "who may not save it sees the version itself");
    for button in ["_more", "_resume"] {
        let form = open(&mut root, &address);
        let mut pairs = form.pairs();
        pairs.push((button.to_owned(), "config".to_owned()));
        let fields: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(is_unsaved(&root.post(&address, &fields).text()), "{button}");
    }
}

#[test]
fn what_is_said_is_in_a_cookie_that_no_script_reads() {
    let site = TestSite::new();
    let (_, form) = typed(&site);
    let mut root = site.browser("root");
    let mut form = form;
    form.set("version", "9.9");
    let answer = submit(&mut root, &form);
    let cookies: Vec<_> = answer.headers("Set-Cookie").filter(|cookie| cookie.starts_with("messages=")).collect();
    assert!(cookies.len() == 1 && cookies[0].contains("HttpOnly") && cookies[0].contains("SameSite="), "{cookies:?}");
}
