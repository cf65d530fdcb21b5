//! The data that the demo ARGO WEB-API begins with: metric profiles like the profiles of the demo data, and the
//! aggregation profiles and reports of `demo/webapi.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::file::{DemoFile, DemoProfile, PRESENTED};
use super::names::{DemoError, unknown};

/// The aggregation profiles and reports of the demo tenants.
const FILE: &str = include_str!("../../../demo/webapi.json");

/// The data of a tenant on the demo ARGO WEB-API.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebApiDemo {
    /// The token that POEM has in the demo data; `None` if it has none.
    pub token: Option<String>,
    /// The metric profiles, with ids.
    pub metric_profiles: Vec<Value>,
    /// The aggregation profiles, with ids, some of which the demo data refer to.
    pub aggregation_profiles: Vec<Value>,
    /// The reports.
    pub reports: Vec<Value>,
}

/// A tenant in the file. Its aggregation profiles name their metric profiles.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebApiFile {
    aggregation_profiles: Vec<Value>,
    reports: Vec<Value>,
}

impl WebApiDemo {
    /// Builds the data of a tenant, whose demo file is `text`.
    ///
    /// # Errors
    /// `Form` if it is not a demo file; `Unknown` if an aggregation profile names an unknown metric profile.
    pub fn of(tenant: &str, text: &str) -> Result<Self, DemoError> {
        let file: DemoFile = serde_json::from_str(text)?;
        let WebApiFile { mut aggregation_profiles, reports } =
            serde_json::from_str::<BTreeMap<String, WebApiFile>>(FILE)?.remove(tenant).unwrap_or_default();
        let metric_profiles: Vec<_> = file.profiles.iter().zip(1..).map(metric_profile).collect();
        for profile in &mut aggregation_profiles {
            let name = &profile["metric_profile"];
            let found = metric_profiles.iter().find(|metric_profile| metric_profile["name"] == *name);
            let place = format!("aggregation profile {}", profile["name"]);
            let found = found.ok_or_else(|| unknown(&place, "metric profile", &name.to_string()))?;
            profile["metric_profile"] = json!({"name": found["name"], "id": found["id"]});
        }
        let token = file.api_keys.into_iter().find(|key| key.client == PRESENTED).map(|key| key.token);
        Ok(Self { token, metric_profiles, aggregation_profiles, reports })
    }
}

/// The metric profile with the flavours and metrics of a profile, each once, without VO and FQAN.
fn metric_profile((profile, number): (&DemoProfile, u32)) -> Value {
    let mut services = BTreeMap::<String, BTreeSet<String>>::new();
    for tuple in profile.tuples() {
        services.entry(tuple.service_flavour).or_default().insert(tuple.metric);
    }
    let services = services.into_iter().map(|(service, metrics)| json!({"service": service, "metrics": metrics}));
    json!({
        "id": format!("00000000-0000-4000-8001-{number:012}"),
        "name": profile.name,
        "description": profile.description.as_deref().unwrap_or_default(),
        "services": services.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EGI: &str = include_str!("../../../demo/egi.json");
    const EUDAT: &str = include_str!("../../../demo/eudat.json");

    #[test]
    fn the_profiles_of_the_demo_data_are_on_the_web_api() {
        for (tenant, text, further) in [("EGI", EGI, 1), ("EUDAT", EUDAT, 0)] {
            let (file, demo): (DemoFile, _) =
                (serde_json::from_str(text).unwrap(), WebApiDemo::of(tenant, text).unwrap());
            let known = |id: &str| demo.aggregation_profiles.iter().any(|profile| profile["id"] == id);
            assert!(file.aggregations.iter().all(|aggregation| known(&aggregation.apiid)), "{tenant}");
            assert_eq!(demo.aggregation_profiles.len(), file.aggregations.len() + further, "{tenant}");
            assert_eq!(demo.metric_profiles.len(), file.profiles.len(), "{tenant}");
            assert!(demo.token.is_some(), "{tenant}");
        }
    }

    #[test]
    fn the_services_of_aggregation_profiles_are_in_their_metric_profiles() {
        let demo = WebApiDemo::of("EGI", EGI).unwrap();
        for profile in &demo.aggregation_profiles {
            let is_metric_profile = |metric_profile: &&Value| metric_profile["id"] == profile["metric_profile"]["id"];
            let metric_profile = demo.metric_profiles.iter().find(is_metric_profile).unwrap();
            let offered: Vec<_> =
                metric_profile["services"].as_array().unwrap().iter().map(|service| &service["service"]).collect();
            for group in profile["groups"].as_array().unwrap() {
                for service in group["services"].as_array().unwrap() {
                    assert!(offered.contains(&&service["name"]), "{}: {service}", profile["name"]);
                }
            }
        }
    }

    #[test]
    fn a_metric_of_several_fqans_counts_once() {
        let demo = WebApiDemo::of("EGI", EGI).unwrap();
        let biomed = demo.metric_profiles.iter().find(|profile| profile["name"] == "ARGO_MON_BIOMED").unwrap();
        let metrics = ["org.nordugrid.ARC-CE-result", "org.nordugrid.ARC-CE-submit"];
        assert_eq!(biomed["services"][0], json!({"service": "ARC-CE", "metrics": metrics}));
    }
}
