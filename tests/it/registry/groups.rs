//! Groups: their members and users, and the effects of joining and leaving.

use poem::domain::model::aggregation::AggregationContent;
use poem::domain::model::group::GroupContent;
use poem::domain::model::group_kind::GroupKind;
use poem::domain::model::metric::MetricContent;
use poem::domain::model::policy::Denial;
use poem::registry::{ExpectedRevision, SaveError, Saved, aggregations, groups};
use poem::store::{Loaded, groups as store};

use super::egi::{Egi, at, errors_of, names, race};

const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";

fn group(name: &str, members: &[&str], users: &[&str]) -> GroupContent {
    GroupContent { name: name.into(), members: names(members), users: names(users) }
}

fn load(egi: &Egi, kind: GroupKind, id: i64) -> Loaded<GroupContent> {
    egi.read(async |tx| store::content(tx.conn(), kind, id).await).expect("there is such a group")
}

fn create(egi: &Egi, kind: GroupKind, content: &GroupContent) -> Result<Saved, SaveError> {
    let poem = egi.viewer("poem");
    egi.act(async |tx| groups::create(tx, &poem, kind, content).await)
}

fn change(egi: &Egi, kind: GroupKind, id: i64, edit: impl FnOnce(&mut GroupContent)) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, kind, id);
    edit(&mut content);
    let poem = egi.viewer("poem");
    egi.act(async |tx| groups::change(tx, &poem, kind, ExpectedRevision { id, revision }, &content).await)
}

/// The last four changes of objects of a kind: `name|message|username`, sorted.
fn moves(egi: &Egi, kind: GroupKind) -> Vec<String> {
    let newest =
        format!("SELECT * FROM log_entry WHERE object_kind = '{}' ORDER BY id DESC LIMIT 4", kind.member_kind());
    egi.sql(&format!(
        "SELECT object_name, 'Changed ' || (data #>> '{{changes,0,field}}') || '.', username
         FROM ({newest}) entries ORDER BY object_name COLLATE \"C\""
    ))
}

#[test]
fn every_kind_of_group_is_added_changed_and_removed() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    egi.sql(
        "UPDATE probe SET group_id = NULL; UPDATE profile SET group_id = NULL; UPDATE metric_name SET group_id = NULL",
    );
    let members = [
        (GroupKind::Probes, "probe", "ams-probe", "CertLifetime-probe"),
        (GroupKind::Profiles, "profile", "ARGO_MON (1.0)", "ARGO_MON_BIOMED (1.0)"),
        (GroupKind::Metrics, "metric", "argo.ToDelete-Check", "org.apel.APEL-Pub"),
        (GroupKind::Aggregations, "aggregation", "TEST_PROFILE", "CRITICAL_AGG"),
    ];
    egi.sql("UPDATE aggregation SET group_id = NULL");
    for (kind, noun, one, other) in members {
        let content = group("NEW", &[one], &["alice"]);
        let saved = create(&egi, kind, &content).unwrap();
        assert_eq!(load(&egi, kind, saved.id).content, content);
        assert_eq!(egi.history(1), [format!("add|groupof{kind}|{}|NEW||poem", saved.id)]);
        let saved = change(&egi, kind, saved.id, |it| *it = group("NEWER", &[other], &[])).unwrap();
        let message =
            format!("Changed name. Added {noun} \"{other}\". Removed {noun} \"{one}\". Removed user \"alice\".");
        assert_eq!(saved.message, message);
        assert_eq!(load(&egi, kind, saved.id).content, group("NEWER", &[other], &[]));
        assert_eq!(egi.history(1), [format!("change|groupof{kind}|{}|NEWER|{message}|poem", saved.id)]);
        let saved = egi.act(async |tx| groups::remove(tx, &poem, kind, saved.id).await).unwrap();
        assert_eq!(egi.history(1), [format!("delete|groupof{kind}|{}|NEWER||poem", saved.id)]);
        assert_eq!(egi.sql("SELECT count(*) FROM object_group WHERE name LIKE 'NEW%'"), ["0"]);
        if kind != GroupKind::Metrics {
            let mut expected = [one, one, other, other].map(|name| format!("{name}|Changed group.|poem"));
            expected.sort();
            assert_eq!(moves(&egi, kind), expected);
        }
    }
}

#[test]
fn a_group_accepts_only_objects_without_a_group() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let content = group("NEW", &["ams-probe", "no-probe"], &["alice", "nobody"]);
    let refused = egi.rejected(async |tx| groups::create(tx, &poem, GroupKind::Probes, &content).await);
    assert_eq!(at(&refused, "members"), [NO_CHOICE, "The probe ams-probe is already in the group ARGO."]);
    assert_eq!(at(&refused, "users"), [NO_CHOICE]);
    // The name of an object of another kind is unknown here.
    let other_kind = group("NEW", &["ams-probe"], &[]);
    let refused = egi.rejected(async |tx| groups::create(tx, &poem, GroupKind::Profiles, &other_kind).await);
    assert_eq!(at(&refused, "members"), [NO_CHOICE]);
}

