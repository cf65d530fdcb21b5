//! Profiles: the rules for saving them, and the effects of a save.

use std::time::Instant;

use poem::domain::form::validation_error::Place;
use poem::domain::model::policy::Denial;
use poem::domain::model::profile::{ProfileContent, Tuple};
use poem::registry::{ExpectedRevision, SaveError, Saved, profiles};
use poem::store::{Loaded, profiles as store};

use super::egi::{Egi, at, errors_of, race};

pub(super) fn tuple(service_flavour: &str, metric: &str, fqan: &str) -> Tuple {
    Tuple { service_flavour: service_flavour.into(), metric: metric.into(), fqan: fqan.into() }
}

pub(super) fn profile(name: &str, tuples: &[Tuple]) -> ProfileContent {
    ProfileContent {
        name: name.into(),
        vo: "ops".into(),
        description: Some("For a test".into()),
        group: "ARGO".into(),
        tuples: tuples.to_vec(),
        ..ProfileContent::to_add()
    }
}

fn create(egi: &Egi, as_whom: &str, content: &ProfileContent) -> Result<Saved, SaveError> {
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| profiles::create(tx, &viewer, content, None).await)
}

pub(super) fn load(egi: &Egi, id: i64) -> Loaded<ProfileContent> {
    egi.read(async |tx| store::content(tx.conn(), id).await).expect("there is such a profile")
}

/// Opens the form of a profile, edits it and saves it.
pub(super) fn change(
    egi: &Egi,
    as_whom: &str,
    id: i64,
    edit: impl FnOnce(&mut ProfileContent),
) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, id);
    edit(&mut content);
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| profiles::change(tx, &viewer, ExpectedRevision { id, revision }, &content).await)
}

#[test]
fn a_new_profile_adds_unknown_flavours_and_metric_names() {
    let egi = Egi::new();
    let content = profile("NEW", &[tuple("SRM", "argo.AMS-Check", ""), tuple("x.new", "x.New-Check", "/ops")]);
    let saved = create(&egi, "alice", &content).unwrap();
    assert_eq!((saved.name.as_str(), saved.message.as_str()), ("NEW", ""));
    assert_eq!(saved.side_effects, ["Added new service flavour \"x.new\".", "Added new metric name \"x.New-Check\"."]);
    assert_eq!(load(&egi, saved.id).content, content);
    assert_eq!(egi.history(1), [format!("add|profile|{}|NEW||alice", saved.id)]);
    let flavour = egi.sql("SELECT description FROM service_flavour WHERE name = 'x.new'");
    assert_eq!(flavour, ["Manually added service type not defined in GOCDB"]);
    let without_version = ProfileContent { version: String::new(), ..profile("OTHER", &[]) };
    let saved = create(&egi, "alice", &without_version).unwrap();
    assert_eq!(load(&egi, saved.id).content.version, "1.0");
}

#[test]
fn all_errors_are_reported_at_once_and_nothing_is_written() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let twice = [tuple("x.new", "x.New-Check", ""), tuple("SRM", "a", ""), tuple("x.new", "x.New-Check", "")];
    let content = ProfileContent { vo: "atlantis".into(), group: "NOBODY".into(), ..profile("NEW", &twice) };
    let errors = egi.rejected(async |tx| profiles::create(tx, &poem, &content, None).await);
    assert_eq!(at(&errors, "vo"), ["Unable to find virtual organization atlantis."]);
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    assert_eq!(at(&errors, "group"), [no_choice]);
    let row = Place::Row { field: "tuples", row: 2 };
    assert_eq!(errors.of(row), ["Same as row 1."]);
    assert_eq!(errors.errors.len(), 3);
}

