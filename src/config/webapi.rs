//! `[WEBAPI]`: where the ARGO WEB-API is. Optional.

use super::error::ConfigError;
use super::settings::MergedSettings;

/// Addresses of the ARGO WEB-API; `''` where not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebApi {
    pub metric_profile: String,
    pub aggregation_profile: String,
}

impl WebApi {
    pub(super) fn read(settings: &MergedSettings) -> Result<Option<Self>, ConfigError> {
        let Some(section) = settings.optional("WEBAPI") else { return Ok(None) };
        Ok(Some(Self {
            metric_profile: section.text_or_empty("MetricProfile")?,
            aggregation_profile: section.text_or_empty("AggregationProfile")?,
        }))
    }
}
