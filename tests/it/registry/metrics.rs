//! Metrics: the rules for saving them, and the versions that a save adds.

use poem::domain::form::submitted::Draft;
use poem::domain::form::validation_error::Place;
use poem::domain::model::metric::{MetricContent, Section, Setting};
use poem::domain::model::metric_fields::FIELDS;
use poem::domain::model::policy::Denial;
use poem::registry::{ExpectedRevision, SaveError, Saved, metrics};
use poem::store::{Loaded, metrics as store};

use super::egi::{Egi, at, errors_of, race};

const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";
const TAKEN: [&str; 1] = ["Metric with this Name and Tag already exists."];

pub(super) fn load(egi: &Egi, id: i64) -> Loaded<MetricContent> {
    egi.read(async |tx| store::content(tx.conn(), id).await).expect("there is such a metric")
}

/// Opens the form of a metric, edits it and saves it.
pub(super) fn change(
    egi: &Egi,
    as_whom: &str,
    id: i64,
    edit: impl FnOnce(&mut MetricContent),
) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, id);
    edit(&mut content);
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| metrics::change(tx, &viewer, ExpectedRevision { id, revision }, &content).await)
}

fn create(egi: &Egi, as_whom: &str, content: &MetricContent, clone_of: Option<i64>) -> Result<Saved, SaveError> {
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| metrics::create(tx, &viewer, content, clone_of).await)
}

fn restore(egi: &Egi, as_whom: &str, id: i64, version: i64) -> Result<Saved, SaveError> {
    let (viewer, Loaded { revision, .. }) = (egi.viewer(as_whom), load(egi, id));
    egi.act(async |tx| metrics::restore(tx, &viewer, ExpectedRevision { id, revision }, version).await)
}

/// A new metric with everything that an active one has; every section but config and dependency has a repeated key.
fn active(name: &str) -> MetricContent {
    let mut content = MetricContent {
        name: name.into(),
        tag: "Test".into(),
        metric_type: "Active".into(),
        probe: "ams-probe (0.1.8)".into(),
        group: "ARGO".into(),
        executable: "check_x".into(),
        parent: "nobody.Knows-This".into(),
        ..MetricContent::default()
    };
    for key in ["timeout", "interval", "own", "path", "retryInterval", "maxCheckAttempts"] {
        content.settings.push(Section::Config, key, "5");
    }
    for section in [Section::Flags, Section::Attribute, Section::Parameter, Section::FileParameter] {
        content.settings.push(section, "b", "");
        content.settings.push(section, "a", "1 2");
        content.settings.push(section, "b", "č");
    }
    content.settings.push(Section::Dependency, "nobody.Knows-That", "1");
    content
}

/// Returns the versions of a metric, oldest first: `message|username`, and the content.
pub(super) fn versions(egi: &Egi, id: i64) -> Vec<(String, MetricContent)> {
    let rows = egi.sql(&format!(
        "SELECT message, username, content FROM version WHERE kind = 'metric' AND object_id = {id} ORDER BY id"
    ));
    let version = |row: &String| {
        let [message, username, content] = row.splitn(3, '|').collect::<Vec<_>>().try_into().unwrap();
        (format!("{message}|{username}"), serde_json::from_str(content).unwrap())
    };
    rows.iter().map(version).collect()
}

/// Returns the group of a name of the registry, '' without one; nothing if the name is unknown.
pub(super) fn registered(egi: &Egi, name: &str) -> Vec<String> {
    egi.sql(&format!(
        "SELECT g.name FROM metric_name n LEFT JOIN object_group g ON g.kind = 'metrics' AND g.id = n.group_id
         WHERE n.name = '{name}'"
    ))
}

/// The revisions of the two groups of metrics.
fn group_revisions(egi: &Egi) -> Vec<String> {
    egi.sql("SELECT name, revision FROM object_group WHERE kind = 'metrics' ORDER BY id")
}

