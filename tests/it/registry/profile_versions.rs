//! The versions of profiles: everything that changes a profile adds one, and an old one can be restored.

use poem::domain::form::validation_error::ValidationErrors;
use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::object_kind::ObjectKind;
use poem::domain::model::profile::ProfileContent;
use poem::domain::model::snapshot::VersionContent;
use poem::registry::{ExpectedRevision, SaveError, Saved, groups, profiles};
use poem::store::{groups as group_store, versions as store};

use super::egi::Egi;
use super::metrics;
use super::profiles::{change, load, profile, tuple};
use crate::support::block_on;
use crate::support::installation::egi as egi_schema;

/// Returns the versions of a profile, oldest first, as (message, author, content).
fn versions(egi: &Egi, id: i64) -> Vec<(String, String, ProfileContent)> {
    let rows = egi.read(async |tx| store::list(tx.conn(), ObjectKind::Profile, id).await);
    let version = |row: &store::VersionRow| {
        let found = egi.read(async |tx| store::get(tx.conn(), row.id).await).unwrap();
        let VersionContent::Profile(content) = found.content else { panic!("{found:?}") };
        (row.message.clone(), row.username.clone(), content)
    };
    rows.iter().rev().map(version).collect()
}

fn newest(egi: &Egi, id: i64) -> (String, String, ProfileContent) {
    versions(egi, id).pop().expect("every profile has a version")
}

fn restore(egi: &Egi, as_whom: &str, id: i64, version: i64) -> Result<Saved, SaveError> {
    let (viewer, revision) = (egi.viewer(as_whom), load(egi, id).revision);
    egi.act(async |tx| profiles::restore(tx, &viewer, ExpectedRevision { id, revision }, version).await)
}

/// Returns the id of the oldest version.
fn first_version(egi: &Egi, id: i64) -> i64 {
    let first = egi.sql(&format!("SELECT min(id) FROM version WHERE kind = 'profile' AND object_id = {id}"));
    first[0].parse().unwrap()
}

#[test]
fn a_loaded_profile_has_an_initial_version() {
    let egi = Egi::new();
    let newest_time = "SELECT greatest((SELECT max(action_time) FROM log_entry), (SELECT max(changed_at) FROM probe))";
    for id in 1..=3 {
        assert_eq!(versions(&egi, id), [("Initial version.".into(), String::new(), load(&egi, id).content)]);
        let created = egi.sql(&format!("SELECT created FROM version WHERE kind = 'profile' AND object_id = {id}"));
        assert_eq!(created, egi.sql(newest_time), "the same dump always gives the same data");
    }
}

#[test]
fn every_save_that_changes_something_adds_a_version() {
    let egi = Egi::new();
    let alice = egi.viewer("alice");
    let content = profile("NEW", &[tuple("SRM", "x.New", "/ops"), tuple("ARC-CE", "x.New", "")]);
    let id = egi.act(async |tx| profiles::create(tx, &alice, &content, None).await).unwrap().id;
    let saved = change(&egi, "alice", id, |it| it.tuples.truncate(1)).unwrap();
    change(&egi, "alice", id, |_| {}).unwrap();
    let all = versions(&egi, id);
    let messages: Vec<_> = all.iter().map(|(message, author, _)| (message.as_str(), author.as_str())).collect();
    assert_eq!(messages, [("Initial version.", "alice"), (saved.message.as_str(), "alice")]);
    assert_eq!(all[1].2, load(&egi, id).content);
    assert_eq!(all[0].2.tuples.len(), 2);
    let copy = ProfileContent { name: "COPY".into(), ..content };
    let id = egi.act(async |tx| profiles::create(tx, &alice, &copy, Some(id)).await).unwrap().id;
    assert_eq!(newest(&egi, id).0, "Derived from NEW (1.0)");
}

#[test]
fn a_rename_of_a_metric_adds_versions_of_the_profiles_that_follow() {
    let egi = Egi::new();
    metrics::change(&egi, "alice", 3, |it| it.name = "arc.Submit".into()).unwrap();
    for id in [1, 3] {
        let words = "Metric \"org.nordugrid.ARC-CE-submit\" is now called \"arc.Submit\".";
        assert_eq!(newest(&egi, id), (words.into(), "alice".into(), load(&egi, id).content));
        assert!(load(&egi, id).content.tuples.iter().any(|tuple| tuple.metric == "arc.Submit"));
    }
    assert_eq!(versions(&egi, 2).len(), 1);
}

