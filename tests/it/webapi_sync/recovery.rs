//! Saves whose end POEM does not know are cleared up by looking at the WEB-API.

use poem::dev::webapi::{DemoProfileKind, WebApiFault};
use poem::webapi_sync::recovery::clear_up_if_needed;

use super::{AggregationProfileContent, Stores};

fn clear_up(stores: &Stores) {
    stores.expire();
    assert!(stores.run(clear_up_if_needed(&stores.access())).unwrap().is_none());
}

#[test]
fn a_create_that_got_through_is_completed_under_the_name_of_its_user() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    let mut there = serde_json::to_value(&content.definition).unwrap();
    there["namespace"] = "egi".into();
    let apiid = stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap();
    clear_up(&stores);
    assert_eq!(stores.local(), [format!("critical|{apiid}|ARGO|f")]);
    assert_eq!(stores.versions(), ["poem|Initial version."]);
    assert!(!stores.is_noted());
}

#[test]
fn a_create_that_did_not_get_through_is_dropped() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    clear_up(&stores);
    assert!(stores.local().is_empty() && !stores.is_noted() && stores.remote().is_empty());
}

#[test]
fn a_change_is_completed_dropped_or_overtaken() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let opened = AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    let apiid = opened.definition.id.clone();
    let put = |content: &AggregationProfileContent| {
        let mut there = serde_json::to_value(&content.definition).unwrap();
        there["id"] = apiid.clone().into();
        stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap();
    };
    let mut content = opened.clone();
    content.definition.metric_operation = "OR".to_owned();

    stores.note(Some(id), &opened, &content);
    clear_up(&stores);
    assert_eq!((stores.versions().len(), stores.is_noted()), (1, false), "dropped");

    stores.note(Some(id), &opened, &content);
    put(&content);
    clear_up(&stores);
    assert_eq!((stores.versions().len(), stores.is_noted()), (2, false), "completed");
    assert!(stores.versions()[1].starts_with("poem|Changed metric operation"), "{:?}", stores.versions());

    let mut third = content.clone();
    third.definition.profile_operation = "AND".to_owned();
    stores.note(Some(id), &content, &opened);
    put(&third);
    clear_up(&stores);
    assert!(stores.versions()[2].starts_with("|Changed on the ARGO WEB-API."), "{:?}", stores.versions());
    assert!(!stores.is_noted());

    stores.note(Some(id), &third, &opened);
    stores.api.remove("EGI", DemoProfileKind::Aggregation, &apiid).unwrap();
    clear_up(&stores);
    assert_eq!(stores.local(), [format!("critical|{apiid}|ARGO|t")]);
}

#[test]
fn a_note_stays_while_the_web_api_does_not_respond() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    stores.expire();
    stores.api.fail_before(1, "GET /api/v2/aggregation_profiles", WebApiFault::Close);
    assert!(stores.run(clear_up_if_needed(&stores.access())).is_err());
    assert!(stores.is_noted());
    clear_up(&stores);
    assert!(!stores.is_noted());
}

#[test]
fn a_save_that_has_time_left_is_left_alone() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    let left = stores.run(clear_up_if_needed(&stores.access())).unwrap();
    assert!(left.is_some_and(|left| !left.is_zero()) && stores.is_noted());
    assert!(stores.requests().is_empty());
}

#[test]
fn a_save_into_a_group_that_is_gone_is_completed_without_it() {
    let stores = Stores::new();
    stores.sql("INSERT INTO egi.object_group (kind, id, name) VALUES ('aggregations', 900, 'SHORT-LIVED')");
    let content = AggregationProfileContent { group: "SHORT-LIVED".to_owned(), ..stores.content("critical") };
    stores.note(None, &content, &content);
    let mut there = serde_json::to_value(&content.definition).unwrap();
    there["namespace"] = "egi".into();
    let apiid = stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap();
    stores.sql("DELETE FROM egi.object_group WHERE id = 900");
    clear_up(&stores);
    assert_eq!(stores.local(), [format!("critical|{apiid}||f")]);
}
