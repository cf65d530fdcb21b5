//! Stub.
use super::aggregation_definition::AggregationDefinition;
use super::aggregation_profile::AggregationProfileContent;
use super::metric_profile_definition::MetricProfileDefinition;
use crate::domain::form::validation_error::ValidationErrors;
pub fn check(
    _c: &AggregationDefinition,
    _o: &AggregationDefinition,
    _m: Option<&MetricProfileDefinition>,
) -> ValidationErrors {
    ValidationErrors::default()
}
pub fn warnings(_c: &AggregationProfileContent, _m: Option<&MetricProfileDefinition>) -> ValidationErrors {
    ValidationErrors::default()
}
