//! `[WEBAPI]`: the addresses of the ARGO WEB-API. Optional.

use super::error::ConfigError;
use super::settings::MergedSettings;

/// The values of `[WEBAPI]`; `''` for one that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebApi {
    /// The address of the metric profiles.
    pub metric_profile: String,
    /// The address of the aggregation profiles.
    pub aggregation_profile: String,
}

impl WebApi {
    /// Reads the section; `None` if there is none.
    pub(super) fn read(settings: &MergedSettings) -> Result<Option<Self>, ConfigError> {
        let Some(section) = settings.optional("WEBAPI") else { return Ok(None) };
        Ok(Some(Self {
            metric_profile: section.text_or_empty("MetricProfile")?,
            aggregation_profile: section.text_or_empty("AggregationProfile")?,
        }))
    }
}
