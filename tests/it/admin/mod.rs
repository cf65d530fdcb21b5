//! The pages for people, over HTTP. Most tests go through every entity that `poem::admin` knows: a new one is covered
//! by a form that fills it, in `fixtures`.

mod bad_input;
mod concurrent_edits;
mod conflicts;
mod crawl;
mod entities;
mod errors;
mod fixtures;
mod forms;
mod histories;
mod page;
mod page_cache;
mod policy;
mod public;
mod statements;

use std::sync::OnceLock;

use poem::admin::crud::Entity;
use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use self::fixtures::Fixture;
use self::page::Form;
use crate::support::sql::sql;
use crate::support::{Browser, HttpResponse, Installation, Server};

/// The addresses for who is logged in.
const AT: Addresses = Addresses { is_public: false };

/// Users beside those of small.json: a superuser; a member of ARGO and one of SSC, of all kinds of groups; one for each
/// kind who is in ARGO of the other kinds only; one in no group.
const USERS: &str = "
    INSERT INTO egi.app_user (username, password, is_superuser) VALUES
        ('root', '!', true), ('member', '!', false), ('neighbour', '!', false), ('nobody', '!', false);
    INSERT INTO egi.app_user (username, password)
        SELECT 'without_' || kind, '!' FROM (SELECT DISTINCT kind FROM egi.object_group) kinds;
    INSERT INTO egi.group_member (kind, group_id, user_id)
        SELECT g.kind, g.id, u.id FROM egi.object_group g JOIN egi.app_user u
            ON u.username = CASE g.name WHEN 'ARGO' THEN 'member' WHEN 'SSC' THEN 'neighbour' END;
    INSERT INTO egi.group_member (kind, group_id, user_id)
        SELECT g.kind, g.id, u.id FROM egi.object_group g JOIN egi.app_user u
            ON u.username LIKE 'without_%' AND u.username <> 'without_' || g.kind
        WHERE g.name = 'ARGO';";

/// Small data, the users, and a server.
struct TestSite {
    installation: Installation,
    server: Server,
}

impl TestSite {
    fn new() -> Self {
        static FURNISHED: OnceLock<String> = OnceLock::new();
        let database = FURNISHED.get_or_init(|| {
            let installation = Installation::with_small_data();
            sql(&installation, USERS);
            installation.database.clone()
        });
        let installation = Installation::with_data_of(database);
        let server = Server::start(&installation);
        Self { installation, server }
    }

    /// A browser of somebody who is logged in.
    fn browser(&self, username: &str) -> Browser<'_> {
        let mut browser = self.stranger();
        browser.cookies.insert("sessionid".to_owned(), self.installation.log_in(username));
        browser
    }

    /// A browser of nobody we know.
    fn stranger(&self) -> Browser<'_> {
        let mut browser = Browser::new(&self.server);
        browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        browser
    }

    fn sql(&self, statements: &str) -> Vec<String> {
        sql(&self.installation, statements)
    }

    /// What is written in the one column and row of an answer.
    fn one(&self, statement: &str) -> String {
        self.sql(statement).pop().unwrap_or_default()
    }

    /// The versions of an object, the oldest first.
    fn versions(&self, kind: ObjectKind, id: i64) -> Vec<i64> {
        let ids =
            self.sql(&format!("SELECT id FROM egi.version WHERE kind = '{kind}' AND object_id = {id} ORDER BY id"));
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }
}

/// Every entity with what fills its form.
fn all() -> impl Iterator<Item = (&'static dyn Entity, &'static Fixture)> {
    ObjectKind::all().filter_map(|kind| Some((poem::admin::entity(kind)?, fixtures::of(kind))))
}

/// A page that must be there.
#[track_caller]
fn get(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, 200, "{address}: {}", answer.text());
    answer.text()
}

/// The form of a page that must have one.
#[track_caller]
fn open(browser: &mut Browser<'_>, address: &str) -> Form {
    let page = get(browser, address);
    Form::read(&page).unwrap_or_else(|| panic!("{address} has no form: {page}"))
}

/// Sends a form, with the token of this browser.
fn submit(browser: &mut Browser<'_>, form: &Form) -> HttpResponse {
    let mut form = form.clone();
    form.set("csrfmiddlewaretoken", &browser.cookies["csrftoken"].clone());
    browser.post_body(&form.action, &form.body())
}

/// Sends a form that must be saved; gives the page that follows.
#[track_caller]
fn save(browser: &mut Browser<'_>, form: &Form) -> String {
    let answer = submit(browser, form);
    assert_eq!(answer.status, 303, "{}: {}", form.action, answer.text());
    get(browser, answer.header("Location").unwrap())
}

/// Adds the `number`th object of a fixture; gives its id.
#[track_caller]
fn add(browser: &mut Browser<'_>, fixture: &Fixture, number: usize, group: &str) -> i64 {
    let mut form = open(browser, &AT.addition(fixture.kind));
    fixture.fill(&mut form, number, group);
    let answer = submit(browser, &form);
    assert!([200, 303].contains(&answer.status), "{}: {}", form.action, answer.text());
    id_of(browser, fixture, &fixture.key(number))
}

/// The id of the object of this name, as the list links to it.
#[track_caller]
fn id_of(browser: &mut Browser<'_>, fixture: &Fixture, name: &str) -> i64 {
    let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let list = AT.list(fixture.kind);
    let page = get(browser, &format!("{list}?q={query}"));
    let ids = ids(fixture.kind, &page);
    assert_eq!(ids.len(), 1, "{list}?q={query}: {page}");
    ids[0]
}

/// The objects that a list links to, in order.
fn ids(kind: ObjectKind, page: &str) -> Vec<i64> {
    let list = AT.list(kind);
    let id = |link: &String| link.strip_prefix(&list)?.strip_suffix("/change/")?.parse().ok();
    page::links(page).iter().filter_map(id).collect()
}

/// Only what is said after something was done.
fn said(page: &str) -> String {
    page::text_of_class(page, "messages").expect("every page has a place for messages")
}
