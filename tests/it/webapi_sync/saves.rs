//! Saves that succeed, and what they send.

use poem::dev::webapi::DemoProfileKind;
use poem::webapi_sync::failure::SaveFailure;
use serde_json::{Value, json};

use super::Stores;

#[test]
fn a_new_profile_is_in_both_stores() {
    let stores = Stores::new();
    let saved = stores.add(&stores.content("critical")).unwrap();
    let there = stores.only();
    assert_eq!(stores.local(), [format!("critical|{}|ARGO|f", there.id)]);
    assert_eq!((there.namespace.as_str(), there.metric_profile.name.as_str()), ("egi", "ARGO_MON"));
    assert_eq!(stores.versions(), ["poem|Initial version."]);
    let log =
        "SELECT concat_ws('|', username, action, object_id, object_name) FROM egi.log_entry ORDER BY id DESC LIMIT 1";
    assert_eq!(stores.one(log), format!("poem|add|{}|critical", saved.id));
    assert!(!stores.is_noted());
    let asked = stores.requests();
    assert_eq!(asked.last().unwrap(), "POST aggregation_profiles");
    assert_eq!(asked.len(), 3, "{asked:?}");
}

#[test]
fn what_is_sent_has_no_id_and_no_date_and_keeps_unknown_keys() {
    let stores = Stores::new();
    let mut content = stores.content("critical");
    content.definition.date = "2001-01-01".to_owned();
    content.definition.unknown.insert("new".to_owned(), json!({"a": [null, 1.5]}));
    content.definition.groups[0].unknown.insert("weight".to_owned(), json!(2));
    stores.add(&content).unwrap();
    let sent = stores.api.requests().into_iter().find(|request| request.method == "POST").unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent["new"], json!({"a": [null, 1.5]}));
    assert_eq!(sent["groups"][0]["weight"], json!(2));
    assert!(sent.get("id").is_none() && sent.get("date").is_none(), "{sent}");
}

#[test]
fn a_change_is_read_compared_and_sent_once() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let opened = super::AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    stores.requests();
    let mut content = opened.clone();
    content.definition.name = "renamed".to_owned();
    content.definition.metric_operation = "OR".to_owned();
    let saved = stores.change(id, &opened, &content).unwrap();
    assert!(saved.message.contains("metric operation"), "{saved:?}");
    assert_eq!(stores.local(), [format!("renamed|{}|ARGO|f", opened.definition.id)]);
    assert_eq!(stores.only().name, "renamed");
    assert_eq!(stores.requests().iter().filter(|request| request.starts_with("PUT")).count(), 1);
    // A form that is sent twice: the second time nothing is sent, and nothing is written.
    let again = stores.change(id, &opened, &content).unwrap();
    assert_eq!(again.message, "No fields changed.");
    assert!(stores.requests().iter().all(|request| request.starts_with("GET")));
    assert_eq!(stores.versions().len(), 2, "{:?}", stores.versions());
}

#[test]
fn the_group_is_changed_without_the_web_api() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let opened = super::AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    stores.requests();
    let content = super::AggregationProfileContent { group: String::new(), ..opened.clone() };
    stores.change(id, &opened, &content).unwrap();
    assert_eq!(stores.local(), [format!("critical|{}||f", opened.definition.id)]);
    assert!(stores.requests().is_empty());
}

#[test]
fn a_change_made_elsewhere_is_a_conflict() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let mut opened = super::AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    opened.definition.metric_operation = "OR".to_owned();
    let mut content = opened.clone();
    content.definition.profile_operation = "AND".to_owned();
    let there = stores.only();
    match stores.change(id, &opened, &content).unwrap_err() {
        SaveFailure::Changed(found) => assert_eq!(*found, there),
        failure => panic!("{failure:?}"),
    }
    assert!(stores.only() == there && !stores.is_noted());
}

#[test]
fn a_deleted_profile_is_in_no_store() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    stores.delete(id).unwrap();
    assert!(stores.remote().is_empty() && stores.local().is_empty());
    // One that is gone already at the WEB-API is removed from POEM.
    let id = stores.add(&stores.content("critical")).unwrap().id;
    stores.api.remove("EGI", DemoProfileKind::Aggregation, &stores.only().id).unwrap();
    stores.delete(id).unwrap();
    assert!(stores.local().is_empty() && !stores.is_noted());
}

#[test]
fn a_profile_that_a_report_uses_is_not_deleted() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let report = |name: &str| {
        json!({
            "info": {"name": name}, "profiles": [{"id": stores.only().id, "name": "critical", "type": "aggregation"}],
        })
    };
    stores.api.set_reports("EGI", vec![report("Critical"), report("Another")]).unwrap();
    let refused = stores.delete(id).unwrap_err();
    assert_eq!(refused.to_string(), "Used by the reports Another, Critical. Nothing was deleted.");
    assert!(stores.local().len() == 1 && stores.remote().len() == 1 && !stores.is_noted());
}

#[test]
fn a_profile_that_is_gone_there_can_be_created_again() {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let opened = super::AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    stores.api.remove("EGI", DemoProfileKind::Aggregation, &opened.definition.id).unwrap();
    let mut content = opened.clone();
    content.definition.metric_operation = "OR".to_owned();
    assert!(matches!(stores.change(id, &opened, &content).unwrap_err(), SaveFailure::Gone));
    let saved = stores.recreate(id, &content).unwrap();
    assert_eq!(saved.id, id);
    let there = stores.only();
    assert_ne!(there.id, opened.definition.id);
    assert_eq!(stores.local(), [format!("critical|{}|ARGO|f", there.id)]);
}

#[test]
fn twelve_creates_of_one_name_at_two_servers_make_one() {
    let stores = Stores::new();
    let content = stores.content("critical");
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..12).map(|_| scope.spawn(|| stores.add(&content).map_err(|failure| failure.to_string()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    stores.only();
    assert!(stores.local().len() == 1 && !stores.is_noted());
}

#[test]
fn a_second_save_waits_while_another_has_time_left() {
    let stores = Stores::new();
    let content = stores.content("critical");
    stores.note(None, &content, &content);
    let busy = stores.add(&stores.content("other")).unwrap_err();
    assert_eq!(busy.status(), 503);
    assert_eq!(busy.to_string(), "Somebody else is saving to the ARGO WEB-API just now. Please try again.");
    assert!(stores.remote().is_empty() && stores.requests().is_empty());
}