#[test]
fn a_new_metric_gets_a_version_and_a_registered_name() {
    let egi = Egi::new();
    let content = active("new.Metric");
    let saved = create(&egi, "alice", &content, None).unwrap();
    assert_eq!(saved, Saved::plain(saved.id, "new.Metric (Test)"));
    assert_eq!(load(&egi, saved.id), Loaded { id: saved.id, revision: 1, content: content.clone() });
    assert_eq!(versions(&egi, saved.id), [("Initial version.|alice".to_owned(), content)]);
    assert_eq!(egi.history(1), [format!("add|metric|{}|new.Metric (Test)||alice", saved.id)]);
    assert_eq!(registered(&egi, "new.Metric"), ["ARGO"]);
    assert_eq!(group_revisions(&egi), ["ARGO|2", "SSC|1"]);
    // A parent and a dependency may be unknown, and stay so.
    assert!(registered(&egi, "nobody.Knows-This").is_empty() && registered(&egi, "nobody.Knows-That").is_empty());
    // The same name with another tag is another metric.
    let other = MetricContent { tag: "Devel".into(), group: "SSC".into(), ..active("new.Metric") };
    create(&egi, "bob", &other, None).unwrap();
    assert_eq!(registered(&egi, "new.Metric"), ["SSC"]);
    assert_eq!(load(&egi, saved.id).content.group, "ARGO");
    assert_eq!(group_revisions(&egi), ["ARGO|3", "SSC|2"]);
}

#[test]
fn all_errors_are_reported_at_once_and_nothing_is_written() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let mut content = MetricContent {
        tag: "NOPE\0".into(),
        probe: "no-probe (1)".into(),
        group: String::new(),
        ..active("new.Metric")
    };
    content.settings.set(Section::Config, vec![Setting("path".into(), String::new())]);
    let errors = egi.rejected(async |tx| metrics::create(tx, &poem, &content, None).await);
    let config =
        ["Missing fields interval, maxCheckAttempts, retryInterval, timeout", "Missing values for fields path"];
    assert_eq!(at(&errors, "config"), config);
    let cell = Place::Cell { field: "config", row: 0, column: "value" };
    assert_eq!(errors.of(cell), ["This field is required."]);
    assert_eq!(at(&errors, "tag"), [NO_CHOICE]);
    assert_eq!(at(&errors, "probeversion"), [NO_CHOICE]);
    assert_eq!(at(&errors, "group"), ["This field is required."]);
    assert_eq!(errors.errors.len(), 6);
    let unknown = MetricContent { metric_type: "Odd".into(), group: "NOBODY".into(), ..active("new.Metric") };
    let errors = egi.rejected(async |tx| metrics::create(tx, &poem, &unknown, None).await);
    assert_eq!((at(&errors, "mtype"), at(&errors, "group")), (vec![NO_CHOICE], vec![NO_CHOICE]));
}

#[test]
fn a_passive_metric_keeps_flags_and_parent() {
    let egi = Egi::new();
    let mut content = MetricContent { metric_type: "Passive".into(), ..active("new.Metric") };
    let refused = errors_of(create(&egi, "alice", &content, None));
    assert_eq!(at(&refused, "flags"), ["Missing PASSIVE key"]);
    content.settings.push(Section::Flags, "passive", "0");
    let refused = errors_of(create(&egi, "alice", &content, None));
    assert_eq!(at(&refused, "flags"), ["PASSIVE key should be set to 1"]);
    let id = create(&egi, "alice", &active("new.Metric"), None).unwrap().id;
    let saved = change(&egi, "alice", id, |it| {
        it.metric_type = "Passive".into();
        it.settings.push(Section::Flags, "PASSIVE", "True");
    })
    .unwrap();
    let dropped = "Changed type. Deleted metric probe executable \"check_x\". Deleted metric config \"timeout\".";
    assert!(saved.message.starts_with(dropped), "{saved:?}");
    assert!(saved.message.contains("Added metric flags \"PASSIVE\"."), "{saved:?}");
    let kept = load(&egi, id).content;
    assert_eq!((kept.executable.as_str(), kept.parent.as_str()), ("", "nobody.Knows-This"));
    assert_eq!(kept.settings.rows().count(), 4);
    assert_eq!(versions(&egi, id)[1].1, kept);
}

#[test]
fn name_and_tag_are_unique_even_in_a_race() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let content = MetricContent { tag: "Devel".into(), ..active("argo.AMS-Check") };
    let refused = egi.rejected(async |tx| metrics::create(tx, &poem, &content, None).await);
    assert_eq!(at(&refused, "name"), TAKEN);
    let (_, lost) = race(|| create(&egi, "poem", &active("new.Race"), None));
    assert_eq!(lost.to_string(), TAKEN[0]);
    let before = egi.rows();
    assert_eq!(at(&errors_of(change(&egi, "poem", 8, |it| it.tag = "Production".into())), "name"), TAKEN);
    let renamed = change(&egi, "poem", 2, |it| it.name = "argo.AMS-Check".into());
    assert_eq!(at(&errors_of(renamed), "name"), TAKEN);
    assert_eq!(egi.rows(), before);
}

