//! Probes: their versions, and the metrics that use them.

use poem::domain::model::policy::Denial;
use poem::domain::model::probe::ProbeContent;
use poem::registry::probes::{self, Intent};
use poem::registry::{ExpectedRevision, SaveError, Saved};
use poem::store::{Loaded, probes as store};

use super::egi::{Egi, at, errors_of, race};

const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";
const NOT_RAISED: &str = "Version number should be raised";

const BOTH: Intent = Intent { new_version: true, update_metrics: true };
const ONLY_VERSION: Intent = Intent { new_version: true, update_metrics: false };
const IN_PLACE: Intent = Intent { new_version: false, update_metrics: false };

/// The metrics that use the newest version of probe 1, in the order of their labels.
const METRICS: [(i64, &str); 3] =
    [(8, "argo.AMS-Check (Devel)"), (1, "argo.AMS-Check (Production)"), (2, "argo.AMSPublisher-Check (Production)")];

fn probe(name: &str) -> ProbeContent {
    ProbeContent {
        name: name.into(),
        version: "1.0".into(),
        repository: "https://example.org/probe".into(),
        docurl: "https://example.org/doc".into(),
        description: "For a test.\nIn two lines.".into(),
        comment: "First.".into(),
        group: "ARGO".into(),
    }
}

fn create(egi: &Egi, as_whom: &str, content: &ProbeContent) -> Result<Saved, SaveError> {
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| probes::create(tx, &viewer, content).await)
}

fn load(egi: &Egi, id: i64) -> Loaded<ProbeContent> {
    egi.read(async |tx| store::content(tx.conn(), id).await).expect("there is such a probe")
}

/// Opens the form of a probe, edits it and saves it.
fn change(
    egi: &Egi,
    as_whom: &str,
    id: i64,
    intent: Intent,
    edit: impl FnOnce(&mut ProbeContent),
) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, id);
    edit(&mut content);
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| probes::change(tx, &viewer, ExpectedRevision { id, revision }, &content, intent).await)
}

/// Returns `message|username|user id` of the versions of an object, newest first.
fn versions(egi: &Egi, kind: &str, id: i64) -> Vec<String> {
    let select = "SELECT message, username, user_id FROM version";
    egi.sql(&format!("{select} WHERE kind = '{kind}' AND object_id = {id} ORDER BY id DESC"))
}

/// Returns the content of the newest version of a probe.
fn newest_content(egi: &Egi, id: i64) -> ProbeContent {
    let newest = format!(
        "SELECT content FROM version WHERE kind = 'probe' AND object_id = {id} AND id =
             (SELECT max(id) FROM version WHERE kind = 'probe' AND object_id = {id})"
    );
    serde_json::from_str(&egi.sql(&newest)[0]).unwrap()
}

/// Returns `label|revision|newest version's label and message` of a metric; the labels are those of probe versions.
fn metric(egi: &Egi, id: i64) -> String {
    let newest = format!("FROM version WHERE kind = 'metric' AND object_id = {id} ORDER BY id DESC LIMIT 1");
    let select = format!(
        "SELECT coalesce((v.content ->> 'name') || ' ' || (v.content ->> 'version'), ''), m.revision,
                (SELECT (content ->> 'probe') || '|' || message {newest})
         FROM metric m LEFT JOIN version v ON v.id = m.probe_version_id WHERE m.id = {id}"
    );
    egi.sql(&select).remove(0)
}

#[test]
fn a_new_probe_gets_a_version() {
    let egi = Egi::new();
    let content = probe("new-probe");
    let saved = create(&egi, "alice", &content).unwrap();
    assert_eq!(saved, Saved::plain(saved.id, "new-probe"));
    assert_eq!(load(&egi, saved.id), Loaded { id: saved.id, revision: 1, content: content.clone() });
    assert_eq!(versions(&egi, "probe", saved.id), ["Initial version.|alice|2"]);
    assert_eq!(newest_content(&egi, saved.id), content);
    assert_eq!(egi.history(1), [format!("add|probe|{}|new-probe||alice", saved.id)]);
    let changed =
        format!("SELECT changed_by, changed_at > now() - interval '1 hour' FROM probe WHERE id = {}", saved.id);
    assert_eq!(egi.sql(&changed), ["alice|t"]);
    let without_group = ProbeContent { group: String::new(), ..probe("other-probe") };
    let saved = create(&egi, "poem", &without_group).unwrap();
    assert_eq!(load(&egi, saved.id).content, without_group);
}

#[test]
fn a_name_is_unique_even_in_a_race() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let taken = ["Probe with this Name already exists."];
    let refused = egi.rejected(async |tx| probes::create(tx, &poem, &probe("ams-probe")).await);
    assert_eq!(at(&refused, "name"), taken);
    let content = probe("race-probe");
    let (_, lost) = race(|| create(&egi, "poem", &content));
    assert_eq!(lost.to_string(), taken[0]);
    assert_eq!(egi.sql("SELECT count(*) FROM version WHERE content ->> 'name' = 'race-probe'"), ["1"]);
}

