//! Aggregations as the pages save them. (The golden exchanges of the internal API test what it does with them.)

use poem::domain::model::aggregation::AggregationContent;
use poem::domain::model::policy::Denial;
use poem::registry::{ExpectedRevision, SaveError, Saved, aggregations};
use poem::store::{Loaded, aggregations as store};

use super::egi::{Egi, at, errors_of, race};

fn aggregation(name: &str, apiid: &str, group: &str) -> AggregationContent {
    AggregationContent { name: name.into(), apiid: apiid.into(), group: group.into() }
}

fn load(egi: &Egi, id: i64) -> Loaded<AggregationContent> {
    egi.read(async |tx| store::content(tx.conn(), id).await).expect("there is such an aggregation")
}

fn create(egi: &Egi, as_whom: &str, content: &AggregationContent) -> Result<Saved, SaveError> {
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| aggregations::create(tx, &viewer, content).await)
}

fn change(egi: &Egi, as_whom: &str, id: i64, edit: impl FnOnce(&mut AggregationContent)) -> Result<Saved, SaveError> {
    let Loaded { revision, mut content, .. } = load(egi, id);
    edit(&mut content);
    let viewer = egi.viewer(as_whom);
    egi.act(async |tx| aggregations::change(tx, &viewer, ExpectedRevision { id, revision }, &content).await)
}

#[test]
fn an_aggregation_is_added_changed_and_removed() {
    let egi = Egi::new();
    let content = aggregation("NEW", "new-id", "ARGO");
    let saved = create(&egi, "alice", &content).unwrap();
    assert_eq!(load(&egi, saved.id), Loaded { id: saved.id, revision: 1, content });
    assert_eq!(egi.history(1), [format!("add|aggregation|{}|NEW||alice", saved.id)]);
    let before = egi.rows();
    assert_eq!(change(&egi, "alice", saved.id, |_| ()).unwrap().message, "No fields changed.");
    assert_eq!(egi.rows(), before);
    let changed = change(&egi, "alice", saved.id, |it| *it = aggregation("NEWER", "newer-id", "ARGO")).unwrap();
    assert_eq!(changed.message, "Changed name and apiid.");
    assert_eq!(egi.history(1), [format!("change|aggregation|{}|NEWER|Changed name and apiid.|alice", saved.id)]);
    let alice = egi.viewer("alice");
    egi.act(async |tx| aggregations::remove(tx, &alice, saved.id).await).unwrap();
    assert_eq!(egi.history(1), [format!("delete|aggregation|{}|NEWER||alice", saved.id)]);
    create(&egi, "poem", &aggregation("NEW", "new-id", "")).unwrap();
}

#[test]
fn names_and_ids_are_unique() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let same_name = aggregation("TEST_PROFILE", "new-id", "");
    let refused = egi.rejected(async |tx| aggregations::create(tx, &poem, &same_name).await);
    assert_eq!(at(&refused, "name"), ["Aggregation with this Name already exists."]);
    let same_id = aggregation("NEW", &load(&egi, 1).content.apiid, "");
    let refused = egi.rejected(async |tx| aggregations::create(tx, &poem, &same_id).await);
    assert_eq!(at(&refused, "apiid"), ["Aggregation with this Id already exists."]);
    let (_, lost) = race(|| create(&egi, "poem", &aggregation("RACE", "race", "")));
    assert_eq!(lost.to_string(), "Aggregation with this Name already exists.");
}

#[test]
fn of_one_name_the_lowest_id_is_found_and_both_can_be_changed() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    egi.sql("INSERT INTO aggregation (id, name, apiid) VALUES (70, 'TEST_PROFILE', 'a'), (71, 'TEST_PROFILE', 'b')");
    let found = egi.read(async |tx| store::by_name(tx.conn(), "TEST_PROFILE").await).unwrap();
    assert_eq!(found.id, 1);
    let list = egi.read(async |tx| store::list(tx.conn()).await);
    assert_eq!(list.iter().map(|row| row.id).collect::<Vec<_>>(), [2, 1, 70, 71]);
    let saved = change(&egi, "poem", 70, |it| it.group = "ARGO".into()).unwrap();
    assert_eq!(saved.message, "Changed group.");
    let moved = egi.act(async |tx| Ok(aggregations::move_to_group(tx, &poem, "b", "SSC").await?)).unwrap();
    assert_eq!(moved.message, "Changed group.");
    for (id, name) in [(2, "TEST_PROFILE"), (70, "CRITICAL_AGG")] {
        let refused = errors_of(change(&egi, "poem", id, |it| it.name = name.into()));
        assert_eq!(at(&refused, "name"), ["Aggregation with this Name already exists."]);
    }
    change(&egi, "poem", 70, |it| it.name = "FREE".into()).unwrap();
}

#[test]
fn rights_follow_the_group() {
    let egi = Egi::new();
    let [poem, alice] = ["poem", "alice"].map(|name| egi.viewer(name));
    for (group, message) in [("SSC", "You are not member of group SSC."), ("", "This field is required.")] {
        let content = aggregation("NEW", "new-id", group);
        let refused = egi.rejected(async |tx| aggregations::create(tx, &alice, &content).await);
        assert_eq!(at(&refused, "group"), [message]);
    }
    let unknown = aggregation("NEW", "new-id", "NOBODY");
    let refused = egi.rejected(async |tx| aggregations::create(tx, &poem, &unknown).await);
    assert_eq!(at(&refused, "group"), ["Select a valid choice. That choice is not one of the available choices."]);
    let is_foreign = |refusal: SaveError| matches!(refusal, SaveError::Denied(Denial::ForeignObject(_)));
    assert!(is_foreign(change(&egi, "alice", 1, |it| it.group = "ARGO".into()).unwrap_err()));
    assert!(is_foreign(egi.refused(async |tx| aggregations::remove(tx, &alice, 1).await)));
    change(&egi, "poem", 1, |it| it.group = "ARGO".into()).unwrap();
    change(&egi, "alice", 1, |it| it.name = "MINE".into()).unwrap();
}

#[test]
fn a_stale_form_is_not_saved() {
    let egi = Egi::new();
    let poem = egi.viewer("poem");
    let Loaded { revision, content, .. } = load(&egi, 2);
    change(&egi, "alice", 2, |it| it.name = "CHANGED".into()).unwrap();
    let [stale, gone] = [2, 4711].map(|id| ExpectedRevision { id, revision });
    let refusal = egi.refused(async |tx| aggregations::change(tx, &poem, stale, &content).await);
    assert!(matches!(refusal, SaveError::Stale), "{refusal:?}");
    let is_gone = |refusal| matches!(refusal, SaveError::Gone);
    assert!(is_gone(egi.refused(async |tx| aggregations::change(tx, &poem, gone, &content).await)));
    assert!(is_gone(egi.refused(async |tx| aggregations::remove(tx, &poem, 4711).await)));
}
