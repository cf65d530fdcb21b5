//! Every failure of a save: what both stores have afterwards, and what the page says.

use std::time::Duration;

use poem::dev::webapi::{DemoProfileKind, WebApiFault};
use poem::webapi_sync::failure::SaveFailure;
use poem::webapi_sync::recovery::clear_up_if_needed;
use serde_json::json;

use super::{AggregationProfileContent, Stores};

const POST: &str = "POST /api/v2/aggregation_profiles";
const PUT: &str = "PUT /api/v2/aggregation_profiles/*";
const DELETE: &str = "DELETE /api/v2/aggregation_profiles/*";
const LIST: &str = "GET /api/v2/aggregation_profiles";

/// Stores with one profile, its id, its content when a form is opened, and a changed one.
fn one_profile() -> (Stores, i64, AggregationProfileContent, AggregationProfileContent) {
    let stores = Stores::new();
    let id = stores.add(&stores.content("critical")).unwrap().id;
    let opened = AggregationProfileContent { definition: stores.only(), ..stores.content("critical") };
    let mut content = opened.clone();
    content.definition.metric_operation = "OR".to_owned();
    (stores, id, opened, content)
}

/// The failures that leave the WEB-API unchanged, with status and words.
fn refusals() -> Vec<(WebApiFault, u16, &'static str)> {
    let error = |code: u16| json!({"status": {"message": "m", "code": code.to_string(), "details": "d\u{1}etails"}});
    vec![
        (WebApiFault::Json(400, error(400)), 502, "The ARGO WEB-API refused the request: d"),
        (WebApiFault::Json(406, error(406)), 502, "The ARGO WEB-API refused the request: d"),
        (
            WebApiFault::Json(401, error(401)),
            502,
            "The ARGO WEB-API does not accept POEM's token, or cannot check it at the moment.",
        ),
        (WebApiFault::Json(403, error(403)), 502, "POEM's token may read on the ARGO WEB-API but not write there."),
        (WebApiFault::Html(404), 502, "The ARGO WEB-API knows no such address; is [WEBAPI] in poem.conf right?"),
        (WebApiFault::Html(502), 502, "The ARGO WEB-API failed (502)."),
        (WebApiFault::Redirect, 502, "The ARGO WEB-API failed (302)."),
        (WebApiFault::NotJson, 502, "The ARGO WEB-API answered with something that is no profile."),
        (WebApiFault::EndlessBody, 502, "The ARGO WEB-API answered with something that is no profile."),
        (WebApiFault::HalfBody, 504, "The ARGO WEB-API did not answer in time."),
        (WebApiFault::Close, 504, "The ARGO WEB-API did not answer in time."),
    ]
}

#[test]
fn a_refused_save_changes_no_store() {
    let (stores, id, opened, content) = one_profile();
    let (there, here) = (stores.only(), stores.local());
    for (fault, status, words) in refusals() {
        for request in [POST, PUT, DELETE] {
            stores.api.fail_before(1, request, fault.clone());
            let failed = match request {
                POST => stores.add(&stores.content("other")),
                PUT => stores.change(id, &opened, &content),
                _ => stores.delete(id),
            };
            let failure = failed.map(|saved| panic!("{request} {fault:?}: {saved:?}")).unwrap_err();
            let place = format!("{request} {fault:?}: {failure}");
            assert_eq!(failure.status(), status, "{place}");
            assert!(
                failure.to_string().starts_with(words) && failure.to_string().ends_with("Nothing was saved."),
                "{place}"
            );
            assert!(stores.only() == there && stores.local() == here && !stores.is_noted(), "{place}");
            stores.api.recover();
        }
    }
    assert!(stores.api.redirected_requests().is_empty(), "no redirect is followed");
    let log = stores.installation.log();
    assert!(!log.contains(super::TOKEN));
}

#[test]
fn a_failure_after_the_write_is_looked_at_and_is_a_success() {
    for fault in [
        WebApiFault::Close,
        WebApiFault::HalfBody,
        WebApiFault::Html(502),
        WebApiFault::NotJson,
        WebApiFault::EmptyList,
    ] {
        let (stores, id, opened, content) = one_profile();
        stores.api.fail_after(1, PUT, fault.clone());
        stores.change(id, &opened, &content).unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert_eq!(stores.only().metric_operation, "OR", "{fault:?}");
        stores.api.fail_after(1, DELETE, fault.clone());
        stores.delete(id).unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert!(stores.remote().is_empty() && stores.local().is_empty(), "{fault:?}");
        stores.api.fail_after(1, POST, fault.clone());
        stores.add(&stores.content("critical")).unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert_eq!(stores.local(), [format!("critical|{}|ARGO|f", stores.only().id)], "{fault:?}");
        assert!(!stores.is_noted());
    }
}

#[test]
fn if_looking_fails_too_the_save_is_not_known_and_the_note_stays() {
    let stores = Stores::new();
    // Two readings come first: the list before the POST, and the look after it.
    stores.api.fail_after(1, POST, WebApiFault::Close);
    stores.api.fail_before(1, LIST, WebApiFault::Wait(Duration::ZERO));
    stores.api.fail_before(1, LIST, WebApiFault::Html(502));
    let failure = stores.add(&stores.content("critical")).unwrap_err();
    assert_eq!(failure.status(), 504);
    assert!(failure.to_string().starts_with("It is not known whether the ARGO WEB-API saved this."), "{failure}");
    assert!(stores.is_noted() && stores.local().is_empty());
    stores.run(clear_up_if_needed(&stores.access())).unwrap();
    assert_eq!(stores.local(), [format!("critical|{}|ARGO|f", stores.only().id)]);
}