#[test]
fn a_move_to_another_group_adds_a_version() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let group = egi.read(async |tx| group_store::content(tx.conn(), GroupKind::Profiles, 1).await).unwrap();
    let mut content = group.content;
    let left = content.members.pop().unwrap();
    let target = ExpectedRevision { id: 1, revision: group.revision };
    egi.act(async |tx| groups::change(tx, &poem, GroupKind::Profiles, target, &content).await).unwrap();
    let id = (1..=3).find(|id| load(&egi, *id).content.label() == left).unwrap();
    let (message, author, content) = newest(&egi, id);
    assert_eq!((message.as_str(), author.as_str(), content.group.as_str()), ("Changed group.", "poem", ""));
}

#[test]
fn an_import_adds_versions_of_new_and_changed_profiles_only() {
    let egi = Egi::new();
    let mut changed = load(&egi, 1).content;
    changed.tuples.truncate(2);
    let wanted = [changed.clone(), load(&egi, 2).content, profile("NEW", &[tuple("SRM", "x.New", "")])];
    block_on(async {
        let pool = egi.installation.pool();
        profiles::import(&pool, &egi_schema(), &wanted, false, "poem-importprofiles").await.unwrap()
    });
    let (message, author, content) = newest(&egi, 1);
    assert_eq!((message.is_empty(), author.as_str(), content), (false, "poem-importprofiles", changed));
    assert_eq!(versions(&egi, 2).len(), 1);
    let id = egi.sql("SELECT id FROM profile WHERE name = 'NEW'")[0].parse().unwrap();
    assert_eq!(newest(&egi, id).0, "Initial version.");
}

#[test]
fn a_restored_version_is_a_new_version() {
    let egi = Egi::new();
    let (before, first) = (load(&egi, 1).content, first_version(&egi, 1));
    change(&egi, "alice", 1, |it| {
        it.tuples.retain(|tuple| tuple.service_flavour != "SRM");
        it.tuples.push(tuple("x.new", "x.New", ""));
        it.description = Some("Other".into());
    })
    .unwrap();
    let saved = restore(&egi, "alice", 1, first).unwrap();
    assert!(saved.side_effects.is_empty() && saved.message.starts_with("Changed description. Added"), "{saved:?}");
    assert_eq!(load(&egi, 1).content, before);
    assert_eq!(versions(&egi, 1).len(), 3);
    // A version of another object is no version of this one.
    let foreign = first_version(&egi, 2);
    assert!(matches!(restore(&egi, "alice", 1, foreign), Err(SaveError::Gone)));
    let refused = restore(&egi, "bob", 1, first);
    assert!(matches!(refused, Err(SaveError::Denied(_))), "{refused:?}");
}

#[test]
fn a_restore_leaves_out_what_no_longer_exists() {
    let egi = Egi::new();
    let first = first_version(&egi, 1);
    change(&egi, "poem", 1, |it| {
        it.vo = "dteam".into();
        it.group = "SSC".into();
        it.tuples.clear();
    })
    .unwrap();
    egi.sql("DELETE FROM vo WHERE name = 'ops'; DELETE FROM service_flavour WHERE name = 'APEL'");
    egi.sql("UPDATE object_group SET name = 'RENAMED' WHERE kind = 'profiles' AND name = 'ARGO'");
    let saved = restore(&egi, "poem", 1, first).unwrap();
    assert_eq!(
        saved.side_effects,
        [
            "The group “ARGO” no longer exists: the profile stays in its group.",
            "The VO “ops” no longer exists: the profile keeps its VO.",
            "Added new service flavour \"APEL\"."
        ]
    );
    let now = load(&egi, 1).content;
    assert_eq!((now.vo.as_str(), now.group.as_str(), now.tuples.len()), ("dteam", "SSC", 7));
}

#[test]
fn a_restore_of_a_name_that_is_taken_is_refused() {
    let egi = Egi::new();
    let first = first_version(&egi, 1);
    change(&egi, "alice", 1, |it| it.name = "OTHER".into()).unwrap();
    let alice = egi.viewer("alice");
    egi.act(async |tx| profiles::create(tx, &alice, &profile("ARGO_MON", &[]), None).await).unwrap();
    let refused: ValidationErrors = super::egi::errors_of(restore(&egi, "alice", 1, first));
    assert_eq!(super::egi::at(&refused, "name"), ["Profile name already exists and name should be changed"]);
}
