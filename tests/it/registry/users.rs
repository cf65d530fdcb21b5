//! Users: their names, their groups, and the last superuser.

use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::policy::Denial;
use poem::domain::model::user::UserContent;
use poem::domain::security::secret::Secret;
use poem::registry::{ExpectedRevision, SaveError, Saved, users};
use poem::store::{Loaded, groups, users as store};

use super::egi::{Egi, at, errors_of, names, race};

const HASH: &str = "$argon2id$not-a-hash";
const LAST: &str = "This is the last superuser who can log in. At least one must remain.";
const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";

fn user(username: &str) -> UserContent {
    UserContent { username: username.into(), ..UserContent::to_add() }
}

fn load(egi: &Egi, id: i64) -> Loaded<UserContent> {
    egi.read(async |tx| store::content(tx.conn(), id).await).expect("there is such a user")
}

/// Adds the passwords that the form of a new user has.
fn with_password(content: &UserContent) -> UserContent {
    let password = || Secret::new("correct horse battery");
    UserContent { password: password(), password_again: password(), ..content.clone() }
}

fn create(egi: &Egi, content: &UserContent) -> Result<Saved, SaveError> {
    let poem = egi.viewer("poem");
    egi.act(async |tx| users::create(tx, &poem, &with_password(content), ("EGI", HASH)).await)
}

fn change(egi: &Egi, id: i64, edit: impl FnOnce(&mut UserContent)) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, id);
    edit(&mut content);
    let poem = egi.viewer("poem");
    egi.act(async |tx| users::change(tx, &poem, ExpectedRevision { id, revision }, &content).await)
}

fn sessions(egi: &Egi, id: i64) -> String {
    egi.sql(&format!("SELECT count(*) FROM login_session WHERE user_id = {id} AND expires > now()")).remove(0)
}

#[test]
fn a_user_is_added_with_all_fields() {
    let egi = Egi::new();
    let content = UserContent {
        first_name: "Žuža".into(),
        email: "z@example.org".into(),
        groups_of_probes: names(&["ARGO", "SSC"]),
        groups_of_aggregations: names(&["ARGO"]),
        egi_id: "zuza@egi.eu".into(),
        ..user("žuža@example.org")
    };
    let saved = create(&egi, &content).unwrap();
    assert_eq!(load(&egi, saved.id), Loaded { id: saved.id, revision: 1, content });
    assert_eq!(egi.history(1), [format!("add|custuser|{}|žuža@example.org||poem", saved.id)]);
    let row = format!("SELECT password, distinguished_name IS NULL FROM app_user WHERE id = {}", saved.id);
    assert_eq!(egi.sql(&row), [format!("{HASH}|t")]);
    assert_eq!(egi.sql("SELECT revision FROM object_group WHERE kind = 'probes' ORDER BY id"), ["2", "2"]);
}

#[test]
fn names_and_identities_are_unique() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let taken = egi.rejected(async |tx| users::create(tx, &poem, &with_password(&user("alice")), ("EGI", HASH)).await);
    assert_eq!(at(&taken, "username"), ["User with this Username already exists."]);
    let same_identity = UserContent { egi_id: "abc123@egi.eu".into(), ..user("other") };
    let taken = egi.rejected(async |tx| users::create(tx, &poem, &with_password(&same_identity), ("EGI", HASH)).await);
    assert_eq!(at(&taken, "egi_id"), ["User with this eduPersonUniqueId already exists."]);
    assert_eq!(at(&errors_of(change(&egi, 3, |it| it.username = "alice".into())), "username").len(), 1);
    // Several users may have no identity.
    create(&egi, &user("one")).unwrap();
    create(&egi, &user("two")).unwrap();
    let (_, lost) = race(|| create(&egi, &user("race")));
    assert_eq!(lost.to_string(), "User with this Username already exists.");
}

