//! Who may do what: every role, entity and action, and what must be answered.

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

/// The group of an object, or none.
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

/// What is asked for, by the groups of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    List,
    History(In),
    OpenAdd,
    OpenChange(In),
    OpenDelete(In),
    OpenClone(In),
    Add(In),
    /// From one group to another, or within one.
    Change(In, In),
    Delete(In),
    /// A copy in the same group.
    Clone(In),
    Restore(In),
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// 303, or the form of what was added.
    Done,
    /// 200, with a form where one was asked for.
    Page,
    /// 200 and nothing to type.
    ReadOnly,
    /// 422, and what is wrong with the group.
    Mend(&'static str),
    /// 403.
    Refused,
}

use In::{Argo, None as NoGroup, Ssc};
use Outcome::{Done, Mend, Page, ReadOnly, Refused};

const NOT_ARGO: Outcome = Mend("You are not member of group ARGO.");
const NOT_SSC: Outcome = Mend("You are not member of group SSC.");
const CHOOSE: Outcome = Mend(REQUIRED);

/// Objects that belong to groups: for a superuser, a member of ARGO, a member of SSC, a member of other kinds of groups
/// only, and somebody in no group.
const RULED: [(Ask, [Outcome; 5]); 26] = [
    (Ask::List, [Page; 5]),
    (Ask::History(Argo), [Page; 5]),
    (Ask::OpenAdd, [Page, Page, Page, Refused, Refused]),
    (Ask::OpenChange(Argo), [Page, Page, ReadOnly, ReadOnly, ReadOnly]),
    (Ask::OpenChange(Ssc), [Page, ReadOnly, Page, ReadOnly, ReadOnly]),
    (Ask::OpenChange(NoGroup), [Page, ReadOnly, ReadOnly, ReadOnly, ReadOnly]),
    (Ask::OpenDelete(Argo), [Page, Page, Refused, Refused, Refused]),
    (Ask::OpenDelete(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Ask::OpenClone(Argo), [Page, Page, Refused, Refused, Refused]),
    (Ask::OpenClone(Ssc), [Page, Refused, Page, Refused, Refused]),
    (Ask::Add(Argo), [Done, Done, NOT_ARGO, Refused, Refused]),
    (Ask::Add(Ssc), [Done, NOT_SSC, Done, Refused, Refused]),
    (Ask::Add(NoGroup), [Done, CHOOSE, CHOOSE, Refused, Refused]),
    (Ask::Change(Argo, Argo), [Done, Done, Refused, Refused, Refused]),
    (Ask::Change(Ssc, Ssc), [Done, Refused, Done, Refused, Refused]),
    (Ask::Change(NoGroup, Argo), [Done, Refused, Refused, Refused, Refused]),
    (Ask::Change(Argo, Ssc), [Done, NOT_SSC, Refused, Refused, Refused]),
    (Ask::Change(Ssc, Argo), [Done, Refused, NOT_ARGO, Refused, Refused]),
    (Ask::Change(Argo, NoGroup), [Done, CHOOSE, Refused, Refused, Refused]),
    (Ask::Delete(Argo), [Done, Done, Refused, Refused, Refused]),
    (Ask::Delete(Ssc), [Done, Refused, Done, Refused, Refused]),
    (Ask::Delete(NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Ask::Clone(Argo), [Done, Done, Refused, Refused, Refused]),
    (Ask::Clone(Ssc), [Done, Refused, Done, Refused, Refused]),
    (Ask::Restore(Argo), [Done, Done, Refused, Refused, Refused]),
    (Ask::Restore(Ssc), [Done, Refused, Done, Refused, Refused]),
];

/// Objects that superusers alone see.
const FOR_SUPERUSERS: [(Ask, [Outcome; 5]); 8] = [
    (Ask::List, [Page, Refused, Refused, Refused, Refused]),
    (Ask::History(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Ask::OpenAdd, [Page, Refused, Refused, Refused, Refused]),
    (Ask::OpenChange(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Ask::OpenDelete(NoGroup), [Page, Refused, Refused, Refused, Refused]),
    (Ask::Add(NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Ask::Change(NoGroup, NoGroup), [Done, Refused, Refused, Refused, Refused]),
    (Ask::Delete(NoGroup), [Done, Refused, Refused, Refused, Refused]),
];

/// Objects of one entity to try things at, and the forms that a superuser would send.
struct Trial<'a> {
    site: &'a TestSite,
    root: Browser<'a>,
    options: &'static EntityOptions,
    fixture: &'static Fixture,
    /// Of ARGO, of SSC, without a group.
    objects: [i64; 3],
    made: usize,
}

impl<'a> Trial<'a> {
    fn of(site: &'a TestSite, options: &'static EntityOptions, fixture: &'static Fixture) -> Self {
        let mut trial = Self { site, root: site.browser("root"), options, fixture, objects: [0; 3], made: 0 };
        trial.objects = [Argo, Ssc, NoGroup].map(|group| trial.make(group));
        trial
    }

    /// A new object in a group.
    fn make(&mut self, group: In) -> i64 {
        self.made += 1;
        // A metric must be added to a group, and can only lose it.
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

    /// Whether this entity can be asked so.
    fn knows(&self, ask: Ask) -> bool {
        match ask {
            Ask::OpenClone(_) | Ask::Clone(_) => self.options.can_clone,
            Ask::Restore(_) => self.options.restore == Restore::AtOnce,
            _ => true,
        }
    }

    /// What somebody who looks is answered.
    fn look(&self, browser: &mut Browser<'_>, ask: Ask) -> Option<HttpResponse> {
        let kind = self.options.kind;
        let address = match ask {
            Ask::List => AT.list(kind),
            Ask::OpenAdd => AT.addition(kind),
            Ask::History(group) => AT.history(kind, self.object(group)),
            Ask::OpenChange(group) => AT.change(kind, self.object(group)),
            Ask::OpenDelete(group) => AT.delete(kind, self.object(group)),
            Ask::OpenClone(group) => AT.clone_of(kind, self.object(group)),
            _ => return None,
        };
        Some(browser.get(&address))
    }

    /// The form to send, as a superuser is given it; of a new object where it shall go through.
    fn form(&mut self, ask: Ask, is_new: bool) -> Option<Form> {
        let kind = self.options.kind;
        let object = |trial: &mut Self, group| if is_new { trial.make(group) } else { trial.object(group) };
        let bare = |action: String| Form {
            action,
            controls: vec![("csrfmiddlewaretoken".to_owned(), super::page::Control::Hidden(String::new()))],
            required: Vec::new(),
        };
        Some(match ask {
            Ask::Add(group) => {
                let mut form = open(&mut self.root, &AT.addition(kind));
                self.made += 1;
                self.fixture.fill(&mut form, self.made, group.name());
                form
            }
            Ask::Change(before, after) => {
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
            Ask::Clone(group) => {
                let id = object(self, group);
                let mut form = open(&mut self.root, &AT.clone_of(kind, id));
                self.made += 1;
                form.set(self.fixture.form[0].0, &self.fixture.key(self.made));
                form
            }
            Ask::Delete(group) => {
                let id = object(self, group);
                bare(AT.delete(kind, id))
            }
            Ask::Restore(group) => {
                let id = object(self, group);
                bare(AT.version(kind, id, self.site.versions(kind, id)[0]))
            }
            _ => return None,
        })
    }
}

/// What the table says, but that nobody adds a metric without a group, or moves it out of all.
fn expected(kind: ObjectKind, ask: Ask, outcome: Outcome) -> Outcome {
    match (kind, ask, outcome) {
        (ObjectKind::Metric, Ask::Add(NoGroup) | Ask::Change(_, NoGroup), Done) => CHOOSE,
        _ => outcome,
    }
}

fn usernames(ruled_by: Option<GroupKind>) -> [String; 5] {
    let without = ruled_by.map_or("member".to_owned(), |kind| format!("without_{kind}"));
    ["root".to_owned(), "member".to_owned(), "neighbour".to_owned(), without, "nobody".to_owned()]
}

#[track_caller]
fn check(said: &str, answer: &HttpResponse, outcome: Outcome) {
    let page = answer.text();
    let (status, has_form) = (answer.status, Form::read(&page).is_some());
    let is_so = match outcome {
        // The token of a key is shown at once.
        Done => status == 303 || status == 200 && page.contains("shown this once"),
        Page => status == 200 && !page.contains(READ_ONLY),
        ReadOnly => status == 200 && !has_form && page.contains(READ_ONLY) && page.contains("superuser"),
        Mend(words) => status == 422 && has_form && errors_at(&page, "group") == words,
        Refused => status == 403 && !has_form,
    };
    assert!(is_so, "{said}: {outcome:?}, but {status}: {page}");
}

/// The role that the position in the table stands for, in words that tell a failure apart.
fn say(kind: ObjectKind, ask: Ask, username: &str) -> String {
    format!("{username}: {kind} {ask:?}")
}

fn hold(site: &TestSite, trial: &mut Trial<'_>, table: &[(Ask, [Outcome; 5])]) {
    let kind = trial.options.kind;
    let usernames = usernames(trial.fixture.ruled_by());
    let mut browsers = usernames.clone().map(|username| site.browser(&username));
    let cells: Vec<(Ask, usize, Outcome)> = table
        .iter()
        .filter(|(ask, _)| trial.knows(*ask))
        .flat_map(|(ask, row)| {
            row.iter().enumerate().map(|(role, outcome)| (*ask, role, expected(kind, *ask, *outcome)))
        })
        .collect();
    // First everything that must leave no trace, then what is done.
    let before = tables(&site.installation);
    for (ask, role, outcome) in cells.iter().copied().filter(|(.., outcome)| *outcome != Done) {
        let answer = match trial.look(&mut browsers[role], ask) {
            Some(answer) => answer,
            None => submit(&mut browsers[role], &trial.form(ask, false).unwrap()),
        };
        check(&say(kind, ask, &usernames[role]), &answer, outcome);
    }
    nobody_known(site, trial, table);
    assert!(before == tables(&site.installation), "{kind}: something was written");
    for (ask, role, outcome) in cells.into_iter().filter(|(.., outcome)| *outcome == Done) {
        let form = trial.form(ask, true).unwrap();
        check(&say(kind, ask, &usernames[role]), &submit(&mut browsers[role], &form), outcome);
    }
}

/// Whoever is not logged in is led to the login, and what they sent goes along.
fn nobody_known(site: &TestSite, trial: &mut Trial<'_>, table: &[(Ask, [Outcome; 5])]) {
    let mut browser = site.stranger();
    for (ask, _) in table {
        if let Some(answer) = trial.look(&mut browser, *ask) {
            let login = answer.header("Location").unwrap_or_default();
            assert!(answer.status == 302 && login.starts_with("/poem/admin/login/?next="), "{ask:?}: {answer:?}");
        } else if trial.knows(*ask) {
            let answer = submit(&mut browser, &trial.form(*ask, false).unwrap());
            assert!(answer.status == 403 && answer.text().contains("name=\"password\""), "{ask:?}: {answer:?}");
        }
    }
}

#[test]
fn every_role_may_do_what_it_may_with_what_belongs_to_groups() {
    let site = TestSite::new();
    for (entity, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_some()) {
        hold(&site, &mut Trial::of(&site, entity.options(), fixture), &RULED);
    }
}

#[test]
fn users_groups_and_keys_are_for_superusers() {
    let site = TestSite::new();
    for (entity, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_none()) {
        hold(&site, &mut Trial::of(&site, entity.options(), fixture), &FOR_SUPERUSERS);
    }
}

#[test]
fn rights_that_went_while_a_form_was_open_are_gone() {
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
        site.sql(&format!("CREATE TABLE kept AS SELECT * {rights}; DELETE {rights}"));
        let before = tables(&site.installation);
        for form in [&adding, &changing] {
            let answer = submit(&mut member, form);
            assert_eq!(answer.status, 403, "{}: {}", form.action, answer.text());
        }
        assert_eq!(member.post_body(&AT.delete(fixture.kind, id), &deleting).status, 403);
        assert!(before == tables(&site.installation), "{}", fixture.kind);
        site.sql("INSERT INTO egi.group_member SELECT * FROM kept; DROP TABLE kept");
        assert_eq!(submit(&mut member, &changing).status, 303, "{}: with the rights it goes through", fixture.kind);
    }
}

/// Opening an own object gave lasting rights on foreign ones in 2.3.
#[test]
fn looking_gives_no_rights() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut member = site.browser("member");
    for (_, fixture) in all().filter(|(_, fixture)| fixture.ruled_by().is_some()) {
        let own = add(&mut root, fixture, 1, "ARGO");
        let foreign = add(&mut root, fixture, 2, "SSC");
        open(&mut member, &AT.change(fixture.kind, own));
        get(&mut member, &AT.delete(fixture.kind, own));
        let page = get(&mut member, &AT.change(fixture.kind, foreign));
        assert!(page.contains("Members of the group SSC, and superusers, can change it."), "{page}");
        let token = format!("csrfmiddlewaretoken={}", member.cookies["csrftoken"]);
        assert_eq!(member.post_body(&AT.delete(fixture.kind, foreign), &token).status, 403);
    }
}

#[test]
fn services_log_and_index_are_shown_to_whom_they_concern() {
    let site = TestSite::new();
    let entry = site.one("SELECT max(id) FROM egi.log_entry");
    let entry = format!("/poem/admin/admin/logentry/{entry}/change/");
    let password = format!(
        "/poem/admin/poem/custuser/{}/password/",
        site.one("SELECT id FROM egi.app_user WHERE username = 'nobody'")
    );
    // For a superuser, a member, somebody in no group, and nobody known.
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
