//! Permissions: every role, entity and action, with the expected outcome.

use poem::admin::crud::{EntityOptions, Restore};
use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::object_kind::ObjectKind;

use super::fixtures::Fixture;
use super::page::{Form, errors_at};
use super::{AT, TestSite, add, all, get, open, submit};
use crate::support::sql::tables;
use crate::support::{Browser, HttpResponse};

const READ_ONLY: &str = "This is a read-only instance";
const REQUIRED: &str = "This field is required.";

/// The group of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum In {
    Argo,
    Ssc,
    None,
}

impl In {
    fn name(self) -> &'static str {
        match self {
            Self::Argo => "ARGO",
            Self::Ssc => "SSC",
            Self::None => "",
        }
    }
}

/// An action that a role attempts, with the groups of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    List,
    History(In),
    OpenAdd,
    OpenChange(In),
    OpenDelete(In),
    OpenClone(In),
    Add(In),
    /// A change, from one group to another or within one.
    Change(In, In),
    Delete(In),
    /// Saves a copy in the same group.
    Clone(In),
    Restore(In),
}

/// The expected outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// 303, or 200 with the token of a new key.
    Done,
    /// 200, with a form if one was requested.
    Page,
    /// 200 without a form.
    ReadOnly,
    /// 422, with this error at the group.
    GroupError(&'static str),
    /// 403.
    Refused,
}

use In::{Argo, None as NoGroup, Ssc};
use Outcome::{Done, GroupError, Page, ReadOnly, Refused};

const NOT_ARGO: Outcome = GroupError("You are not member of group ARGO.");
const NOT_SSC: Outcome = GroupError("You are not member of group SSC.");
const GROUP_REQUIRED: Outcome = GroupError(REQUIRED);