#[test]
fn aggregations_of_one_name_are_told_apart_by_their_ids() {
    let egi = Egi::new();
    let kind = GroupKind::Aggregations;
    egi.sql(
        "INSERT INTO aggregation (id, name, apiid, group_id)
         VALUES (70, 'TWICE', 'aaaaaaaa-1', 1), (71, 'TWICE', 'bbbbbbbb-2', NULL), (72, 'ONCE', 'cccccccc-3', NULL)",
    );
    let members = |group: i64| load(&egi, kind, group).content.members;
    assert_eq!(members(1), ["CRITICAL_AGG", "TWICE (aaaaaaaa)"]);
    let saved = change(&egi, kind, 2, |it| it.members = names(&["ONCE", "TWICE (bbbbbbbb)"])).unwrap();
    assert_eq!(saved.message, "Added aggregations \"ONCE\" and \"TWICE (bbbbbbbb)\".");
    assert_eq!(members(1), ["CRITICAL_AGG", "TWICE (aaaaaaaa)"], "the other stays");
    change(&egi, kind, 1, |it| it.members = names(&["CRITICAL_AGG"])).unwrap();
    assert_eq!(members(2), ["ONCE", "TWICE (bbbbbbbb)"], "the other stays");
    // The name alone was unique when a form was opened earlier.
    let refused = errors_of(change(&egi, kind, 1, |it| it.members.push("TWICE".into())));
    assert_eq!(at(&refused, "members"), [NO_CHOICE]);
    assert_eq!(egi.sql("SELECT count(*) FROM object WHERE kind = 'aggregation' AND name = 'TWICE'"), ["2"]);
}

#[test]
fn a_name_is_unique_in_its_kind() {
    let egi = Egi::new();
    for kind in GroupKind::ALL {
        let poem = egi.viewer("poem");
        let taken = [format!("Group of {kind} with this Name already exists.")];
        let refused = egi.rejected(async |tx| groups::create(tx, &poem, kind, &group("ARGO", &[], &[])).await);
        assert_eq!(at(&refused, "name"), taken);
        let refused = errors_of(change(&egi, kind, 2, |it| it.name = "ARGO".into()));
        assert_eq!(at(&refused, "name"), taken);
    }
    let content = group("RACE", &[], &[]);
    let (_, lost) = race(|| create(&egi, GroupKind::Probes, &content));
    assert_eq!(lost.to_string(), "Group of probes with this Name already exists.");
}