#[test]
fn errors_are_reported_at_their_field() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let wrong = UserContent { groups_of_metrics: names(&["ARGO", "NOBODY"]), ..user("a b") };
    let refused = egi.rejected(async |tx| users::create(tx, &poem, &wrong, ("EGI", HASH)).await);
    assert_eq!(at(&refused, "username"), ["Enter a valid username."]);
    assert_eq!(at(&refused, "groups_of_metrics"), [NO_CHOICE]);
    let long = user(&"x".repeat(31));
    let refused = egi.rejected(async |tx| users::create(tx, &poem, &long, ("EGI", HASH)).await);
    assert_eq!(at(&refused, "username"), ["Ensure this value has at most 30 characters (it has 31)."]);
    create(&egi, &UserContent { egi_id: "x@egi.eu".into(), ..long }).unwrap();
    // Latin and Cyrillic letters look alike; full-width ones are stored as plain ones.
    let mixed = egi.rejected(async |tx| users::create(tx, &poem, &with_password(&user("аda")), ("EGI", HASH)).await);
    assert_eq!(
        at(&mixed, "username"),
        ["The username mixes Cyrillic and Latin letters, which look alike. Use one alphabet."]
    );
    create(&egi, &UserContent { egi_id: "y@egi.eu".into(), ..user("аda") }).unwrap();
    // An account that already has such a name may keep it.
    egi.sql("UPDATE app_user SET username = 'Bob B' WHERE id = 3");
    change(&egi, 3, |it| it.first_name = "Robert".into()).unwrap();
    assert_eq!(at(&errors_of(change(&egi, 3, |it| it.username = "Bob C".into())), "username").len(), 1);
}

#[test]
fn groups_are_joined_and_left() {
    let egi = Egi::new();
    let saved = change(&egi, 2, |it| {
        it.groups_of_probes = names(&["SSC"]);
        it.is_superuser = true;
    })
    .unwrap();
    let message = "Changed superuser. Added to group of probes \"SSC\". Removed from group of probes \"ARGO\".";
    assert_eq!(saved.message, message);
    assert_eq!(egi.history(1), [format!("change|custuser|2|alice|{message}|poem")]);
    assert_eq!(load(&egi, 2).content.groups_of_probes, ["SSC"]);
    assert_eq!(load(&egi, 2).content.groups_of_metrics, ["ARGO"]);
    assert_eq!(egi.sql("SELECT revision FROM object_group WHERE kind = 'probes' ORDER BY id"), ["2", "2"]);
    assert_eq!(egi.sql("SELECT DISTINCT revision FROM object_group WHERE kind <> 'probes'"), ["1"]);
    // The forms of her groups show the new name.
    change(&egi, 2, |it| it.username = "alicia".into()).unwrap();
    assert_eq!(egi.sql("SELECT revision FROM object_group WHERE kind = 'metrics' ORDER BY id"), ["2", "1"]);
    let group = egi.read(async |tx| groups::content(tx.conn(), GroupKind::Metrics, 1).await).unwrap();
    assert_eq!(group.content.users, ["alicia", "bob"]);
}

