//! Accounts of POEM 2.3, which a federated login can get by their password or from a superuser only.

use super::{Target, settled, signed};
use crate::support::WebClient;
use crate::support::web_client::{Form, Page};

const TOO_LATE: &str = "<h1>The login took too long</h1>";

/// A login that asks for the account of bob.
struct Question {
    client: WebClient,
    page: Page,
    /// The form with the password.
    form: Form,
}

impl Target {
    /// Logs in as somebody who calls themselves bob, up to the question whether they are.
    #[track_caller]
    fn ask_for_bob(&self, identifier: &str) -> Question {
        let mut client = WebClient::new();
        let request = self.begin(&mut client, &self.egi);
        let answer = self.post(&mut client, &self.egi, &signed(&self.facts(&self.egi, &request, (identifier, "bob"))));
        let to = answer.redirect().unwrap_or_else(|| panic!("{answer}")).to_string();
        let page = settled(|| client.get(&to));
        let form = page.form("password").unwrap_or_else(|| panic!("{page}"));
        Question { client, page, form }
    }

    /// Returns a client with a session of a user of EGI, and a form of a page with its CSRF token.
    #[track_caller]
    fn with_session(&self, username: &str) -> (WebClient, Form) {
        let mut client = WebClient::new();
        let session = self.installation.log_in(username);
        client.set_cookie("localhost", &format!("sessionid={session}; Path=/"));
        let page = settled(|| client.get(&format!("{}/poem/admin/poem/profile/", self.egi)));
        let form = page.form("csrfmiddlewaretoken").unwrap_or_else(|| panic!("{page}"));
        (client, form)
    }

    /// Returns the address at which superusers decide about the claims on bob.
    fn decision(&self) -> String {
        let id = self.sql("SELECT id FROM egi.app_user WHERE username = 'bob'").remove(0);
        format!("{}/poem/admin/poem/custuser/{id}/claim/", self.egi)
    }
}

#[test]
fn a_question_belongs_to_its_browser_and_tenant() {
    let target = Target::start();
    let mut asked = target.ask_for_bob("mallory@example.org");
    let mut other = target.ask_for_bob("other@example.org");
    let before = target.state();
    assert!(!target.is_logged_in(&mut asked.client), "a question is no session");
    // Another browser that has the address, without and with a question of its own.
    for client in [&mut WebClient::new(), &mut other.client] {
        let page = settled(|| client.get(asked.page.url.as_str()));
        assert!(page.status() == 403 && page.response.text().contains(TOO_LATE), "{page}");
    }
    for (field, value) in [("password", "bob-secret-1"), ("answer", "not mine")] {
        let mut form = other.form.clone();
        form.set("t", asked.form.field("t").unwrap());
        form.set(field, value);
        let page = settled(|| other.client.submit(&form));
        assert!(page.status() == 403 && page.response.text().contains(TOO_LATE), "{page}");
    }
    let at_two = asked.page.url.as_str().replace(&target.egi, &target.two);
    let page = settled(|| asked.client.get(&at_two));
    assert!(page.status() == 403 && page.response.text().contains(TOO_LATE), "{page}");
    assert_eq!(target.state(), before);
}

#[test]
fn a_question_is_answered_by_its_own_form_and_the_right_password() {
    let target = Target::start();
    let mut asked = target.ask_for_bob("mallory@example.org");
    let before = target.state();
    for token in ["", "0"] {
        let mut form = asked.form.clone();
        form.set("csrfmiddlewaretoken", token);
        form.set("answer", "not mine");
        assert_eq!(settled(|| asked.client.submit(&form)).status(), 403);
    }
    let mut form = asked.form.clone();
    form.page = reqwest::Url::parse("https://evil.example.org/").unwrap();
    assert_eq!(settled(|| asked.client.submit(&form)).status(), 403, "a form of another site");
    for password in ["", "wrong", "!"] {
        let mut form = asked.form.clone();
        form.set("password", password);
        let page = settled(|| asked.client.submit(&form));
        assert_eq!(page.status(), 403, "{page}");
        assert!(page.response.text().contains("not the password of the account"), "{page}");
    }
    // The account is that of the question, whatever the form says.
    let mut form = asked.form.clone();
    form.set("username", "poem");
    form.set("password", "poem-secret-1");
    let page = settled(|| asked.client.submit(&form));
    assert_eq!(page.status(), 403, "{page}");
    assert_eq!(target.state(), before);
    assert!(!target.is_logged_in(&mut asked.client));
}

#[test]
fn a_question_is_over_after_a_while_and_when_it_was_answered() {
    let target = Target::start();
    let mut asked = target.ask_for_bob("mallory@example.org");
    target.sql("UPDATE egi.saml_pending SET expires = now() - interval '1 second' RETURNING cookie");
    let mut form = asked.form.clone();
    form.set("answer", "not mine");
    let page = settled(|| asked.client.submit(&form));
    assert!(page.status() == 403 && page.response.text().contains(TOO_LATE), "{page}");
    let mut asked = target.ask_for_bob("mallory@example.org");
    let mut form = asked.form.clone();
    form.set("answer", "not mine");
    assert_eq!(settled(|| asked.client.submit(&form)).status(), 303);
    let bob = target.account("bob");
    let page = settled(|| asked.client.submit(&form));
    assert!(page.status() == 403 && page.response.text().contains(TOO_LATE), "{page}");
    assert_eq!(target.account("bob"), bob);
    let made = target.sql("SELECT username FROM egi.app_user WHERE egi_id = 'mallory@example.org'");
    assert_eq!(made, ["bob_2"]);
}

#[test]
fn only_a_superuser_links_and_only_with_a_form() {
    let target = Target::start();
    target.ask_for_bob("mallory@example.org");
    let before = target.sql("SELECT c::text FROM egi.saml_claim c");
    let bob = target.account("bob");
    let decision = target.decision();
    let form_of = |form: &Form| {
        let mut form = form.clone();
        form.action = reqwest::Url::parse(&decision).unwrap();
        form.set("identity", "mallory@example.org");
        form.set("decision", "link");
        form
    };
    for name in ["bob", "carol"] {
        let (mut client, form) = target.with_session(name);
        let page = settled(|| client.submit(&form_of(&form)));
        assert_eq!(page.status(), 403, "{page}");
    }
    assert_ne!(settled(|| WebClient::new().submit(&form_of(&target.with_session("bob").1))).status(), 200);
    let (mut client, form) = target.with_session("poem");
    let query = "?identity=mallory@example.org&decision=link";
    let page = settled(|| client.get(&format!("{decision}{query}")));
    assert_eq!(page.status(), 302, "{page}");
    let mut without_token = form_of(&form);
    without_token.set("csrfmiddlewaretoken", "");
    assert_eq!(settled(|| client.submit(&without_token)).status(), 403);
    let mut of_other_site = form_of(&form);
    of_other_site.page = reqwest::Url::parse("https://evil.example.org/").unwrap();
    assert_ne!(settled(|| client.submit(&of_other_site)).status(), 200);
    // An identity that did not ask.
    let mut unasked = form_of(&form);
    unasked.set("identity", "other@example.org");
    settled(|| client.submit(&unasked));
    assert_eq!((target.sql("SELECT c::text FROM egi.saml_claim c"), target.account("bob")), (before, bob));
    settled(|| client.submit(&form_of(&form)));
    assert_eq!(target.sql("SELECT egi_id FROM egi.app_user WHERE username = 'bob'"), ["mallory@example.org"]);
}
