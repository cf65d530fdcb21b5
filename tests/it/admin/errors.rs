//! Error pages: they say why there is nothing to see, and link to other pages.

use super::page::links;
use super::{AT, TestSite};
use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

const USERS: &str = "/poem/admin/poem/custuser/";

#[test]
fn an_error_page_has_the_navigation_of_the_logged_in_user() {
    let site = TestSite::new();
    let probes = AT.list(ObjectKind::Probe);
    for (user, address, status) in [
        ("root", AT.change(ObjectKind::Probe, 999_999), 404),
        ("root", "/poem/admin/poem/nothing/".to_owned(), 404),
        ("member", USERS.to_owned(), 403),
    ] {
        let mut browser = site.browser(user);
        let answer = browser.get(&address);
        let page = answer.text();
        assert_eq!(answer.status, status, "{address}: {page}");
        assert!(links(&page).contains(&probes), "{address}: {page}");
        assert!(page.contains("Search everything") && page.contains("class=\"tenant\""), "{address}: {page}");
        // The logout button works: it has the token.
        let token = browser.cookies["csrftoken"].clone();
        assert!(page.contains(&format!("value=\"{token}\"")), "{address}: {page}");
    }
}

#[test]
fn a_public_error_page_links_to_the_other_public_pages() {
    let site = TestSite::new();
    let public = Addresses { is_public: true };
    let answer = site.stranger().get(&public.change(ObjectKind::Probe, 999_999));
    let page = answer.text();
    assert_eq!(answer.status, 404, "{page}");
    assert!(links(&page).contains(&public.list(ObjectKind::Metric)), "{page}");
    assert!(!page.contains("Log out") && !links(&page).contains(&AT.list(ObjectKind::Metric)), "{page}");
}

#[test]
fn a_refusal_names_whom_to_ask_and_only_to_users() {
    let site = TestSite::new();
    let page = site.browser("member").get(USERS).text();
    assert!(page.contains("You cannot do this") && page.contains("You do not have permission"), "{page}");
    assert!(page.contains("<p>Ask: ") && page.contains("root") && page.contains("(superusers)"), "{page}");
    let page = site.stranger().get(USERS).text();
    assert!(!page.contains("Ask: "), "{page}");
}