#[test]
fn a_name_is_unique_even_in_a_race() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let taken = ["Profile name already exists and name should be changed"];
    let content = profile("ARGO_MON", &[tuple("x.new", "x.New-Check", "")]);
    let refused = egi.rejected(async |tx| profiles::create(tx, &poem, &content, None).await);
    assert_eq!(at(&refused, "name"), taken);
    let content = profile("RACE", &[]);
    let (_, lost) = race(|| create(&egi, "poem", &content));
    assert_eq!(lost.to_string(), taken[0]);
    // The same name with another version is another profile.
    create(&egi, "poem", &ProfileContent { version: "2.0".into(), ..profile("RACE", &[]) }).unwrap();
    assert_eq!(at(&errors_of(change(&egi, "poem", 2, |it| it.name = "RACE".into())), "name"), taken);
}

#[test]
fn a_change_keeps_unchanged_tuples() {
    let egi = Egi::new();
    let ids = "SELECT id FROM metric_instance WHERE profile_id = 2 ORDER BY id";
    let before = egi.sql(ids);
    let saved = change(&egi, "alice", 2, |it| {
        it.description = Some("Other".into());
        it.vo = "ops".into();
        it.tuples.insert(0, tuple("SRM", "argo.AMS-Check", "/ops"));
    })
    .unwrap();
    let message = "Changed VO and description. Added tuple \"SRM, argo.AMS-Check, /ops\".";
    assert_eq!((saved.message.as_str(), saved.side_effects.len()), (message, 0));
    assert_eq!(egi.history(1), [format!("change|profile|2|ARGO_MON_BIOMED|{message}|alice")]);
    let after = egi.sql(ids);
    assert_eq!((&after[..before.len()], after.len()), (&before[..], before.len() + 1));
    let emptied = change(&egi, "alice", 2, |it| it.tuples.clear()).unwrap();
    assert!(emptied.message.starts_with("Deleted tuples \""), "{emptied:?}");
    assert_eq!(egi.sql(ids), Vec::<String>::new());
}

#[test]
fn a_save_without_changes_writes_nothing() {
    let egi = Egi::new();
    let before = egi.rows();
    let saved = change(&egi, "alice", 1, |it| it.tuples.reverse()).unwrap();
    assert_eq!(saved.message, "No fields changed.");
    assert_eq!(egi.rows(), before);
}