#[test]
fn a_group_must_be_known() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let unknown = ProbeContent { group: "NOBODY".into(), ..probe("new-probe") };
    let refused = egi.rejected(async |tx| probes::create(tx, &poem, &unknown).await);
    assert_eq!((at(&refused, "group"), refused.errors.len()), (vec![NO_CHOICE], 1));
    let Loaded { revision, content, .. } = load(&egi, 1);
    let (unknown, target) = (ProbeContent { group: "NOBODY".into(), ..content }, ExpectedRevision { id: 1, revision });
    // All errors are reported at once.
    let refused = egi.rejected(async |tx| probes::change(tx, &poem, target, &unknown, BOTH).await);
    assert_eq!((at(&refused, "version"), at(&refused, "group")), (vec![NOT_RAISED], vec![NO_CHOICE]));
}

#[test]
fn metrics_move_to_a_new_version() {
    let egi = Egi::new();
    egi.sql("UPDATE metric SET probe_version_id = 1 WHERE id = 2");
    let before = versions(&egi, "probe", 1);
    let saved = change(&egi, "alice", 1, BOTH, |it| {
        it.version = "0.2.0".into();
        it.comment = "Other.".into();
    })
    .unwrap();
    let message = "Changed version and comment.";
    assert_eq!(saved.message, message);
    let moved = METRICS[..2].iter().map(|(_, label)| format!("Moved metric {label} to ams-probe (0.2.0)."));
    assert_eq!(saved.side_effects, moved.collect::<Vec<_>>());
    let after = versions(&egi, "probe", 1);
    assert_eq!((after[0].as_str(), &after[1..]), ("Changed version and comment.|alice|2", &before[..]));
    let Loaded { revision, content, .. } = load(&egi, 1);
    assert_eq!((revision, content.version.as_str()), (2, "0.2.0"));
    assert_eq!(newest_content(&egi, 1), content);
    assert_eq!(egi.sql("SELECT changed_by FROM probe WHERE id = 1"), ["alice"]);
    for (id, _) in &METRICS[..2] {
        assert_eq!(metric(&egi, *id), "ams-probe 0.2.0|2|ams-probe (0.2.0)|Changed probeversion.");
        assert_eq!(versions(&egi, "metric", *id)[0], "Changed probeversion.|alice|2");
    }
    // A metric that used an older version stays with it.
    assert!(metric(&egi, 2).starts_with("ams-probe 0.1.7|1|"), "{}", metric(&egi, 2));
    assert_eq!(
        egi.history(3),
        [
            "change|probe|1|ams-probe|Changed version and comment.|alice",
            "change|metric|1|argo.AMS-Check (Production)|Changed probeversion.|alice",
            "change|metric|8|argo.AMS-Check (Devel)|Changed probeversion.|alice",
        ]
    );
}

#[test]
fn metrics_stay_without_update_metrics() {
    let egi = Egi::new();
    let before = METRICS.map(|(id, _)| metric(&egi, id));
    let saved = change(&egi, "alice", 1, ONLY_VERSION, |it| it.version = "0.2.0".into()).unwrap();
    assert_eq!((saved.message.as_str(), saved.side_effects.len()), ("Changed version.", 0));
    assert_eq!(METRICS.map(|(id, _)| metric(&egi, id)), before);
    assert_eq!(versions(&egi, "probe", 1).len(), 4);
    // Without a new version, `update_metrics` has no effect.
    let in_place = Intent { new_version: false, update_metrics: true };
    let saved = change(&egi, "alice", 1, in_place, |it| it.comment = "Other.".into()).unwrap();
    assert_eq!(saved.side_effects.len(), 0);
    assert_eq!(METRICS.map(|(id, _)| metric(&egi, id)), before);
}

#[test]
fn a_version_number_is_used_once() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let Loaded { revision, content, .. } = load(&egi, 1);
    let target = ExpectedRevision { id: 1, revision };
    let with = |version: &str| ProbeContent { version: version.into(), comment: "Other.".into(), ..content.clone() };
    for (version, intent) in
        [("0.1.11", BOTH), ("0.1.8", BOTH), ("0.1.7", ONLY_VERSION), ("0.1.8", IN_PLACE), ("0.1.7", IN_PLACE)]
    {
        let content = with(version);
        let refused = egi.rejected(async |tx| probes::change(tx, &poem, target, &content, intent).await);
        assert_eq!((at(&refused, "version"), refused.errors.len()), (vec![NOT_RAISED], 1), "{version} {intent:?}");
    }
    // Another probe may have the same number.
    change(&egi, "poem", 1, BOTH, |it| it.version = "1.9.1".into()).unwrap();
}

