//! The admin pages, over HTTP. Most tests go through every entity of `poem::admin`: a new entity is covered as soon as
//! `fixtures` has the values for its form.

mod attention;
mod bad_input;
mod bounds;
mod bulk;
mod claims;
mod compare;
mod concurrent_edits;
mod conflicts;
mod crawl;
mod entered_token;
mod entities;
mod error_summary;
mod errors;
mod exports;
mod fixtures;
mod forms;
mod help;
mod histories;
mod kept;
mod links;
mod list_layout;
mod list_return;
mod looks;
mod metric_filters;
mod metric_profile_pages;
mod new_names;
mod old_bookmarks;
mod page;
mod page_cache;
mod policy;
mod public;
mod search;
mod sent_twice;
mod statements;
mod unavailable;
mod undo;
mod untouched;
mod views;
mod web_api_pages;

use std::sync::OnceLock;

use poem::admin::crud::Entity;
use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use self::fixtures::Fixture;
use self::page::{Control, Form};
use crate::support::sql::sql;
use crate::support::{Browser, HttpResponse, Installation, Server};

/// The checkbox that confirms new names.
const NEW_NAMES: &str = "_new_names";

/// The addresses of the pages for logged-in users.
const AT: Addresses = Addresses { is_public: false };

/// Users in addition to those of small.json: a superuser; a member of ARGO and one of SSC, in all kinds of groups; for
/// each kind a user who is in ARGO of the other kinds only; a user in no group.
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

/// An installation with small.json and [`USERS`], and its server.
struct TestSite {
    installation: Installation,
    server: Server,
}

impl TestSite {
    /// Copies a database that is filled once per run.
    fn new() -> Self {
        static TEMPLATE: OnceLock<String> = OnceLock::new();
        let database = TEMPLATE.get_or_init(|| {
            let installation = Installation::with_small_data();
            sql(&installation, USERS);
            installation.database.clone()
        });
        let installation = Installation::with_data_of(database);
        let server = Server::start(&installation);
        Self { installation, server }
    }

    /// Returns a browser in which the user is logged in.
    fn browser(&self, username: &str) -> Browser<'_> {
        let mut browser = self.stranger();
        browser.cookies.insert("sessionid".to_owned(), self.installation.log_in(username));
        browser
    }

    /// Returns a browser without a session.
    fn stranger(&self) -> Browser<'_> {
        let mut browser = Browser::new(&self.server);
        browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
        browser
    }

    /// Runs statements; returns the rows as [`sql`] does.
    fn sql(&self, statements: &str) -> Vec<String> {
        sql(&self.installation, statements)
    }

    /// Returns the last row of a result, usually its only value; empty if there is none.
    fn one(&self, statement: &str) -> String {
        self.sql(statement).pop().unwrap_or_default()
    }

    /// Returns the ids of the versions of an object, the oldest first.
    fn versions(&self, kind: ObjectKind, id: i64) -> Vec<i64> {
        let ids =
            self.sql(&format!("SELECT id FROM egi.version WHERE kind = '{kind}' AND object_id = {id} ORDER BY id"));
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }
}

/// Returns every entity with its fixture.
fn all() -> impl Iterator<Item = (&'static dyn Entity, &'static Fixture)> {
    ObjectKind::all().filter_map(|kind| Some((poem::admin::entity(kind)?, fixtures::of(kind))))
}

/// Returns a page that must exist.
#[track_caller]
fn get(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, 200, "{address}: {}", answer.text());
    answer.text()
}

/// Returns the form of a page that must have one.
#[track_caller]
fn open(browser: &mut Browser<'_>, address: &str) -> Form {
    let page = get(browser, address);
    Form::read(&page).unwrap_or_else(|| panic!("{address} has no form: {page}"))
}

/// Submits a form with the CSRF token of this browser, whoever has opened it. If the page asks whether to add new names,
/// confirms them.
fn submit(browser: &mut Browser<'_>, form: &Form) -> HttpResponse {
    let answer = submit_once(browser, form);
    let question = Form::read(&answer.text()).and_then(|form| form.get(NEW_NAMES).cloned());
    let (422, Some(Control::Checkbox { value, .. })) = (answer.status, question) else { return answer };
    let mut form = form.clone();
    form.controls.push((NEW_NAMES.to_owned(), Control::Hidden(value)));
    submit_once(browser, &form)
}

/// Submits a form without an answer to the question about new names.
fn submit_once(browser: &mut Browser<'_>, form: &Form) -> HttpResponse {
    let mut form = form.clone();
    form.controls.retain(|(name, _)| name != "_user");
    submit_as_opened(browser, &form)
}

/// Submits a form with the CSRF token of this browser, and with the user who has opened it.
fn submit_as_opened(browser: &mut Browser<'_>, form: &Form) -> HttpResponse {
    let mut form = form.clone();
    form.set("csrfmiddlewaretoken", &browser.cookies["csrftoken"].clone());
    browser.post_body(&form.action, &form.body())
}

/// Submits a form that must be saved; returns the page that follows.
#[track_caller]
fn save(browser: &mut Browser<'_>, form: &Form) -> String {
    let answer = submit(browser, form);
    assert_eq!(answer.status, 303, "{}: {}", form.action, answer.text());
    get(browser, answer.header("Location").unwrap())
}

/// Adds the `number`th object of a fixture; returns its id.
#[track_caller]
fn add(browser: &mut Browser<'_>, fixture: &Fixture, number: usize, group: &str) -> i64 {
    let mut form = open(browser, &AT.addition(fixture.kind));
    fixture.fill(&mut form, number, group);
    let answer = submit(browser, &form);
    assert!([200, 303].contains(&answer.status), "{}: {}", form.action, answer.text());
    id_of(browser, fixture, &fixture.key(number))
}

/// Returns the id of the object with this name, by the link in the list.
#[track_caller]
fn id_of(browser: &mut Browser<'_>, fixture: &Fixture, name: &str) -> i64 {
    let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let list = AT.list(fixture.kind);
    let page = get(browser, &format!("{list}?q={query}"));
    let ids = ids(fixture.kind, &page);
    assert_eq!(ids.len(), 1, "{list}?q={query}: {page}");
    ids[0]
}

/// Returns the ids of the objects that a list links to, in order.
fn ids(kind: ObjectKind, page: &str) -> Vec<i64> {
    let list = AT.list(kind);
    // A link can lead back to the list as it is shown.
    let id = |link: &String| link.split('?').next()?.strip_prefix(&list)?.strip_suffix('/')?.parse().ok();
    // Above the table, a line can link to accounts that wait for a superuser.
    let table = page.find("<table").map_or(page, |start| &page[start..]);
    page::links(table).iter().filter_map(id).collect()
}

/// Returns the flash messages of a page.
fn flash(page: &str) -> String {
    page::text_of_class(page, "messages").expect("every page has a place for messages")
}
