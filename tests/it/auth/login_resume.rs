//! A form that is submitted after its session has ended is not lost.

use crate::support::browser::input;
use crate::support::{Browser, Installation, Server};

const LOGIN: &str = "/poem/admin/login/";
/// Any page that accepts forms of logged-in users.
const FORM: &str = "/poem/admin/password_change/?a=b&c=%C3%A4";

#[test]
fn a_form_survives_the_login_unchanged() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    let typed = [
        ("name", "a & <b> \"č\""),
        ("rows-0-key", "x\r\ny"),
        ("name", "again"),
        ("empty", ""),
        ("my_password", "hush"),
    ];
    let answer = browser.post(FORM, &typed);
    let page = answer.text();
    assert!(answer.status == 403 && page.contains("Your unsaved changes are kept") && !page.contains("hush"), "{page}");
    let (kept, next) = (input(&page, "_typed").unwrap(), input(&page, "next").unwrap());
    assert_eq!(next, FORM);
    // A wrong password in between loses nothing.
    let login =
        |password| [("username", "alice"), ("password", password), ("next", next.as_str()), ("_typed", kept.as_str())];
    let page = browser.post(LOGIN, &login("wrong")).text();
    assert_eq!((input(&page, "_typed").unwrap(), input(&page, "next").unwrap()), (kept.clone(), next.clone()));
    let answer = browser.post(LOGIN, &login("alice-secret-1"));
    let page = answer.text();
    assert!(
        answer.status == 200 && page.contains("You are logged in again") && page.contains("Back to the form"),
        "{page}"
    );
    assert!(browser.is_logged_in());
    assert!(page.contains(&format!("action=\"{}\"", FORM.replace('&', "&amp;").replace('/', "&#x2F;"))), "{page}");
    assert_eq!(input(&page, "csrfmiddlewaretoken").as_ref(), Some(&browser.cookies["csrftoken"]));
    assert_eq!(input(&page, "_resume").as_deref(), Some("1"));
    assert_eq!((input(&page, "name").as_deref(), input(&page, "empty").as_deref()), (Some("a & <b> \"č\""), Some("")));
    assert!(page.contains("x\r\ny") && page.contains("value=\"again\"") && !page.contains("hush"), "{page}");
}

#[test]
fn a_form_from_before_the_login_can_be_submitted_after_it() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut browser = Browser::new(&server);
    browser.get(LOGIN);
    let token = browser.cookies["csrftoken"].clone();
    browser.log_in("alice", "alice-secret-1");
    assert_eq!(browser.post_body("/poem/admin/logout/", &format!("csrfmiddlewaretoken={token}")).status, 200);
}

#[test]
fn a_forged_form_or_target_does_no_harm() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for (next, typed, location) in [
        ("//evil.example.org/", "a=b", "/poem/admin/poem/profile/"),
        ("https://evil.example.org/", "a=b", "/poem/admin/poem/profile/"),
        ("/poem/admin/poem/probe/", "a=%FF", "/poem/admin/poem/probe/"),
        ("/poem/admin/poem/probe/", "", "/poem/admin/poem/probe/"),
    ] {
        let fields = [("username", "alice"), ("password", "alice-secret-1"), ("next", next), ("_typed", typed)];
        let answer = Browser::new(&server).post(LOGIN, &fields);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(location)), "{next} {typed}");
    }
}