#[test]
fn only_a_superuser_with_a_current_form_changes_a_group() {
    let egi = Egi::new();
    let [poem, alice] = ["poem", "alice"].map(|name| egi.viewer(name));
    let kind = GroupKind::Probes;
    let Loaded { revision, content, .. } = load(&egi, kind, 1);
    let target = ExpectedRevision { id: 1, revision };
    let is_never = |refusal| matches!(refusal, SaveError::Denied(Denial::Never));
    assert!(is_never(egi.refused(async |tx| groups::create(tx, &alice, kind, &group("NEW", &[], &[])).await)));
    assert!(is_never(egi.refused(async |tx| groups::change(tx, &alice, kind, target, &content).await)));
    assert!(is_never(egi.refused(async |tx| groups::remove(tx, &alice, kind, 1).await)));
    let before = egi.rows();
    let saved = change(&egi, kind, 1, |it| it.members.reverse()).unwrap();
    assert_eq!((saved.message.as_str(), egi.rows()), ("No fields changed.", before));
    change(&egi, kind, 1, |it| it.users.clear()).unwrap();
    let refusal = egi.refused(async |tx| groups::change(tx, &poem, kind, target, &content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let gone = ExpectedRevision { id: 4711, revision };
    let refusal = egi.refused(async |tx| groups::change(tx, &poem, kind, gone, &content).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
    let refusal = egi.refused(async |tx| groups::remove(tx, &poem, kind, 4711).await);
    assert!(matches!(refusal, SaveError::Gone), "{refusal:?}");
}

/// The newest version of a metric: its message and its content.
fn newest_version(egi: &Egi, metric: i64) -> (String, MetricContent) {
    let select = "SELECT message, username, content FROM version WHERE kind = 'metric' AND object_id =";
    let row = egi.sql(&format!("{select} {metric} ORDER BY id DESC LIMIT 1"));
    let [message, username, content] = row[0].splitn(3, '|').collect::<Vec<_>>().try_into().unwrap();
    (format!("{message}|{username}"), serde_json::from_str(content).unwrap())
}

#[test]
fn metrics_follow_their_name_into_a_group() {
    let egi = Egi::new();
    let count = "SELECT count(*) FROM version WHERE kind = 'metric' AND object_id IN (1, 8)";
    let (before, versions) = (newest_version(&egi, 1).1, egi.sql(count)[0].parse::<u32>().unwrap());
    let removed = change(&egi, GroupKind::Metrics, 1, |it| it.members.retain(|name| name != "argo.AMS-Check")).unwrap();
    let labels = "\"argo.AMS-Check (Devel)\" and \"argo.AMS-Check (Production)\".";
    assert_eq!(removed.side_effects, [format!("Left without a group: metrics {labels}")]);
    let added = change(&egi, GroupKind::Metrics, 2, |it| it.members.push("argo.AMS-Check".into())).unwrap();
    assert_eq!(added.side_effects, [format!("Changed group of metrics {labels}")]);
    // Everything but the group is the same, including the settings.
    let (words, after) = newest_version(&egi, 1);
    assert_eq!(words, "Changed group.|poem");
    assert_eq!(after, MetricContent { group: "SSC".into(), ..before });
    assert_eq!(egi.sql(count), [(versions + 4).to_string()]);
    let metrics = egi.sql("SELECT id, group_id, revision FROM metric WHERE id IN (1, 8) ORDER BY id");
    assert_eq!(metrics, ["1|2|3", "8|2|3"]);
    let history = egi.history(3);
    assert_eq!(
        history[1..],
        [
            "change|metric|1|argo.AMS-Check (Production)|Changed group.|poem",
            "change|metric|8|argo.AMS-Check (Devel)|Changed group.|poem"
        ]
    );
}

#[test]
fn a_removed_group_leaves_its_objects_without_one() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    // A metric may be in the group while its name is not.
    egi.sql("UPDATE metric_name SET group_id = NULL WHERE name = 'eu.egi.CertValidity'");
    let saved = egi.act(async |tx| groups::remove(tx, &poem, GroupKind::Metrics, 2).await).unwrap();
    let left = "metrics \"eu.egi.CertValidity (Production)\" and \"eu.egi.CertValidity-clone (Test)\".";
    assert_eq!(saved.side_effects, [format!("Left without a group: {left}")]);
    assert_eq!(egi.sql("SELECT count(*) FROM metric WHERE group_id = 2"), ["0"]);
    assert_eq!(newest_version(&egi, 5).1.group, "");
    let probes = egi.act(async |tx| groups::remove(tx, &poem, GroupKind::Probes, 2).await).unwrap();
    assert_eq!(probes.side_effects, ["Left without a group: probe \"CertLifetime-probe\"."]);
    let amended = "SELECT content ->> 'group', count(*) OVER () FROM version WHERE kind = 'probe' AND object_id = 3 ORDER BY id DESC LIMIT 1";
    assert_eq!(egi.sql(amended), ["|1"]);
    assert_eq!(egi.sql("SELECT group_id, revision FROM probe WHERE id = 3"), ["|2"]);
    assert_eq!(egi.sql("SELECT count(*) FROM group_member WHERE kind = 'probes' AND group_id = 2"), ["0"]);
}

#[test]
fn a_change_of_a_group_makes_forms_that_show_it_stale() {
    let egi = Egi::new();
    let revisions = "SELECT (SELECT revision FROM app_user WHERE username = 'alice'), (SELECT revision FROM app_user WHERE username = 'bob'),
                            (SELECT revision FROM probe WHERE id = 1), (SELECT revision FROM probe WHERE id = 3)";
    change(&egi, GroupKind::Probes, 1, |it| it.name = "RENAMED".into()).unwrap();
    assert_eq!(egi.sql(revisions), ["2|1|2|1"]);
    change(&egi, GroupKind::Probes, 1, |it| it.users = names(&["bob"])).unwrap();
    assert_eq!(egi.sql(revisions), ["3|2|2|1"]);
}

#[test]
fn an_old_form_of_a_group_undoes_no_move() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let target = create(&egi, GroupKind::Aggregations, &group("NEW", &[], &[])).unwrap().id;
    let opened = load(&egi, GroupKind::Aggregations, target);
    let content = AggregationContent { name: "MOVED".into(), apiid: "moved".into(), group: "NEW".into() };
    egi.act(async |tx| aggregations::create(tx, &poem, &content).await).unwrap();
    let old = ExpectedRevision { id: target, revision: opened.revision };
    let refusal =
        egi.refused(async |tx| groups::change(tx, &poem, GroupKind::Aggregations, old, &group("X", &[], &[])).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    assert_eq!(load(&egi, GroupKind::Aggregations, target).content, group("NEW", &["MOVED"], &[]));
}

#[test]
fn the_newest_version_of_a_probe_has_the_new_name_of_its_group() {
    let egi = Egi::new();
    change(&egi, GroupKind::Probes, 2, |it| it.name = "NEW".into()).unwrap();
    let group =
        "SELECT content ->> 'group' FROM version WHERE kind = 'probe' AND object_id = 3 ORDER BY id DESC LIMIT 1";
    assert_eq!(egi.sql(group), ["NEW"]);
}
