//! The ARGO WEB-API of a trial: the demo WEB-API, its data, and what POEM has to know about it.

use std::fs;
use std::path::Path;

use crate::cli::Failure;
use crate::dev::demo::WebApiDemo;
use crate::dev::webapi::{DemoProfileKind, DemoTokenRole, DemoWebApi, DemoWebApiOptions, DemoWebApiTenant};

/// The file that keeps its profiles, in the directory of the trial.
const FILE: &str = "webapi.json";

/// Starts the demo WEB-API for demo tenants: names and demo files. It goes on with the profiles of the last start unless `fresh`.
///
/// # Errors
/// The file cannot be read or written, or the server cannot start.
pub fn start(directory: &Path, demo: &[(&str, &str)], fresh: bool) -> Result<DemoWebApi, Failure> {
    let file = directory.join(FILE);
    if fresh && file.exists() {
        fs::remove_file(&file)?;
    }
    let mut data = Vec::new();
    for (name, text) in demo {
        data.push((*name, WebApiDemo::of(name, text)?));
    }
    let tenants = data.iter().map(|(name, demo)| DemoWebApiTenant {
        name: (*name).to_owned(),
        tokens: demo.token.iter().map(|token| (token.clone(), DemoTokenRole::Editor)).collect(),
    });
    let options = DemoWebApiOptions { tenants: tenants.collect(), file: Some(file), ..DemoWebApiOptions::default() };
    let webapi = DemoWebApi::start(options)?;
    for (name, demo) in &data {
        if webapi.is_empty(name) {
            fill(&webapi, name, demo)?;
        }
    }
    Ok(webapi)
}

/// Adds the demo profiles: metric profiles first, because aggregation profiles refer to them.
fn fill(webapi: &DemoWebApi, tenant: &str, demo: &WebApiDemo) -> Result<(), Failure> {
    let kinds =
        [(DemoProfileKind::Metric, &demo.metric_profiles), (DemoProfileKind::Aggregation, &demo.aggregation_profiles)];
    for (kind, profiles) in kinds {
        for profile in profiles {
            webapi.add(tenant, kind, profile)?;
        }
    }
    Ok(webapi.set_reports(tenant, demo.reports.clone())?)
}

/// The section of poem.conf.
pub fn section(webapi: &DemoWebApi) -> String {
    format!(
        "\n[WEBAPI]\nMetricProfile = {}\nAggregationProfile = {}\nReports = {}\n",
        webapi.profiles_address(DemoProfileKind::Metric),
        webapi.profiles_address(DemoProfileKind::Aggregation),
        webapi.reports_address(),
    )
}