#[test]
fn a_change_adds_a_version_and_a_log_entry_with_the_same_message() {
    let egi = Egi::new();
    let (before, count) = (load(&egi, 1), versions(&egi, 1).len());
    let saved = change(&egi, "alice", 1, |it| {
        it.probe = "ams-probe (0.1.8)".into();
        it.parent = "argo.AMSPublisher-Check".into();
        it.settings.set(Section::Attribute, vec![Setting("X".into(), String::new())]);
    })
    .unwrap();
    let message = "Changed probeversion. Added metric attribute \"X\". Deleted metric attribute \"argo.ams_TOKEN\". \
                   Added metric parent \"argo.AMSPublisher-Check\".";
    assert_eq!(saved, Saved::changed(1, "argo.AMS-Check (Production)", message.to_owned()));
    let after = load(&egi, 1);
    assert_eq!(after.revision, before.revision + 1);
    let versions = versions(&egi, 1);
    assert_eq!(versions.len(), count + 1);
    assert_eq!(versions[count], (format!("{message}|alice"), after.content));
    assert_eq!(egi.history(1), [format!("change|metric|1|argo.AMS-Check (Production)|{message}|alice")]);
    assert_eq!(egi.sql("SELECT probe_version_id FROM metric WHERE id = 1"), ["11"]);
}

#[test]
fn a_save_without_changes_writes_nothing() {
    let egi = Egi::new();
    // A form sends the settings in another order than the metric has them.
    let id = create(&egi, "alice", &active("new.Metric"), None).unwrap().id;
    let before = egi.rows();
    for id in [1, 4, 9, id] {
        let as_a_form_sends_it =
            |it: &mut MetricContent| *it = Draft::of(&FIELDS, it).parse(&FIELDS, it.clone()).unwrap();
        let saved = change(&egi, "poem", id, as_a_form_sends_it).unwrap();
        assert_eq!(saved.message, "No fields changed.");
    }
    assert_eq!(egi.rows(), before);
}

#[test]
fn a_stale_form_does_not_overwrite_a_newer_save() {
    let egi = Egi::new();
    let (poem, Loaded { revision, content, .. }) = (egi.viewer("poem"), load(&egi, 1));
    change(&egi, "alice", 1, |it| it.executable = "first".into()).unwrap();
    let content = MetricContent { executable: "second".into(), ..content };
    let stale = ExpectedRevision { id: 1, revision };
    let refusal = egi.refused(async |tx| metrics::change(tx, &poem, stale, &content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let refusal = egi.refused(async |tx| metrics::restore(tx, &poem, stale, 4).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let gone = ExpectedRevision { id: 4711, revision };
    let refusals = [
        egi.refused(async |tx| metrics::change(tx, &poem, gone, &content).await),
        egi.refused(async |tx| metrics::restore(tx, &poem, gone, 4).await),
        egi.refused(async |tx| metrics::remove(tx, &poem, 4711).await),
        egi.refused(async |tx| metrics::create(tx, &poem, &content, Some(4711)).await),
    ];
    assert!(refusals.iter().all(|refusal| matches!(refusal, SaveError::Gone)), "{refusals:?}");
}

/// A name can have metrics of several groups, under several tags: a member of one does not take it away from the other.
#[test]
fn a_name_stays_in_a_foreign_group() {
    let egi = Egi::new();
    egi.sql(
        "INSERT INTO app_user (username, password) VALUES ('chloe', '!');
         INSERT INTO group_member (kind, group_id, user_id)
             SELECT g.kind, g.id, u.id FROM object_group g, app_user u
             WHERE g.kind = 'metrics' AND g.name = 'SSC' AND u.username = 'chloe'",
    );
    let stays = ["The name “argo.AMS-Check” stays in the group ARGO, of which you are not a member.".to_owned()];
    let revisions = group_revisions(&egi);
    // Added under the tag that is left.
    let tag = egi.sql(
        "SELECT name FROM tag WHERE id NOT IN
             (SELECT tag_id FROM metric m JOIN metric_name n ON n.id = m.metric_name_id WHERE n.name = 'argo.AMS-Check')",
    );
    let own = MetricContent { tag: tag[0].clone(), group: "SSC".into(), ..active("argo.AMS-Check") };
    let saved = create(&egi, "chloe", &own, None).unwrap();
    assert_eq!(saved.side_effects, stays);
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["ARGO"]);
    assert_eq!(load(&egi, saved.id).content.group, "SSC");
    assert_eq!(group_revisions(&egi), revisions);
    // It can be changed and deleted by its own group; the name stays.
    let changed = change(&egi, "chloe", saved.id, |it| it.executable = "check_y".into()).unwrap();
    assert!(changed.side_effects.is_empty(), "nothing was to be moved: {changed:?}");
    let viewer = egi.viewer("chloe");
    egi.act(async |tx| metrics::remove(tx, &viewer, saved.id).await).unwrap();
    // Renamed to the foreign name.
    let saved = create(&egi, "chloe", &MetricContent { name: "own.Name".into(), ..own.clone() }, None).unwrap();
    assert_eq!((saved.side_effects.len(), registered(&egi, "own.Name")), (0, vec!["SSC".to_owned()]));
    let renamed = change(&egi, "chloe", saved.id, |it| it.name = "argo.AMS-Check".into()).unwrap();
    assert_eq!(renamed.side_effects, stays);
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["ARGO"]);
    // Renamed to an own name, when no other metric has the foreign one.
    let others = egi.sql(&format!(
        "SELECT m.id FROM metric m JOIN metric_name n ON n.id = m.metric_name_id
         WHERE n.name = 'argo.AMS-Check' AND m.id <> {}",
        saved.id
    ));
    let poem = egi.viewer("poem");
    for other in others {
        egi.act(async |tx| metrics::remove(tx, &poem, other.parse().unwrap()).await).unwrap();
    }
    let renamed = change(&egi, "chloe", saved.id, |it| it.name = "own.Again".into()).unwrap();
    assert_eq!(renamed.side_effects[..1], stays);
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["ARGO"]);
    change(&egi, "chloe", saved.id, |it| it.name = "argo.AMS-Check".into()).unwrap();
    // A superuser moves it.
    let moved = change(&egi, "poem", saved.id, |it| it.executable = "check_z".into()).unwrap();
    assert_eq!((moved.side_effects.len(), registered(&egi, "argo.AMS-Check")), (0, vec!["SSC".to_owned()]));
}

