//! The kinds of objects that POEM reads and writes on the WEB-API.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::WebApi;
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;

/// A kind of objects on the WEB-API.
pub trait WebApiObject: DeserializeOwned + Serialize + Send + Sync + 'static {
    /// Returns the address of all objects of this kind, without a slash at the end.
    fn base(config: &WebApi) -> &str;

    /// Returns the id; `''` if it has none yet.
    fn id(&self) -> &str;

    /// Returns what is sent: without id and date.
    fn to_send(&self) -> Self;
}

impl WebApiObject for AggregationDefinition {
    fn base(config: &WebApi) -> &str {
        &config.aggregation_profile
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn to_send(&self) -> Self {
        self.to_send()
    }
}

impl WebApiObject for MetricProfileDefinition {
    fn base(config: &WebApi) -> &str {
        &config.metric_profile
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn to_send(&self) -> Self {
        self.to_send()
    }
}
