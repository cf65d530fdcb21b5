//! People who would like to be somebody else: by their name, their e-mail address, or a similar identifier.

use super::{DISPLAY_NAME, IDENTIFIER, MAIL, NO_IDENTIFIER, Target, UNIQUE_ID, UNREADABLE, signed};
use crate::support::WebClient;
use crate::support::web_client::Page;

/// The address that asks whether an account is theirs.
const QUESTION: &str = "/poem/saml2/account/?t=";

impl Target {
    /// Logs in with these attributes in a new browser; returns the browser and the response.
    #[track_caller]
    fn enter(&self, attributes: &[(&str, &[&str])]) -> (WebClient, Page) {
        let mut client = WebClient::new();
        let request = self.begin(&mut client, &self.egi);
        let mut facts = self.facts(&self.egi, &request, ("", ""));
        let own = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        facts.assertion.as_mut().unwrap().attributes =
            attributes.iter().map(|(name, values)| ((*name).to_owned(), own(values))).collect();
        let page = self.post(&mut client, &self.egi, &signed(&facts));
        (client, page)
    }

    /// Returns the name of the account that has this identifier.
    fn owner(&self, identifier: &str) -> Vec<String> {
        self.sql(&format!("SELECT username FROM egi.app_user WHERE egi_id = '{identifier}'"))
    }
}

#[track_caller]
fn is_asked(page: &Page) -> bool {
    assert_eq!(page.status(), 303, "{page}");
    page.response.header("Location").is_some_and(|to| to.starts_with(QUESTION))
}

#[test]
fn a_name_is_no_proof_in_whatever_letters() {
    let target = Target::start();
    let before = ["poem", "carol", "bob"].map(|name| target.account(name));
    // The names of accounts of POEM 2.3, also after the transliteration of which POEM 2.3 made usernames.
    for (number, name) in
        ["poem", " poem ", "poe\u{301}m", "po\u{e9}m", "c\u{430}rol", "car\u{43e}l", "b\u{3bf}b"].iter().enumerate()
    {
        let identifier = format!("thief-{number}@example.org");
        let (mut client, page) = target.enter(&[(IDENTIFIER, &[&identifier]), (DISPLAY_NAME, &[name])]);
        assert!(is_asked(&page), "{name}: {page}");
        assert!(!target.is_logged_in(&mut client), "{name}");
    }
    assert_eq!(["poem", "carol", "bob"].map(|name| target.account(name)), before);
    // A name in another case is another name, and the account that is made for it has a name of its own.
    for (name, made) in [("POEM", "POEM_2"), ("Alice", "Alice_2"), ("admin", "admin"), ("\u{430}dmin", "admin_2")] {
        let identifier = format!("{name}@example.org");
        let (mut client, page) = target.enter(&[(IDENTIFIER, &[&identifier]), (DISPLAY_NAME, &[name])]);
        assert!(!is_asked(&page) && target.is_logged_in(&mut client), "{name}: {page}");
        assert_eq!(target.owner(&identifier), [made]);
        let rights = format!("SELECT is_superuser::text FROM egi.app_user WHERE username = '{made}'");
        assert_eq!(target.sql(&rights), ["false"]);
    }
    assert_eq!(["poem", "carol", "bob"].map(|name| target.account(name)), before);
}

#[test]
fn an_account_with_an_identifier_is_never_asked_for_by_name() {
    let target = Target::start();
    target.sql("UPDATE egi.app_user SET egi_id = 'owner@example.org' WHERE username = 'poem' RETURNING id");
    let before = target.account("poem");
    let (_, page) = target.enter(&[(IDENTIFIER, &["thief@example.org"]), (DISPLAY_NAME, &["poem"])]);
    assert!(!is_asked(&page), "{page}");
    assert_eq!((target.owner("thief@example.org"), target.account("poem")), (vec!["poem_2".to_owned()], before));
}