#[test]
fn a_member_may_only_write_to_own_groups() {
    let egi = Egi::new();
    let [alice, carol] = ["alice", "carol"].map(|name| egi.viewer(name));
    let foreign = MetricContent { group: "SSC".into(), ..active("new.Metric") };
    let refused = egi.rejected(async |tx| metrics::create(tx, &alice, &foreign, None).await);
    assert_eq!(at(&refused, "group"), ["You are not member of group SSC."]);
    assert_eq!(at(&errors_of(change(&egi, "alice", 1, |it| it.group = "SSC".into())), "group").len(), 1);
    let without = MetricContent { group: String::new(), ..active("new.Metric") };
    let refused = egi.rejected(async |tx| metrics::create(tx, &alice, &without, None).await);
    assert_eq!(at(&refused, "group"), ["This field is required."]);
    let refusal = egi.refused(async |tx| metrics::create(tx, &carol, &without, None).await);
    assert!(matches!(refusal, SaveError::Denied(Denial::Never)), "{refusal:?}");
    let is_foreign =
        |refusal: SaveError| matches!(refusal, SaveError::Denied(Denial::ForeignObject(group)) if group == "SSC");
    assert!(is_foreign(change(&egi, "alice", 5, |it| it.parent = "x".into()).unwrap_err()));
    assert!(is_foreign(restore(&egi, "alice", 5, 8).unwrap_err()));
    assert!(is_foreign(egi.refused(async |tx| metrics::remove(tx, &alice, 5).await)));
    assert!(is_foreign(egi.refused(async |tx| metrics::create(tx, &alice, &active("new.Metric"), Some(5)).await)));
}

#[test]
fn a_metric_moves_its_name_but_no_other_metric_with_that_name() {
    let egi = Egi::new();
    let saved = change(&egi, "bob", 1, |it| it.group = "SSC".into()).unwrap();
    assert_eq!(saved.message, "Changed group.");
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["SSC"]);
    assert_eq!(load(&egi, 8).content.group, "ARGO");
    assert_eq!(group_revisions(&egi), ["ARGO|2", "SSC|2"]);
    // Every save moves the name to the group of the metric, if the user is in the group that it leaves.
    change(&egi, "alice", 8, |it| it.parent = "x".into()).unwrap();
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["SSC"]);
    change(&egi, "bob", 8, |it| it.parent = "y".into()).unwrap();
    assert_eq!(registered(&egi, "argo.AMS-Check"), ["ARGO"]);
}