#[test]
fn the_newest_version_is_amended_in_place() {
    let egi = Egi::new();
    let before = versions(&egi, "probe", 1);
    let saved = change(&egi, "alice", 1, IN_PLACE, |it| it.description = "Other.".into()).unwrap();
    assert_eq!((saved.message.as_str(), saved.side_effects.len()), ("Changed description.", 0));
    assert_eq!(egi.history(1), ["change|probe|1|ams-probe|Changed description.|alice"]);
    assert_eq!(versions(&egi, "probe", 1), before);
    assert_eq!(newest_content(&egi, 1), load(&egi, 1).content);
    assert!(metric(&egi, 1).starts_with("ams-probe 0.1.11|1|"));
    // The label of the metrics follows; forms that show the old one are stale.
    change(&egi, "alice", 1, IN_PLACE, |it| it.version = "0.1.12".into()).unwrap();
    assert_eq!(versions(&egi, "probe", 1), before);
    for (id, _) in METRICS {
        assert!(metric(&egi, id).starts_with("ams-probe 0.1.12|2|"), "{}", metric(&egi, id));
    }
    assert_eq!(load(&egi, 1).revision, 3);
    // The old number is free again.
    change(&egi, "alice", 1, BOTH, |it| it.version = "0.1.11".into()).unwrap();
}

#[test]
fn a_probe_without_versions_gets_its_first() {
    let egi = Egi::new();
    for (intent, message) in [(IN_PLACE, "Initial version."), (BOTH, "Changed version.")] {
        egi.sql("DELETE FROM version WHERE kind = 'probe' AND object_id = 3");
        let saved = change(&egi, "bob", 3, intent, |it| it.version += ".1").unwrap();
        assert_eq!((saved.message.as_str(), saved.side_effects.len()), ("Changed version.", 0));
        assert_eq!(versions(&egi, "probe", 3), [format!("{message}|bob|3")]);
        assert_eq!(newest_content(&egi, 3), load(&egi, 3).content);
    }
}

#[test]
fn a_save_without_changes_writes_nothing() {
    let egi = Egi::new();
    let before = egi.rows();
    for intent in [BOTH, IN_PLACE] {
        // A submitted name is ignored.
        let saved = change(&egi, "alice", 1, intent, |it| it.name = "other-probe".into()).unwrap();
        assert_eq!(saved, Saved::nothing(1, "ams-probe"));
    }
    assert_eq!(egi.rows(), before);
}

#[test]
fn the_name_never_changes() {
    let egi = Egi::new();
    let saved = change(&egi, "alice", 1, BOTH, |it| {
        it.name = "other-probe".into();
        it.version = "0.2.0".into();
    })
    .unwrap();
    assert_eq!((saved.name.as_str(), saved.message.as_str()), ("ams-probe", "Changed version."));
    assert_eq!((load(&egi, 1).content.name, newest_content(&egi, 1).name), ("ams-probe".into(), "ams-probe".into()));
}