#[test]
fn only_a_superuser_with_a_current_form_changes_a_user() {
    let egi = Egi::new();
    let [poem, alice] = ["poem", "alice"].map(|name| egi.viewer(name));
    let Loaded { revision, content, .. } = load(&egi, 2);
    let target = ExpectedRevision { id: 2, revision };
    let is_never = |refusal| matches!(refusal, SaveError::Denied(Denial::Never));
    assert!(is_never(egi.refused(async |tx| users::create(tx, &alice, &user("new"), ("EGI", HASH)).await)));
    assert!(is_never(egi.refused(async |tx| users::change(tx, &alice, target, &content).await)));
    assert!(is_never(egi.refused(async |tx| users::remove(tx, &alice, 3).await)));
    assert!(is_never(egi.refused(async |tx| users::set_password(tx, &alice, 2, ("!", HASH)).await)));
    let before = egi.rows();
    assert_eq!(change(&egi, 2, |_| ()).unwrap().message, "No fields changed.");
    assert_eq!(egi.rows(), before);
    change(&egi, 2, |it| it.last_name = "Nova".into()).unwrap();
    let refusal = egi.refused(async |tx| users::change(tx, &poem, target, &content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let gone = ExpectedRevision { id: 4711, revision };
    let is_gone = |refusal| matches!(refusal, SaveError::Gone);
    assert!(is_gone(egi.refused(async |tx| users::change(tx, &poem, gone, &content).await)));
    assert!(is_gone(egi.refused(async |tx| users::remove(tx, &poem, 4711).await)));
    assert!(is_gone(egi.refused(async |tx| users::set_password(tx, &poem, 4711, ("!", HASH)).await)));
}

#[test]
fn the_last_superuser_remains() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    assert_eq!(at(&errors_of(change(&egi, 1, |it| it.is_superuser = false)), "is_superuser"), [LAST]);
    assert_eq!(at(&errors_of(change(&egi, 1, |it| it.is_active = false)), "is_active"), [LAST]);
    assert_eq!(at(&errors_of(change(&egi, 1, |it| it.is_staff = false)), "is_staff"), [LAST]);
    let refused = egi.rejected(async |tx| users::remove(tx, &poem, 1).await);
    assert_eq!(refused.to_string(), LAST);
    change(&egi, 1, |it| it.first_name = "Poem".into()).unwrap();
    // A superuser who cannot log in does not count.
    change(&egi, 5, |it| it.is_superuser = true).unwrap();
    egi.rejected(async |tx| users::remove(tx, &poem, 1).await);
    change(&egi, 5, |it| it.is_staff = true).unwrap();
    egi.act(async |tx| users::remove(tx, &poem, 1).await).unwrap();
    assert_eq!(egi.sql("SELECT user_id, username FROM log_entry ORDER BY id DESC LIMIT 1"), ["|poem"]);
}

#[test]
fn versions_and_log_entries_keep_the_name_of_a_removed_user() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    egi.installation.log_in("alice");
    egi.sql("UPDATE version SET user_id = 2, username = 'alice' WHERE kind = 'metric' AND object_id = 1");
    let saved = egi.act(async |tx| users::remove(tx, &poem, 2).await).unwrap();
    assert_eq!(saved.name, "alice");
    assert_eq!(egi.history(1), ["delete|custuser|2|alice||poem"]);
    assert_eq!(
        (sessions(&egi, 2).as_str(), egi.sql("SELECT count(*) FROM group_member WHERE user_id = 2")),
        ("0", vec!["0".into()])
    );
    let versions = "SELECT DISTINCT user_id, username FROM version WHERE kind = 'metric' AND object_id = 1";
    assert_eq!(egi.sql(versions), ["|alice"]);
    assert_eq!(egi.sql("SELECT DISTINCT revision FROM object_group WHERE name = 'ARGO'"), ["2"]);
}

#[test]
fn a_user_who_may_no_longer_log_in_loses_their_sessions() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let log_in = || [(2, "alice"), (3, "bob"), (4, "carol")].map(|(_, name)| egi.installation.log_in(name));
    log_in();
    change(&egi, 2, |it| it.is_active = false).unwrap();
    change(&egi, 3, |it| it.is_staff = false).unwrap();
    change(&egi, 4, |it| it.email = "c@example.org".into()).unwrap();
    assert_eq!([2, 3, 4].map(|id| sessions(&egi, id)), ["0", "0", "1"]);
    let stored = egi.sql("SELECT password FROM app_user WHERE id = 4").remove(0);
    let saved = egi.act(async |tx| users::set_password(tx, &poem, 4, (&stored, HASH)).await).unwrap();
    assert_eq!(saved.message, "Changed password.");
    assert_eq!(egi.history(1), ["change|custuser|4|carol|Changed password.|poem"]);
    let again = egi.refused(async |tx| users::set_password(tx, &poem, 4, (&stored, "other")).await);
    assert!(matches!(again, SaveError::Stale), "{again:?}");
    assert_eq!(
        (sessions(&egi, 4), egi.sql("SELECT password FROM app_user WHERE id = 4")),
        ("0".into(), vec![HASH.into()])
    );
}