#[test]
fn a_probe_version_that_no_longer_exists_may_stay() {
    let egi = Egi::new();
    egi.sql("DELETE FROM probe WHERE id = 1");
    change(&egi, "alice", 1, |it| it.executable = "other".into()).unwrap();
    assert_eq!(egi.sql("SELECT probe_version_id FROM metric WHERE id = 1"), ["24"]);
    let refused = errors_of(change(&egi, "alice", 1, |it| it.probe = "ams-probe (0.1.8)".into()));
    assert_eq!(at(&refused, "probeversion"), [NO_CHOICE]);
    change(&egi, "alice", 1, |it| it.probe.clear()).unwrap();
    assert_eq!(load(&egi, 1).content.probe, "");
}

#[test]
fn a_clone_inherits_the_history() {
    let egi = Egi::new();
    let original = load(&egi, 1).content;
    let refused = errors_of(create(&egi, "alice", &original, Some(1)));
    assert_eq!(at(&refused, "name"), TAKEN);
    let copy = MetricContent { tag: "Test".into(), ..original };
    let saved = create(&egi, "alice", &copy, Some(1)).unwrap();
    assert_eq!(load(&egi, saved.id).content, copy);
    let derived = "Derived from argo.AMS-Check (Production)";
    let mut expected = versions(&egi, 1);
    expected.push((format!("{derived}|alice"), copy));
    assert_eq!(versions(&egi, saved.id), expected);
    let times = |id: i64| {
        egi.sql(&format!(
            "SELECT created, user_id FROM version WHERE kind = 'metric' AND object_id = {id} ORDER BY id LIMIT 4"
        ))
    };
    assert_eq!(times(saved.id), times(1));
    assert_eq!(egi.history(1), [format!("add|metric|{}|argo.AMS-Check (Test)|{derived}|alice", saved.id)]);
}

#[test]
fn a_restore_adds_the_old_version_as_a_new_one() {
    let egi = Egi::new();
    let (then, now) = (versions(&egi, 1)[0].1.clone(), load(&egi, 1).content);
    let saved = restore(&egi, "alice", 1, 4).unwrap();
    assert!(saved.message.starts_with("Changed probeversion") && saved.side_effects.is_empty(), "{saved:?}");
    assert_eq!(load(&egi, 1).content, then);
    assert_eq!(versions(&egi, 1)[4], (format!("{}|alice", saved.message), then));
    restore(&egi, "alice", 1, 26).unwrap();
    assert_eq!(load(&egi, 1).content, now);
    // The version of a probe, of another metric, and one that does not exist.
    for version in [1, 6, 4711] {
        assert!(matches!(restore(&egi, "alice", 1, version).unwrap_err(), SaveError::Gone));
    }
}

#[test]
fn a_restore_leaves_out_what_no_longer_exists() {
    let egi = Egi::new();
    egi.sql("UPDATE version SET content = content || '{\"group\": \"OLD\", \"probe\": \"old (1)\"}' WHERE id = 4");
    let saved = restore(&egi, "alice", 1, 4).unwrap();
    let left_out = [
        "The group “OLD” no longer exists: the metric stays in its group.",
        "The probe version “old (1)” no longer exists: the metric has none now.",
    ];
    assert_eq!(saved.side_effects, left_out);
    let restored = load(&egi, 1).content;
    assert_eq!((restored.group.as_str(), restored.probe.as_str()), ("ARGO", ""));
    egi.sql("UPDATE version SET content = content || '{\"tag\": \"Devel\"}' WHERE id = 4");
    assert_eq!(at(&errors_of(restore(&egi, "alice", 1, 4)), "name"), TAKEN);
}

#[test]
fn a_removed_metric_leaves_its_name_and_its_versions() {
    let egi = Egi::new();
    let alice = egi.viewer("alice");
    let (versions_before, tuples) = (versions(&egi, 3), "SELECT id, metric_name_id FROM metric_instance ORDER BY id");
    let (tuples_before, parent) = (egi.sql(tuples), load(&egi, 4));
    let saved = egi.act(async |tx| metrics::remove(tx, &alice, 3).await).unwrap();
    assert_eq!(saved, Saved::plain(3, "org.nordugrid.ARC-CE-submit (Production)"));
    assert_eq!(egi.history(1), ["delete|metric|3|org.nordugrid.ARC-CE-submit (Production)||alice"]);
    assert_eq!(egi.sql("SELECT count(*) FROM metric_setting WHERE metric_id = 3"), ["0"]);
    assert_eq!(registered(&egi, "org.nordugrid.ARC-CE-submit"), ["ARGO"]);
    assert_eq!((egi.sql(tuples), load(&egi, 4)), (tuples_before, parent));
    assert_eq!(versions(&egi, 3), versions_before);
}
