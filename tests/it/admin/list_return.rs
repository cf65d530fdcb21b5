//! Saving, deleting and cancelling lead back to the list as it was.

use poem::domain::model::object_kind::ObjectKind;

use super::page::{Control, Form, elements, links};
use super::{AT, TestSite, add, all, flash, get, ids, open, submit};

/// Returns the link of a page that begins like this.
#[track_caller]
fn link(page: &str, beginning: &str) -> String {
    let found = links(page).into_iter().find(|link| link.starts_with(beginning));
    found.unwrap_or_else(|| panic!("no link to {beginning}: {page}"))
}

/// Returns the addresses of the objects whose rows are highlighted.
fn highlighted(page: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let mut is_saved = false;
    for element in elements(page) {
        match element.name.as_str() {
            "tr" => is_saved = element.get("class") == Some("saved"),
            "a" if is_saved => {
                rows.extend(element.get("href").map(str::to_owned));
                is_saved = false;
            }
            _ => {}
        }
    }
    rows
}

#[test]
fn a_form_that_was_opened_from_a_list_leads_back_to_it() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all().filter(|(_, fixture)| fixture.kind != ObjectKind::ApiKey) {
        let kind = fixture.kind;
        let id = add(&mut root, fixture, 1, "ARGO");
        let query: String = form_urlencoded::byte_serialize(fixture.key(1).as_bytes()).collect();
        let list = format!("{}?q={query}&o=-{}", AT.list(kind), entity.options().list.columns[0].key);
        let list = if list.ends_with(&format!("-{}", entity.options().list.default_sort)) || kind != ObjectKind::Profile
        {
            list
        } else {
            format!("{}?q={query}", AT.list(kind))
        };
        let page = get(&mut root, &list);
        assert_eq!(ids(kind, &page), [id], "{page}");
        let opened = link(&page, &AT.view(kind, id));
        let view = get(&mut root, &opened);
        let edit = link(&view, &format!("{}?", AT.change(kind, id)));
        let form_page = get(&mut root, &edit);
        for page in [&view, &form_page] {
            assert!(links(page).contains(&list), "{kind}: the breadcrumb leads to {list}: {:?}", links(page));
        }
        // All pages of the object keep it.
        for tab in [AT.history(kind, id), AT.used_by(kind, id)] {
            let Some(tab) = links(&form_page).into_iter().find(|link| link.starts_with(&tab)) else { continue };
            let links = links(&get(&mut root, &tab));
            assert!([&opened, &edit, &list].into_iter().all(|link| links.contains(link)), "{kind}: {links:?}");
        }
        // Errors keep it, and so does “Save and continue editing”.
        let mut form = Form::read(&form_page).unwrap();
        form.set(fixture.change.0, fixture.change.1[0]);
        let mut kept = form.clone();
        kept.controls.push(("_continue".to_owned(), Control::Hidden("1".to_owned())));
        let answer = submit(&mut root, &kept);
        assert_eq!(answer.header("Location"), Some(edit.as_str()), "{kind}: {}", answer.text());
        let mut form = open(&mut root, &edit);
        form.set(fixture.change.0, fixture.change.1[1]);
        let answer = submit(&mut root, &form);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(list.as_str())), "{kind}");
        let page = get(&mut root, &list);
        assert!(flash(&page).contains("was changed."), "{}", flash(&page));
        // A list that is filtered by the old name does not have the row any more.
        let is_renamed = fixture.change.0 == fixture.form[0].0;
        let rows = if is_renamed { &[] } else { std::slice::from_ref(&opened) };
        assert_eq!(highlighted(&page), rows, "{kind}: {page}");
        assert!(
            links(&page).contains(&format!("{}#content", AT.view(kind, id))),
            "{kind}: the message leads to the object"
        );
        assert_eq!(highlighted(&get(&mut root, &list)), [""; 0], "{kind}: only once");
        // Cancel leads to the form, the deletion to the list.
        let delete = link(&form_page, &AT.delete(kind, id));
        let page = get(&mut root, &delete);
        assert!(links(&page).contains(&edit) && links(&page).contains(&list), "{:?}", links(&page));
        let answer = root.post(&delete, &[]);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(list.as_str())), "{kind}");
    }
}

#[test]
fn a_new_object_is_highlighted_and_leads_back_to_the_list() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let (_, fixture) = all().find(|(_, fixture)| fixture.kind == ObjectKind::Probe).unwrap();
    let list = format!("{}?q=test&group=ARGO", AT.list(ObjectKind::Probe));
    let addition = link(&get(&mut root, &list), &AT.addition(ObjectKind::Probe));
    let mut form = open(&mut root, &addition);
    fixture.fill(&mut form, 1, "ARGO");
    let answer = submit(&mut root, &form);
    assert_eq!(answer.header("Location"), Some(list.as_str()), "{}", answer.text());
}

#[test]
fn a_forged_list_leads_nowhere_else() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let (_, fixture) = all().find(|(_, fixture)| fixture.kind == ObjectKind::Probe).unwrap();
    let id = add(&mut root, fixture, 1, "ARGO");
    let list = AT.list(ObjectKind::Probe);
    for (forged, location) in [
        ("https://evil.example.org/", list.clone()),
        ("//evil.example.org/?q=a", list.clone()),
        ("q=a&next=https://evil.example.org/", format!("{list}?q=a")),
        ("q=%0D%0ALocation: x", format!("{list}?q=Location%3A+x")),
        ("o=nothing&page=-5&group=", list.clone()),
    ] {
        let pairs = form_urlencoded::Serializer::new(String::new()).append_pair("_list", forged).finish();
        let form = open(&mut root, &format!("{}?{pairs}", AT.change(ObjectKind::Probe, id)));
        assert!(!form.action.contains("evil"), "{}", form.action);
        let answer = submit(&mut root, &form);
        assert_eq!(answer.header("Location"), Some(location.as_str()), "{forged}");
        // Also if the form is sent to an address that POEM has not made.
        let sent = Form { action: format!("{}?{pairs}", AT.change(ObjectKind::Probe, id)), ..form };
        assert_eq!(submit(&mut root, &sent).header("Location"), Some(location.as_str()), "{forged}");
    }
}

/// Public pages are cached once for everybody.
#[test]
fn public_lists_do_not_change_the_links_of_their_rows() {
    let site = TestSite::new();
    let page = get(&mut site.stranger(), "/poem/admin/poem/public_probe/?q=ams");
    assert!(links(&page).iter().any(|link| link.ends_with("/change/")) && !page.contains("_list"), "{page}");
}