#[test]
fn a_stale_form_does_not_overwrite_a_newer_save() {
    let egi = Egi::new();
    let (poem, Loaded { revision, content, .. }) = (egi.viewer("poem"), load(&egi, 1));
    change(&egi, "alice", 1, |it| it.description = Some("First".into())).unwrap();
    let content = ProfileContent { description: Some("Second".into()), ..content };
    let stale = ExpectedRevision { id: 1, revision };
    let refusal = egi.refused(async |tx| profiles::change(tx, &poem, stale, &content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let gone = ExpectedRevision { id: 4711, revision };
    let refusal = egi.refused(async |tx| profiles::change(tx, &poem, gone, &content).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
    let refusal = egi.refused(async |tx| profiles::remove(tx, &poem, 4711).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
}

#[test]
fn a_member_may_only_write_to_own_groups() {
    let egi = Egi::new();
    let [poem, alice, carol] = ["poem", "alice", "carol"].map(|name| egi.viewer(name));
    let foreign = ProfileContent { group: "SSC".into(), ..profile("NEW", &[]) };
    let refused = egi.rejected(async |tx| profiles::create(tx, &alice, &foreign, None).await);
    assert_eq!(at(&refused, "group"), ["You are not member of group SSC."]);
    let none = ProfileContent { group: String::new(), ..profile("NEW", &[]) };
    let refused = egi.rejected(async |tx| profiles::create(tx, &alice, &none, None).await);
    assert_eq!(at(&refused, "group"), ["This field is required."]);
    assert_eq!(at(&errors_of(change(&egi, "alice", 1, |it| it.group = "SSC".into())), "group").len(), 1);
    let refusal = egi.refused(async |tx| profiles::create(tx, &carol, &none, None).await);
    assert!(matches!(refusal, SaveError::Denied(Denial::Never)), "{refusal:?}");
    let is_foreign =
        |refusal: SaveError| matches!(refusal, SaveError::Denied(Denial::ForeignObject(group)) if group == "SSC");
    assert!(is_foreign(change(&egi, "alice", 3, |it| it.name = "MINE".into()).unwrap_err()));
    assert!(is_foreign(egi.refused(async |tx| profiles::remove(tx, &alice, 3).await)));
    let clone = profile("CLONE", &[]);
    assert!(is_foreign(egi.refused(async |tx| profiles::create(tx, &alice, &clone, Some(3)).await)));
    egi.act(async |tx| profiles::create(tx, &poem, &none, None).await).unwrap();
}

#[test]
fn a_clone_needs_a_different_name() {
    let egi = Egi::new();
    let alice = egi.viewer("alice");
    let original = load(&egi, 1).content;
    let same = ProfileContent { version: "2.0".into(), ..original.clone() };
    let refused = egi.rejected(async |tx| profiles::create(tx, &alice, &same, Some(1)).await);
    assert_eq!(at(&refused, "name"), ["Profile name already exists and name should be changed"]);
    let copy = ProfileContent { name: "COPY".into(), ..original };
    let saved = egi.act(async |tx| profiles::create(tx, &alice, &copy, Some(1)).await).unwrap();
    assert_eq!(load(&egi, saved.id).content, copy);
    assert_eq!(egi.history(1), [format!("add|profile|{}|COPY|Derived from ARGO_MON (1.0)|alice", saved.id)]);
    let refusal = egi.refused(async |tx| profiles::create(tx, &alice, &copy, Some(4711)).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
}

#[test]
fn a_vo_that_is_no_longer_listed_may_stay() {
    let egi = Egi::new();
    egi.sql("DELETE FROM vo WHERE name = 'ops'");
    change(&egi, "alice", 1, |it| it.description = Some("Other".into())).unwrap();
    let refused = errors_of(change(&egi, "alice", 2, |it| it.vo = "ops".into()));
    assert_eq!(at(&refused, "vo"), ["Unable to find virtual organization ops."]);
}

#[test]
fn a_removed_profile_leaves_its_metric_names_and_flavours() {
    let egi = Egi::new();
    let known = egi.sql("SELECT name FROM metric_name UNION ALL SELECT name FROM service_flavour ORDER BY 1");
    let alice = egi.viewer("alice");
    let saved = egi.act(async |tx| profiles::remove(tx, &alice, 1).await).unwrap();
    assert_eq!((saved.id, saved.name.as_str()), (1, "ARGO_MON"));
    assert_eq!(egi.history(1), ["delete|profile|1|ARGO_MON||alice"]);
    assert_eq!(egi.sql("SELECT count(*) FROM metric_instance WHERE profile_id = 1"), ["0"]);
    assert_eq!(egi.sql("SELECT name FROM metric_name UNION ALL SELECT name FROM service_flavour ORDER BY 1"), known);
}

#[test]
fn ten_thousand_tuples_are_saved_in_seconds() {
    let egi = Egi::new();
    let many = |from: usize| -> Vec<Tuple> {
        (from..from + 10_000)
            .map(|at| tuple(&format!("flavour.{}", at % 300), &format!("m.{}", at % 5000), &format!("/{at}")))
            .collect()
    };
    let start = Instant::now();
    let saved = create(&egi, "alice", &profile("LARGE", &many(0))).unwrap();
    let changed = change(&egi, "alice", saved.id, |it| it.tuples = many(5000)).unwrap();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(egi.sql(&format!("SELECT count(*) FROM metric_instance WHERE profile_id = {}", saved.id)), ["10000"]);
    assert!(changed.message.contains("and 4990 more. Deleted tuples"), "{changed:?}");
    assert!(changed.message.chars().count() < 2000 && saved.side_effects.len() == 2);
}