#[test]
fn an_identifier_is_compared_without_case_and_blanks_around_it_and_else_exactly() {
    let target = Target::start();
    target.sql("UPDATE egi.app_user SET egi_id = 'kate@example.org' WHERE username = 'bob' RETURNING id");
    for same in ["kate@example.org", "KATE@EXAMPLE.ORG", " kate@example.org\n"] {
        let (mut client, page) = target.enter(&[(IDENTIFIER, &[same])]);
        assert!(!is_asked(&page) && target.is_logged_in(&mut client), "{same:?}: {page}");
    }
    assert_eq!(target.sql("SELECT count(*) FROM egi.app_user WHERE lower(egi_id) = 'kate@example.org'"), ["1"]);
    let bob = target.account("bob");
    // The Kelvin sign, a Cyrillic letter, a decomposed one, a blank within, an invisible one, a pattern of SQL.
    for other in [
        "\u{212a}ate@example.org",
        "k\u{430}te@example.org",
        "ka\u{301}te@example.org",
        "ka te@example.org",
        "kate\u{200b}@example.org",
        "kat_@example.org",
        "%",
    ] {
        let (_, page) = target.enter(&[(IDENTIFIER, &[other])]);
        assert!(!is_asked(&page), "{page}");
        let owner = target.owner(other);
        assert!(owner.len() == 1 && owner[0] != "bob", "{other:?}: {owner:?}");
    }
    assert_eq!(target.account("bob"), bob);
}

#[test]
fn an_identifier_that_cannot_be_used_is_refused() {
    let target = Target::start();
    let before = target.state();
    let long = "x".repeat(300);
    for (attributes, cause) in [
        (&[(IDENTIFIER, &[long.as_str()][..])][..], "voPersonID has 300 characters"),
        (&[(IDENTIFIER, &["a@example.org", "b@example.org"])], "several values of voPersonID"),
        (&[(IDENTIFIER, &["a@example.org"]), ("voPersonID", &["b@example.org"])], "several values of voPersonID"),
        (&[(IDENTIFIER, &["a\u{85}b@example.org"])], "voPersonID has a control character"),
        (&[(IDENTIFIER, &[" "]), (MAIL, &["poem@example.org"])], "no voPersonID, eduPersonUniqueId; asserted: "),
        (&[("displayName", &["poem"])], "no voPersonID, eduPersonUniqueId; asserted: “displayName”"),
    ] {
        let (_, page) = target.enter(attributes);
        target.expect_refusal(&page, (403, NO_IDENTIFIER, cause));
    }
    // A NUL is no character of XML.
    for nul in ["\0", "&#0;"] {
        let mut client = WebClient::new();
        let request = target.begin(&mut client, &target.egi);
        let message = signed(&target.facts(&target.egi, &request, ("nul@example.org", "N")));
        let message = message.replace("nul@example.org", &format!("poem{nul}@example.org"));
        let page = target.post(&mut client, &target.egi, &message);
        target.expect_refusal(&page, (400, UNREADABLE, ""));
    }
    assert_eq!(target.state(), before);
}

#[test]
fn identifiers_of_two_accounts_log_nobody_in() {
    let target = Target::start();
    target.sql("UPDATE egi.app_user SET egi_id = username || '@example.org' RETURNING id");
    let before = target.state();
    let (_, page) = target.enter(&[(IDENTIFIER, &["bob@example.org"]), (UNIQUE_ID, &["poem@example.org"])]);
    target.expect_refusal(&page, (403, "Two accounts are yours", "its identifiers belong to "));
    assert_eq!(target.state(), before);
}

#[test]
fn an_email_address_is_shown_and_never_matched() {
    let target = Target::start();
    let before = target.account("poem");
    let attributes: &[(&str, &[&str])] =
        &[(IDENTIFIER, &["x@example.org"]), (DISPLAY_NAME, &["Eve"]), (MAIL, &["poem@example.org"])];
    let (_, page) = target.enter(attributes);
    assert!(!is_asked(&page), "{page}");
    assert_eq!((target.owner("x@example.org"), target.account("poem")), (vec!["Eve".to_owned()], before));
}

#[test]
fn an_account_that_may_not_log_in_stays_out() {
    let target = Target::start();
    target.sql("UPDATE egi.app_user SET egi_id = username, is_active = username <> 'bob' RETURNING id");
    let before = target.state();
    for name in ["dave", "bob"] {
        let (_, page) = target.enter(&[(IDENTIFIER, &[name])]);
        target.expect_refusal(&page, (403, "Your account may not log in here", "the account is not active"));
    }
    assert_eq!(target.state(), before);
}
