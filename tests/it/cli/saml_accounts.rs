//! `poem saml accounts` and `poem saml link`.

use super::said;
use crate::support::Installation;
use crate::support::sql::sql;

#[test]
fn accounts_are_listed_with_their_identifiers_and_claims() {
    let installation = Installation::with_small_data();
    sql(
        &installation,
        "UPDATE egi.app_user SET password = '!x', egi_id = NULL WHERE username = 'carol';
         INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state, last_asked)
         SELECT id, 'c@egi.eu', 'https://idp/', 'Carol C', '', 'open', '2024-03-01 12:00Z' FROM egi.app_user
         WHERE username = 'carol'",
    );
    let ran = installation.run("poem-saml", &["accounts", "-n", "egi"]).done();
    let lines: Vec<_> = ran.stdout.lines().collect();
    for line in [
        "linked    alice  abc123@egi.eu",
        "password  bob",
        "to link   carol",
        "claim     carol  “c@egi.eu”  “Carol C”, “https://idp/”  2024-03-01 13:00",
        "Accounts: 5; to link: 1; open claims: 1",
    ] {
        assert!(lines.contains(&line), "{line}: {ran:?}");
    }
    said(&installation.run("poem-saml", &["accounts", "-n", "nobody"]), 1, "there is no tenant with the schema nobody");
}

#[test]
fn an_account_is_linked_and_unlinked() {
    let installation = Installation::with_small_data();
    let link =
        |user: &str, more: &[&str]| installation.run("poem-saml", &[&["link", "-n", "egi", "-u", user], more].concat());
    let egi_id = || sql(&installation, "SELECT egi_id FROM egi.app_user WHERE username = 'bob'").remove(0);
    sql(
        &installation,
        "INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state) VALUES (3, 'x', '', '', '', 'open')",
    );
    assert_eq!(link("bob", &["-i", "bob@egi.eu"]).done().stdout, "bob was linked to bob@egi.eu.\n");
    assert_eq!(egi_id(), "bob@egi.eu");
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.saml_claim"), ["0"]);
    let newest = "SELECT action, object_name, message, username FROM egi.log_entry ORDER BY id DESC LIMIT 1";
    assert_eq!(sql(&installation, newest), ["change|bob|Linked to a federated login.|poem saml"]);
    assert!(installation.log().contains("EGI: bob was linked to bob@egi.eu by poem saml"), "{}", installation.log());
    assert_eq!(link("bob", &["-i", "bob@egi.eu"]).done().stdout, "bob is linked to bob@egi.eu already.\n");
    said(&link("bob", &["-i", "ABC123@egi.eu"]), 1, "User with this eduPersonUniqueId already exists.");
    said(&link("bob", &["-i", " x"]), 1, "This cannot be an identifier: it is empty or has blanks at its ends.");
    said(&link("zoe", &["-i", "x"]), 1, "tenant EGI has no user zoe");
    assert_eq!(link("bob", &["-i", "b2@egi.eu"]).done().stdout, "bob was linked to b2@egi.eu.\n");
    let gone = link("bob", &["--unlink"]).done().stdout;
    assert_eq!(gone, "The identifier of bob was removed. Sessions of bob do not end.\n");
    assert_eq!(
        (egi_id().as_str(), link("bob", &["--unlink"]).done().stdout.as_str()),
        ("", "bob has no identifier.\n")
    );
    assert_eq!(sql(&installation, newest), ["change|bob|Unlinked from a federated login.|poem saml"]);
    assert_eq!(link("bob", &[]).status, 2);
    assert_eq!(link("bob", &["--unlink", "-i", "x"]).status, 2);
}