/// The outcomes for objects that belong to groups: for a superuser, a member of ARGO, a member of SSC, a member of
/// other kinds of groups only, and a user in no group.
const RULED: [(Attempt, [Outcome; 5]); 26] = [
    (Attempt::List, [Page; 5]),
    (Attempt::History(Argo), [Page; 5]),
    (Attempt::OpenAdd, [Page, Page, Page, Refused, Refused]),
    (Attempt::OpenChange(Argo), [Page, Page, ReadOnly, ReadOnly, ReadOnly]),
    (Attempt::OpenChange(Ssc), [Page, ReadOnly, Page, ReadOnly, ReadOnly]),
    (Attempt::OpenChange(NoGroup), [Page, ReadOnly, ReadOnly, ReadOnly, ReadOnly]),
    (Attempt::OpenDelete(Argo), [Page, Page, Refused, Refused, Refused]),
    (Attempt::OpenDelete(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Attempt::OpenClone(Argo), [Page, Page, Refused, Refused, Refused]),
    (Attempt::OpenClone(Ssc), [Page, Refused, Page, Refused, Refused]),
    (Attempt::Add(Argo), [Done, Done, NOT_ARGO, Refused, Refused]),
    (Attempt::Add(Ssc), [Done, NOT_SSC, Done, Refused, Refused]),
    (Attempt::Add(NoGroup), [Done, GROUP_REQUIRED, GROUP_REQUIRED, Refused, Refused]),
    (Attempt::Change(Argo, Argo), [Done, Done, Refused, Refused, Refused]),
    (Attempt::Change(Ssc, Ssc), [Done, Refused, Done, Refused, Refused]),
    (Attempt::Change(NoGroup, Argo), [Done, Refused, Refused, Refused, Refused]),
    (Attempt::Change(Argo, Ssc), [Done, NOT_SSC, Refused, Refused, Refused]),
    (Attempt::Change(Ssc, Argo), [Done, Refused, NOT_ARGO, Refused, Refused]),
    (Attempt::Change(Argo, NoGroup), [Done, GROUP_REQUIRED, Refused, Refused, Refused]),
    (Attempt::Delete(Argo), [Done, Done, Refused, Refused, Refused]),
    (Attempt::Delete(Ssc), [Done, Refused, Done, Refused, Refused]),
    (Attempt::Delete(NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Attempt::Clone(Argo), [Done, Done, Refused, Refused, Refused]),
    (Attempt::Clone(Ssc), [Done, Refused, Done, Refused, Refused]),
    (Attempt::Restore(Argo), [Done, Done, Refused, Refused, Refused]),
    (Attempt::Restore(Ssc), [Done, Refused, Done, Refused, Refused]),
];

/// The outcomes for objects that only superusers see.
const FOR_SUPERUSERS: [(Attempt, [Outcome; 5]); 8] = [
    (Attempt::List, [Page, Refused, Refused, Refused, Refused]),
    (Attempt::History(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Attempt::OpenAdd, [Page, Refused, Refused, Refused, Refused]),
    (Attempt::OpenChange(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Attempt::OpenDelete(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Attempt::Add(NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Attempt::Change(NoGroup, NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Attempt::Delete(NoGroup), [Done, Refused, Refused, Refused, Refused]),
];

/// The objects of one entity that the roles act on, and the forms that a superuser would submit.
struct Subject<'a> {
    site: &'a TestSite,
    root: Browser<'a>,
    options: &'static EntityOptions,
    fixture: &'static Fixture,
    /// The ids of an object of ARGO, of one of SSC and of one without a group.
    objects: [i64; 3],
    /// The number of objects made so far.
    made: usize,
}

impl<'a> Subject<'a> {
    fn of(site: &'a TestSite, options: &'static EntityOptions, fixture: &'static Fixture) -> Self {
        let mut subject = Self { site, root: site.browser("root"), options, fixture, objects: [0; 3], made: 0 };
        subject.objects = [Argo, Ssc, NoGroup].map(|group| subject.make(group));
        subject
    }

    /// Adds an object to a group; returns its id.
    fn make(&mut self, group: In) -> i64 {
        self.made += 1;
        // A metric must be added to a group; only by SQL can it lose it.
        let needs_group = self.fixture.kind == ObjectKind::Metric && group == NoGroup;
        let id = add(&mut self.root, self.fixture, self.made, if needs_group { "ARGO" } else { group.name() });
        if needs_group {
            self.site.sql(&format!("UPDATE egi.metric SET group_id = NULL WHERE id = {id}"));
        }
        id
    }

    fn object(&self, group: In) -> i64 {
        self.objects[group as usize]
    }

    /// Returns whether the entity has this action.
    fn supports(&self, attempt: Attempt) -> bool {
        match attempt {
            Attempt::OpenClone(_) | Attempt::Clone(_) => self.options.can_clone,
            Attempt::Restore(_) => self.options.restore == Restore::AtOnce,
            _ => true,
        }
    }

    /// Requests the page of an action that only reads; `None` for the others.
    fn read_page(&self, browser: &mut Browser<'_>, attempt: Attempt) -> Option<HttpResponse> {
        let kind = self.options.kind;
        let address = match attempt {
            Attempt::List => AT.list(kind),
            Attempt::OpenAdd => AT.addition(kind),
            Attempt::History(group) => AT.history(kind, self.object(group)),
            Attempt::OpenChange(group) => AT.change(kind, self.object(group)),
            Attempt::OpenDelete(group) => AT.delete(kind, self.object(group)),
            Attempt::OpenClone(group) => AT.clone_of(kind, self.object(group)),
            _ => return None,
        };
        Some(browser.get(&address))
    }

    /// Returns the form to submit, as a superuser gets it; `None` for an action that only reads. `is_new` makes an
    /// object for it, because a successful attempt uses the object up.
    fn form(&mut self, attempt: Attempt, is_new: bool) -> Option<Form> {
        let kind = self.options.kind;
        let object = |subject: &mut Self, group| if is_new { subject.make(group) } else { subject.object(group) };
        let bare = |action: String| Form {
            action,
            controls: vec![("csrfmiddlewaretoken".to_owned(), super::page::Control::Hidden(String::new()))],
            required: Vec::new(),
        };
        Some(match attempt {
            Attempt::Add(group) => {
                let mut form = open(&mut self.root, &AT.addition(kind));
                self.made += 1;
                self.fixture.fill(&mut form, self.made, group.name());
                form
            }
            Attempt::Change(before, after) => {
                let id = object(self, before);
                let mut form = open(&mut self.root, &AT.change(kind, id));
                let (name, [value, _]) = self.fixture.change;
                let unique =
                    if name == "name" || name == "apiid" { format!("{value}-{}", self.made) } else { value.to_owned() };
                form.set(name, &unique);
                if self.fixture.ruled_by().is_some() {
                    form.set("group", after.name());
                }
                form
            }
            Attempt::Clone(group) => {
                let id = object(self, group);
                let mut form = open(&mut self.root, &AT.clone_of(kind, id));
                self.made += 1;
                form.set(self.fixture.form[0].0, &self.fixture.key(self.made));
                form
            }
            Attempt::Delete(group) => {
                let id = object(self, group);
                bare(AT.delete(kind, id))
            }
            Attempt::Restore(group) => {
                let id = object(self, group);
                bare(AT.version(kind, id, self.site.versions(kind, id)[0]))
            }
            _ => return None,
        })
    }
}

/// Returns the outcome of the table, except that a metric cannot be added without a group or lose its group.
fn expected(kind: ObjectKind, attempt: Attempt, outcome: Outcome) -> Outcome {
    match (kind, attempt, outcome) {
        (ObjectKind::Metric, Attempt::Add(NoGroup) | Attempt::Change(_, NoGroup), Done) => GROUP_REQUIRED,
        _ => outcome,
    }
}

/// Returns the users of the five roles, in the order of the tables.
fn usernames(ruled_by: Option<GroupKind>) -> [String; 5] {
    let without = ruled_by.map_or("member".to_owned(), |kind| format!("without_{kind}"));
    ["root".to_owned(), "member".to_owned(), "neighbour".to_owned(), without, "nobody".to_owned()]
}

#[track_caller]
fn check(label: &str, answer: &HttpResponse, outcome: Outcome) {
    let page = answer.text();
    let (status, has_form) = (answer.status, Form::read(&page).is_some());
    let is_as_expected = match outcome {
        // The token of a key is shown at once.
        Done => status == 303 || status == 200 && page.contains("shown only once"),
        Page => status == 200 && !page.contains(READ_ONLY),
        ReadOnly => status == 200 && !has_form && page.contains(READ_ONLY) && page.contains("superuser"),
        GroupError(words) => status == 422 && has_form && errors_at(&page, "group") == words,
        Refused => status == 403 && !has_form,
    };
    assert!(is_as_expected, "{label}: {outcome:?}, but {status}: {page}");
}

/// Returns a label for the message of a failure.
fn label(kind: ObjectKind, attempt: Attempt, username: &str) -> String {
    format!("{username}: {kind} {attempt:?}")
}

/// Attempts every action of a table with every role.
fn check_table(site: &TestSite, subject: &mut Subject<'_>, table: &[(Attempt, [Outcome; 5])]) {
    let kind = subject.options.kind;
    let usernames = usernames(subject.fixture.ruled_by());
    let mut browsers = usernames.clone().map(|username| site.browser(&username));
    let cells: Vec<(Attempt, usize, Outcome)> = table
        .iter()
        .filter(|(attempt, _)| subject.supports(*attempt))
        .flat_map(|(attempt, row)| {
            row.iter().enumerate().map(|(role, outcome)| (*attempt, role, expected(kind, *attempt, *outcome)))
        })
        .collect();
    // First all attempts that must not write, then those that succeed.
    let before = tables(&site.installation);
    for (attempt, role, outcome) in cells.iter().copied().filter(|(.., outcome)| *outcome != Done) {
        let answer = match subject.read_page(&mut browsers[role], attempt) {
            Some(answer) => answer,
            None => submit(&mut browsers[role], &subject.form(attempt, false).unwrap()),
        };
        check(&label(kind, attempt, &usernames[role]), &answer, outcome);
    }
    check_without_login(site, subject, table);
    assert!(before == tables(&site.installation), "{kind}: something was written");
    for (attempt, role, outcome) in cells.into_iter().filter(|(.., outcome)| *outcome == Done) {
        let form = subject.form(attempt, true).unwrap();
        check(&label(kind, attempt, &usernames[role]), &submit(&mut browsers[role], &form), outcome);
    }
}

/// Without a login a page redirects to the login, and a form is kept for after it.
fn check_without_login(site: &TestSite, subject: &mut Subject<'_>, table: &[(Attempt, [Outcome; 5])]) {
    let mut browser = site.stranger();
    for (attempt, _) in table {
        if let Some(answer) = subject.read_page(&mut browser, *attempt) {
            let login = answer.header("Location").unwrap_or_default();
            assert!(answer.status == 302 && login.starts_with("/poem/admin/login/?next="), "{attempt:?}: {answer:?}");
        } else if subject.supports(*attempt) {
            let answer = submit(&mut browser, &subject.form(*attempt, false).unwrap());
            assert!(answer.status == 403 && answer.text().contains("name=\"password\""), "{attempt:?}: {answer:?}");
        }
    }
}

#[test]
fn objects_of_groups_are_changed_by_members_and_superusers_only() {
    let site = TestSite::new();
    for (entity, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_some()) {
        check_table(&site, &mut Subject::of(&site, entity.options(), fixture), &RULED);
    }
}

#[test]
fn users_groups_and_keys_are_for_superusers() {
    let site = TestSite::new();
    for (entity, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_none()) {
        check_table(&site, &mut Subject::of(&site, entity.options(), fixture), &FOR_SUPERUSERS);
    }
}

#[test]
fn rights_that_are_withdrawn_while_a_form_is_open_no_longer_count() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_some()) {
        let id = add(&mut root, fixture, 1, "ARGO");
        let mut member = site.browser("member");
        let mut adding = open(&mut member, &AT.addition(fixture.kind));
        fixture.fill(&mut adding, 2, "ARGO");
        let mut changing = open(&mut member, &AT.change(fixture.kind, id));
        changing.set(fixture.change.0, fixture.change.1[0]);
        let deleting = format!("csrfmiddlewaretoken={}", member.cookies["csrftoken"]);
        let rights = format!(
            "FROM egi.group_member WHERE kind = '{}' AND user_id = (SELECT id FROM egi.app_user WHERE username = 'member')",
            fixture.ruled_by().unwrap()
        );
        site.sql(&format!("CREATE TABLE withdrawn AS SELECT * {rights}; DELETE {rights}"));
        let before = tables(&site.installation);
        for form in [&adding, &changing] {
            let answer = submit(&mut member, form);
            assert_eq!(answer.status, 403, "{}: {}", form.action, answer.text());
        }
        assert_eq!(member.post_body(&AT.delete(fixture.kind, id), &deleting).status, 403);
        assert!(before == tables(&site.installation), "{}", fixture.kind);
        site.sql("INSERT INTO egi.group_member SELECT * FROM withdrawn; DROP TABLE withdrawn");
        assert_eq!(submit(&mut member, &changing).status, 303, "{}: with the rights it is saved", fixture.kind);
    }
}

/// In 2.3, opening an object of one's own group gave lasting rights on those of other groups.
#[test]
fn opening_a_page_gives_no_rights() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut member = site.browser("member");
    for (_, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_some()) {
        let own = add(&mut root, fixture, 1, "ARGO");
        let foreign = add(&mut root, fixture, 2, "SSC");
        open(&mut member, &AT.change(fixture.kind, own));
        get(&mut member, &AT.delete(fixture.kind, own));
        let page = get(&mut member, &AT.change(fixture.kind, foreign));
        assert!(page.contains("Members of the group SSC and superusers can change it."), "{page}");
        let token = format!("csrfmiddlewaretoken={}", member.cookies["csrftoken"]);
        assert_eq!(member.post_body(&AT.delete(fixture.kind, foreign), &token).status, 403);
    }
}

#[test]
fn services_log_and_index_are_shown_by_role() {
    let site = TestSite::new();
    let entry = site.one("SELECT max(id) FROM egi.log_entry");
    let entry = format!("/poem/admin/admin/logentry/{entry}/change/");
    let password = format!(
        "/poem/admin/poem/custuser/{}/password/",
        site.one("SELECT id FROM egi.app_user WHERE username = 'nobody'")
    );
    // For a superuser, a member, a user in no group, and a client without a session.
    let table = [
        ("/poem/admin/", [200, 303, 303, 302]),
        ("/poem/admin/poem/", [200, 303, 303, 302]),
        ("/poem/admin/poem/service/", [200, 200, 200, 302]),
        ("/poem/admin/poem/service/add/", [404, 404, 404, 302]),
        ("/poem/admin/poem/service/100/change/", [404, 404, 404, 302]),
        ("/poem/admin/admin/logentry/", [200, 403, 403, 302]),
        (&entry, [200, 403, 403, 302]),
        (&password, [200, 403, 403, 302]),
        ("/poem/admin/search/?q=a", [200, 200, 200, 302]),
        ("/poem/admin/suggest/vos/?q=o", [200, 200, 200, 302]),
        ("/poem/admin/password_change/", [200, 200, 200, 302]),
        ("/poem/admin/nothing/", [404, 404, 404, 302]),
        ("/poem/admin/poem/nothing/", [404, 404, 404, 302]),
        ("/poem/admin/admin/probe/", [404, 404, 404, 302]),
    ];
    let mut browsers = [site.browser("root"), site.browser("member"), site.browser("nobody"), site.stranger()];
    for (address, expected) in table {
        for (browser, expected) in browsers.iter_mut().zip(expected) {
            let answer = browser.get(address);
            assert_eq!(answer.status, expected, "{address}: {}", answer.text());
        }
    }
    let token = format!(
        "csrfmiddlewaretoken={}&new_password1=another-secret-1&new_password2=another-secret-1",
        browsers[1].cookies["csrftoken"]
    );
    assert_eq!(browsers[1].post_body(&password, &token).status, 403);
    assert_eq!(browsers[0].post_body(&password, &token).status, 303);
    // A superuser finds users and keys, a member does not.
    assert!(get(&mut browsers[0], "/poem/admin/search/?q=WEB-API").contains("apikey"));
    let found = get(&mut browsers[1], "/poem/admin/search/?q=WEB-API");
    assert!(
        !found.contains("apikey") && !get(&mut browsers[1], "/poem/admin/search/?q=neighbour").contains("custuser")
    );
}
