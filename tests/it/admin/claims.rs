//! Federated logins that ask for an account: superusers see them and decide.

use super::{TestSite, flash, get};
use crate::support::Browser;

const FORM: &str = "/poem/admin/poem/custuser/4711/change/";
const CLAIM: &str = "/poem/admin/poem/custuser/4711/claim/";
const LIST: &str = "/poem/admin/poem/custuser/";
const INDEX: &str = "/poem/admin/";

/// A site on which two identities ask for the account bobby.
fn site() -> TestSite {
    let site = TestSite::new();
    site.sql("INSERT INTO egi.app_user (id, username, password) VALUES (4711, 'bobby', '!'), (4712, 'other', '!')");
    for (identity, name) in [("bob@egi.eu", "Bob <b>B</b>"), ("evil@egi.eu", "")] {
        site.sql(&format!(
            "INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state)
             VALUES (4711, '{identity}', 'https://idp.example.org/', '{name}', '', 'open')"
        ));
    }
    site
}

/// Sends a decision; returns the message on the next page.
fn decide(browser: &mut Browser<'_>, identity: &str, decision: &str) -> String {
    let answer = browser.post(CLAIM, &[("identity", identity), ("decision", decision)]);
    assert_eq!((answer.status, answer.header("Location")), (303, Some(FORM)), "{}", answer.text());
    flash(&get(browser, FORM)).trim().to_owned()
}

#[test]
fn superusers_see_who_asks_and_where() {
    let site = site();
    let mut root = site.browser("root");
    let form = get(&mut root, FORM);
    assert!(
        form.contains("2 federated logins ask for this account")
            && form.contains("https:&#x2F;&#x2F;idp.example.org&#x2F;")
    );
    assert!(form.contains("Bob &lt;b&gt;B&lt;&#x2F;b&gt;") && !form.contains("<b>B"), "{form}");
    let line = "A federated login asks for 1 account: ";
    for address in [INDEX, LIST] {
        let page = get(&mut root, address);
        let link = FORM.replace('/', "&#x2F;");
        assert!(page.contains(line) && page.contains(&link), "{address}: {page}");
    }
    site.sql("INSERT INTO egi.app_user (username, password, egi_id) VALUES ('new_one', '!', 'new@egi.eu')");
    site.sql(
        "INSERT INTO egi.app_user (username, password, egi_id, date_joined) VALUES ('old_one', '!', 'o', '2020-01-01')",
    );
    let page = get(&mut root, INDEX);
    assert!(
        page.contains("A new account is in no group: ") && page.contains(">new_one<") && !page.contains(">old_one<")
    );
    assert!(!get(&mut root, "/poem/admin/poem/custuser/4712/change/").contains("this account"));
    let mut member = site.browser("member");
    assert!(!get(&mut member, "/poem/admin/poem/profile/").contains(line));
    assert_eq!(member.post(CLAIM, &[("identity", "bob@egi.eu"), ("decision", "link")]).status, 403);
    assert_eq!(site.one("SELECT count(*) FROM egi.saml_claim WHERE state = 'open'"), "2");
}

#[test]
fn a_superuser_links_or_refuses_a_login() {
    let site = site();
    let mut root = site.browser("root");
    assert_eq!(decide(&mut root, "evil@egi.eu", "refuse"), "The federated login “evil@egi.eu” was refused.");
    let late = decide(&mut root, "evil@egi.eu", "link");
    assert_eq!(late, "This federated login no longer asks for the account. Nothing was changed.");
    assert!(get(&mut root, FORM).contains("A federated login asks for this account"));
    let linked = decide(&mut root, "bob@egi.eu", "link");
    assert_eq!(linked, "The user “bobby” was linked to the federated login “bob@egi.eu”.");
    assert_eq!(site.one("SELECT egi_id FROM egi.app_user WHERE id = 4711"), "bob@egi.eu");
    let form = get(&mut root, FORM);
    assert!(!form.contains("this account</h2>") && form.contains("bob@egi.eu"));
    let newest = "SELECT message || '|' || username FROM egi.log_entry ORDER BY id DESC LIMIT 1";
    assert_eq!(site.one(newest), "Linked to a federated login.|root");
    // An identity that has an account cannot get another one.
    site.sql("INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state) VALUES (4712, 'bob@egi.eu', '', '', '', 'open')");
    let mut answer = |fields: &[(&str, &str)]| root.post("/poem/admin/poem/custuser/4712/claim/", fields);
    assert_eq!(answer(&[("identity", "bob@egi.eu"), ("decision", "link")]).status, 303);
    assert_eq!(answer(&[("identity", "bob@egi.eu")]).status, 400);
    assert_eq!(site.one("SELECT count(*) FROM egi.app_user WHERE egi_id = 'bob@egi.eu'"), "1");
    assert_eq!(root.get(CLAIM).header("Location"), Some(FORM));
    assert_eq!(root.post_body(CLAIM, "identity=x&decision=link").status, 403, "without the token");
}