#[test]
fn a_name_that_is_taken_is_an_error_at_the_name() {
    let (stores, id, opened, content) = one_profile();
    let other = json!({"name": "taken", "metric_profile": {"id": stores.metric_profile}, "groups": []});
    let other_id = stores.api.add("EGI", DemoProfileKind::Aggregation, &other).unwrap();
    let at = |failure: SaveFailure| match failure {
        SaveFailure::Invalid(errors) => errors.to_string(),
        failure => panic!("{failure:?}"),
    };
    let said = at(stores.add(&stores.content("taken")).unwrap_err());
    assert!(said.contains("Aggregation with this Name already exists."), "{said}");
    let mut renamed = content.clone();
    renamed.definition.name = "taken".to_owned();
    let said = at(stores.change(id, &opened, &renamed).unwrap_err());
    assert!(said.contains("Aggregation with this Name already exists."), "{said}");
    // The WEB-API keeps earlier names.
    let body = json!({"name": "later", "metric_profile": {"id": stores.metric_profile}, "groups": []});
    stores.api.set_today(chrono::NaiveDate::from_ymd_opt(2040, 1, 2));
    stores.api.add("EGI", DemoProfileKind::Aggregation, &with_id(&body, &other_id)).unwrap();
    for failed in [stores.add(&stores.content("taken")), stores.change(id, &opened, &renamed)] {
        let said = at(failed.unwrap_err());
        assert!(said.contains("it is an earlier name of another profile"), "{said}");
    }
    assert!(stores.remote().len() == 2 && stores.local().len() == 1 && !stores.is_noted());
}

fn with_id(body: &serde_json::Value, id: &str) -> serde_json::Value {
    let mut body = body.clone();
    body["id"] = json!(id);
    body
}

#[test]
fn an_earlier_try_that_got_through_is_taken() {
    let stores = Stores::new();
    let content = stores.content("critical");
    let mut there = serde_json::to_value(&content.definition).unwrap();
    there["namespace"] = json!("egi");
    let apiid = stores.api.add("EGI", DemoProfileKind::Aggregation, &there).unwrap();
    stores.add(&content).unwrap();
    assert_eq!(stores.local(), [format!("critical|{apiid}|ARGO|f")]);
    assert!(stores.requests().iter().all(|request| request.starts_with("GET")));
}

#[test]
fn a_metric_profile_that_is_gone_is_an_error_at_its_field() {
    let (stores, id, opened, mut content) = one_profile();
    stores.api.remove("EGI", DemoProfileKind::Metric, &stores.metric_profile).unwrap();
    content.definition.profile_operation = "AND".to_owned();
    for failed in [stores.add(&stores.content("other")), stores.change(id, &opened, &content)] {
        match failed.unwrap_err() {
            SaveFailure::Invalid(errors) => {
                assert!(
                    errors.to_string().contains("This metric profile is no longer on the ARGO WEB-API."),
                    "{errors}"
                );
            }
            failure => panic!("{failure:?}"),
        }
    }
    assert!(!stores.is_noted() && stores.requests().iter().all(|request| !request.starts_with("PUT")));
}

#[test]
fn without_a_token_nothing_is_asked() {
    let (stores, id, opened, content) = one_profile();
    stores.requests();
    let steps = [
        (
            "UPDATE egi.api_key SET token_sealed = '\\x00' WHERE client = 'WEB-API'",
            "cannot be read with the secret key in use",
        ),
        (
            "UPDATE egi.api_key SET revoked = true WHERE client = 'WEB-API'",
            "The token for the ARGO WEB-API is revoked.",
        ),
        ("DELETE FROM egi.api_key WHERE client = 'WEB-API'", "POEM has no token for the ARGO WEB-API."),
    ];
    for (step, words) in steps {
        stores.sql(step);
        let failure = stores.change(id, &opened, &content).unwrap_err();
        assert!(failure.status() == 502 && failure.to_string().contains(words), "{failure}");
        assert!(!stores.is_noted());
    }
    assert!(stores.requests().is_empty());
}

#[test]
fn an_answer_that_lacks_the_id_is_looked_for() {
    let stores = Stores::new();
    let created = json!({"status": {"message": "Created", "code": "201"}, "data": {}});
    stores.api.fail_after(1, POST, WebApiFault::Json(201, created));
    stores.add(&stores.content("critical")).unwrap();
    assert_eq!(stores.local(), [format!("critical|{}|ARGO|f", stores.only().id)]);
}

#[test]
fn a_save_that_poem_cannot_write_down_is_completed_by_saving_again() {
    let (stores, id, opened, content) = one_profile();
    // POEM's second transaction fails.
    stores.sql(
        "CREATE FUNCTION egi.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full''; END';
         CREATE TRIGGER refuse BEFORE UPDATE ON egi.aggregation FOR EACH ROW EXECUTE PROCEDURE egi.refuse()",
    );
    let failure = stores.change(id, &opened, &content).unwrap_err();
    assert_eq!(failure.to_string(), "Saved on the ARGO WEB-API, but POEM could not write it down. Save again.");
    assert_eq!((failure.status(), stores.only().metric_operation.as_str()), (503, "OR"));
    assert!(stores.is_noted());
    stores.sql("DROP TRIGGER refuse ON egi.aggregation");
    stores.run(clear_up_if_needed(&stores.access())).unwrap();
    assert!(!stores.is_noted());
    assert_eq!(stores.versions().len(), 2, "{:?}", stores.versions());
    assert_eq!(stores.change(id, &opened, &content).unwrap().message, "No fields changed.");
}
