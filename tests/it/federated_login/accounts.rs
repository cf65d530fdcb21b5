//! Who is logged in: new people, people that are known by their identifier, and accounts of POEM 2.3.

use poem::domain::model::federated_account::WELCOME;

use super::site::FederatedSite;
use crate::support::WebClient;

#[test]
fn a_new_person_gets_an_account_and_is_recognized_at_the_next_login() {
    let Some(site) = FederatedSite::start() else { return };
    let mut client = WebClient::new();
    let page = site.log_in(&mut client, "ana");
    assert_eq!(page.url.path(), "/poem/admin/poem/profile/");
    assert_eq!(FederatedSite::user_of(&page).as_deref(), Some("Ana_Horvat"));
    assert!(page.response.text().contains(WELCOME), "{}", page.response.text());
    let account = "SELECT concat_ws(',', first_name, last_name, email, egi_id, is_superuser, left(password, 1)) \
                   FROM egi.app_user WHERE username = 'Ana_Horvat'";
    assert_eq!(site.sql(account), ["Ana,Horvat,ana@example.org,a1a1a1@example.org,f,!"]);
    assert!(client.cookie_names("localhost").iter().all(|name| !name.starts_with("samlbrowser")));

    let mut other = WebClient::new();
    assert!(!site.log_in(&mut other, "ana").response.text().contains(WELCOME), "the account is no longer new");
    assert_eq!(site.sql("SELECT count(*)::text FROM egi.app_user WHERE egi_id = 'a1a1a1@example.org'"), ["1"]);
    site.expect_log("EGI: Ana_Horvat is new: a1a1a1@example.org of http://127.0.0.1:");
    site.expect_log("EGI: Ana_Horvat logged in from 127.0.0.1 by http://127.0.0.1:");
}

#[test]
fn a_person_is_known_by_the_identifier_and_not_by_the_name() {
    let Some(mut site) = FederatedSite::start() else { return };
    site.sql("UPDATE egi.app_user SET egi_id = 'P@EXAMPLE.org' WHERE username = 'poem' RETURNING username");
    site.idp.set_person("known", &[("voPersonID", &["p@example.org"]), ("displayName", &["Somebody Else"])]);
    site.idp.set_person("thief", &[("voPersonID", &["thief@example.org"]), ("displayName", &["poem"])]);
    let page = site.log_in(&mut WebClient::new(), "known");
    assert_eq!(FederatedSite::user_of(&page).as_deref(), Some("poem"));
    let page = site.log_in(&mut WebClient::new(), "thief");
    assert_eq!(FederatedSite::user_of(&page).as_deref(), Some("poem_2"), "the name opens no account");
}

#[test]
fn the_login_returns_to_the_page_that_asked_for_it() {
    let Some(site) = FederatedSite::start() else { return };
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "ana", "/poem/admin/poem/metric/%3Fq%3Dsrm");
    let answer = client.submit(&form);
    assert_eq!(answer.response.header("Location"), Some("/poem/admin/poem/metric/?q=srm"));
    // What the identity provider sends back as RelayState is never followed.
    let mut client = WebClient::new();
    let mut form = site.answer(&mut client, "ana", "//evil.example.org");
    form.set("RelayState", "https://evil.example.org/");
    assert_eq!(client.submit(&form).response.header("Location"), Some("/poem/admin/poem/profile/"));
    // Who is logged in is not sent to the identity provider.
    let page = client.get(&site.at("/poem/saml2/login/?next=/poem/admin/poem/probe/"));
    assert_eq!(page.response.header("Location"), Some("/poem/admin/poem/probe/"));
}

#[test]
fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let Some(site) = FederatedSite::start() else { return };
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "ana", "");
    let stolen = WebClient::new().submit(&form);
    assert_eq!(stolen.status(), 403);
    assert!(stolen.response.text().contains("Your browser did not send back its cookie"));
    assert_eq!(client.submit(&form).status(), 303);
    let again = client.submit(&form);
    assert_eq!(again.status(), 403);
    assert!(again.response.text().contains("This login was already used"), "{}", again.response.text());
    assert!(site.is_logged_in(&mut client), "the first login goes on");
}

#[test]
fn a_person_who_gives_up_can_try_again() {
    let Some(site) = FederatedSite::start() else { return };
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "quitter", "/poem/admin/poem/probe/");
    let page = client.submit(&form);
    let text = page.response.text();
    assert_eq!(page.status(), 200);
    assert!(
        text.contains("You cancelled, or") && text.contains("login&#x2F;?next=%2Fpoem%2Fadmin%2Fpoem%2Fprobe%2F"),
        "{text}"
    );
    site.expect_log("INFO EGI: federated login ended at http://127.0.0.1:");
}

#[test]
fn every_combination_of_signatures_is_accepted() {
    let Some(mut site) = FederatedSite::start() else { return };
    for (response, assertion) in [(true, false), (false, true), (true, true)] {
        site.idp.sign(response, assertion);
        site.log_in(&mut WebClient::new(), "ana");
    }
}

#[test]
fn an_account_of_before_is_linked_by_its_password() {
    let Some(mut site) = FederatedSite::start() else { return };
    site.idp.set_person("old", &[("voPersonID", &["old@example.org"]), ("displayName", &["poem"])]);
    // The account has a password of POEM's, and no identifier.
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "old", "/poem/admin/poem/probe/");
    let answer = client.submit(&form);
    let page = client.follow(answer);
    assert_eq!((page.status(), page.url.path()), (403, "/poem/saml2/account/"), "{}", page.response.text());
    let mut question = page.form("password").expect("a form with a password");
    question.set("password", "wrong");
    let wrong = client.submit(&question);
    assert!(wrong.response.text().contains("not the password of the account"), "{}", wrong.response.text());
    question.set("password", "poem-secret-1");
    question.set("answer", "mine");
    let answer = client.submit(&question);
    assert_eq!(answer.response.header("Location"), Some("/poem/admin/poem/probe/"), "{}", answer.response.text());
    assert_eq!(site.sql("SELECT egi_id FROM egi.app_user WHERE username = 'poem'"), ["old@example.org"]);
    // The question is asked once.
    let page = site.log_in(&mut WebClient::new(), "old");
    assert_eq!(FederatedSite::user_of(&page).as_deref(), Some("poem"));
}

#[test]
fn an_account_that_is_not_theirs_is_not_asked_about_again() {
    let Some(mut site) = FederatedSite::start() else { return };
    site.idp.set_person("other", &[("voPersonID", &["other@example.org"]), ("displayName", &["poem"])]);
    let mut client = WebClient::new();
    let form = site.answer(&mut client, "other", "");
    let answer = client.submit(&form);
    let page = client.follow(answer);
    let mut question = page.form("t").expect("a form");
    // Another browser cannot answer.
    let stolen = WebClient::new().open(page.url.as_str());
    assert!(stolen.response.text().contains("The login took too long"), "{}", stolen.response.text());
    question.set("answer", "not mine");
    let answer = client.submit(&question);
    assert_eq!(answer.status(), 303, "{}", answer.response.text());
    let first = client.follow(answer);
    assert_eq!(FederatedSite::user_of(&first).as_deref(), Some("poem_2"));
    assert!(first.response.text().contains(WELCOME), "{}", first.response.text());
    let page = site.log_in(&mut WebClient::new(), "other");
    assert_eq!(FederatedSite::user_of(&page).as_deref(), Some("poem_2"));
}