#[test]
fn a_stale_form_does_not_overwrite_a_newer_save() {
    let egi = Egi::new();
    let (poem, Loaded { revision, content, .. }) = (egi.viewer("poem"), load(&egi, 1));
    change(&egi, "alice", 1, IN_PLACE, |it| it.comment = "First.".into()).unwrap();
    let content = ProbeContent { comment: "Second.".into(), version: "0.2.0".into(), ..content };
    let stale = ExpectedRevision { id: 1, revision };
    let refusal = egi.refused(async |tx| probes::change(tx, &poem, stale, &content, BOTH).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let gone = ExpectedRevision { id: 4711, revision };
    let refusal = egi.refused(async |tx| probes::change(tx, &poem, gone, &content, BOTH).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
    let refusal = egi.refused(async |tx| probes::remove(tx, &poem, 4711).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
}

#[test]
fn a_member_may_only_write_to_own_groups() {
    let egi = Egi::new();
    let [alice, carol] = ["alice", "carol"].map(|name| egi.viewer(name));
    let foreign = ProbeContent { group: "SSC".into(), ..probe("new-probe") };
    let refused = egi.rejected(async |tx| probes::create(tx, &alice, &foreign).await);
    assert_eq!(at(&refused, "group"), ["You are not member of group SSC."]);
    let none = ProbeContent { group: String::new(), ..probe("new-probe") };
    let refused = egi.rejected(async |tx| probes::create(tx, &alice, &none).await);
    assert_eq!(at(&refused, "group"), ["This field is required."]);
    let moved = errors_of(change(&egi, "alice", 1, IN_PLACE, |it| it.group = "SSC".into()));
    assert_eq!(at(&moved, "group"), ["You are not member of group SSC."]);
    let refusal = egi.refused(async |tx| probes::create(tx, &carol, &none).await);
    assert!(matches!(refusal, SaveError::Denied(Denial::Never)), "{refusal:?}");
    let is_foreign =
        |refusal: SaveError| matches!(refusal, SaveError::Denied(Denial::ForeignObject(group)) if group == "SSC");
    assert!(is_foreign(change(&egi, "alice", 3, BOTH, |it| it.version = "2.0".into()).unwrap_err()));
    assert!(is_foreign(egi.refused(async |tx| probes::remove(tx, &alice, 3).await)));
    let moved = change(&egi, "poem", 1, IN_PLACE, |it| it.group = "SSC".into()).unwrap();
    assert_eq!((moved.message.as_str(), newest_content(&egi, 1).group.as_str()), ("Changed group.", "SSC"));
}

#[test]
fn a_removed_probe_leaves_its_metrics() {
    let egi = Egi::new();
    egi.sql("UPDATE metric SET probe_version_id = 1 WHERE id = 2");
    let kept = versions(&egi, "probe", 1);
    let alice = egi.viewer("alice");
    let saved = egi.act(async |tx| probes::remove(tx, &alice, 1).await).unwrap();
    assert_eq!((saved.id, saved.name.as_str(), saved.message.as_str()), (1, "ams-probe", ""));
    assert_eq!(saved.side_effects, METRICS.map(|(_, label)| format!("Left metric {label} without a probe.")));
    assert_eq!(egi.sql("SELECT count(*) FROM probe WHERE id = 1"), ["0"]);
    for (id, _) in METRICS {
        assert_eq!(metric(&egi, id), "|2||Changed probeversion.");
        assert_eq!(versions(&egi, "metric", id)[0], "Changed probeversion.|alice|2");
    }
    let mut history = vec!["delete|probe|1|ams-probe||alice".to_owned()];
    history.extend(
        METRICS.iter().rev().map(|(id, label)| format!("change|metric|{id}|{label}|Changed probeversion.|alice")),
    );
    assert_eq!(egi.history(4), history);
    // Its versions are not lost, and no later probe inherits them.
    assert_eq!(versions(&egi, "probe", 1), kept);
    let again = create(&egi, "alice", &ProbeContent { version: "0.1.11".into(), ..probe("ams-probe") }).unwrap();
    assert_eq!(versions(&egi, "probe", again.id).len(), 1);
    let others = egi.act(async |tx| probes::remove(tx, &alice, again.id).await).unwrap();
    assert_eq!(others.side_effects.len(), 0);
}

#[test]
fn side_effects_name_ten_metrics_at_most() {
    let egi = Egi::new();
    egi.sql(
        "WITH n AS (INSERT INTO metric_name (name) SELECT 'm.' || to_char(i, 'FM00') FROM generate_series(1, 11) i RETURNING id)
         INSERT INTO metric (metric_name_id, tag_id, metric_type_id, probe_version_id)
         SELECT n.id, t.id, y.id, 15 FROM n, tag t, metric_type y WHERE t.name = 'Test' AND y.name = 'Active'",
    );
    let moved = change(&egi, "alice", 2, BOTH, |it| it.version = "2.0".into()).unwrap();
    assert_eq!(moved.side_effects.len(), 12);
    assert_eq!(moved.side_effects[0], "Moved 12 metrics to nordugrid-arc-nagios-plugins (2.0):");
    assert_eq!(moved.side_effects[1], "Moved metric m.01 (Test) to nordugrid-arc-nagios-plugins (2.0).");
    assert_eq!(moved.side_effects[11], "… and 2 more.");
    let count = "SELECT count(*) FROM version WHERE kind = 'metric' AND content ->> 'probe' LIKE '%(2.0)'";
    assert_eq!(egi.sql(count), ["12"]);
}

#[test]
fn a_label_means_the_newest_version_that_has_it() {
    let egi = Egi::new();
    let of = |label: &str| egi.read(async |tx| store::of_label(tx.conn(), label).await);
    let found = of("nordugrid-arc-nagios-plugins (1.8.4)").unwrap();
    let description = "Probes of ARC CE: job submission, <b>ARIS</b> & \"LFC\".\nSecond line.";
    assert_eq!((found.id, found.version_id, found.description.as_str()), (2, 2, description));
    for unknown in ["", "ams-probe", "ams-probe (9)", "AMS-PROBE (0.1.7)", "ams-probe (0.1.7) "] {
        assert_eq!(of(unknown), None, "{unknown}");
    }
    egi.sql("UPDATE version SET content = jsonb_set(content, '{version}', '\"0.1.7\"') WHERE id = 11");
    assert_eq!(of("ams-probe (0.1.7)").map(|found| found.version_id), Some(11));
    let alice = egi.viewer("alice");
    egi.act(async |tx| probes::remove(tx, &alice, 1).await).unwrap();
    assert_eq!(of("ams-probe (0.1.7)"), None);
}
