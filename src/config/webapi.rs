//! `[WEBAPI]`: the addresses of the ARGO WEB-API. Optional.

use std::time::Duration;

use super::error::{ConfigError, ConfigProblem};
use super::settings::{ConfigSection, MergedSettings};
use crate::domain::web::absolute_url::AbsoluteUrl;

/// The time limit of a call if the configuration names none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time limit of a call, in seconds. A save needs several calls, and the web server in front waits a minute.
const LONGEST_TIMEOUT: u64 = 15;

const METRIC_PROFILE: &str = "MetricProfile";
const AGGREGATION_PROFILE: &str = "AggregationProfile";
const REPORTS: &str = "Reports";

/// The words for a value that is no address of the WEB-API.
const ADDRESS: &str = "an address (https://…, with host and path, without user, query and fragment)";

/// The values of `[WEBAPI]`. No address has a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebApi {
    /// The address of the metric profiles.
    pub metric_profile: String,
    /// The address of the aggregation profiles.
    pub aggregation_profile: String,
    /// The address of the reports, which use profiles; `None` if it is not set.
    pub reports: Option<String>,
    /// The time limit of a call of a save; 10 seconds by default.
    pub timeout: Duration,
}

impl WebApi {
    /// Reads the section; `None` if there is none, or if it has neither of the two addresses.
    pub(super) fn read(settings: &MergedSettings) -> Result<Option<Self>, ConfigError> {
        let Some(section) = settings.optional("WEBAPI") else { return Ok(None) };
        let (timeout, reports) = (timeout(&section)?, address(&section, REPORTS)?);
        match [address(&section, METRIC_PROFILE)?, address(&section, AGGREGATION_PROFILE)?] {
            [None, None] => Ok(None),
            [Some(metric_profile), Some(aggregation_profile)] => {
                Ok(Some(Self { metric_profile, aggregation_profile, reports, timeout }))
            }
            [None, _] => Err(section.error(METRIC_PROFILE, ConfigProblem::Missing)),
            [_, None] => Err(section.error(AGGREGATION_PROFILE, ConfigProblem::Missing)),
        }
    }

    /// Returns the keys with an address to which the token is sent unencrypted, over a network.
    pub(super) fn unencrypted(&self) -> Vec<&'static str> {
        let addresses = [
            (METRIC_PROFILE, Some(&self.metric_profile)),
            (AGGREGATION_PROFILE, Some(&self.aggregation_profile)),
            (REPORTS, self.reports.as_ref()),
        ];
        let is_safe = |address: &String| AbsoluteUrl::parse(address).is_some_and(|url| url.is_safe());
        addresses
            .into_iter()
            .filter(|(_, address)| address.is_some_and(|it| !is_safe(it)))
            .map(|(key, _)| key)
            .collect()
    }
}

fn timeout(section: &ConfigSection<'_>) -> Result<Duration, ConfigError> {
    let expected = "a number of seconds from 1 to 15";
    match section.parsed::<u64>("Timeout", expected)? {
        None => Ok(DEFAULT_TIMEOUT),
        Some(seconds @ 1..=LONGEST_TIMEOUT) => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(section.error("Timeout", ConfigProblem::Not(expected))),
    }
}

/// Reads an address; `None` if it is not set.
fn address(section: &ConfigSection<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(text) = section.text(key)? else { return Ok(None) };
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Err(section.error(key, ConfigProblem::Empty));
    }
    match AbsoluteUrl::parse(text) {
        Some(url) if !url.rest.is_empty() && !url.rest.contains(['?', '#']) => Ok(Some(text.to_owned())),
        _ => Err(section.error(key, ConfigProblem::Not(ADDRESS))),
    }
}
