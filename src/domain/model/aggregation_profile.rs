//! Aggregation profiles with their definitions, as they are edited and as versions keep them. What POEM itself stores of
//! them is in `aggregation`; the JSON of a definition in `aggregation_definition`.

use serde::{Deserialize, Serialize};

use super::aggregation_definition::AggregationDefinition;

/// The editable content of an aggregation profile whose definition is on the ARGO WEB-API. Its name is in the definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AggregationProfileContent {
    /// The name of the group in POEM; `''` without one.
    pub group: String,
    /// The id on the WEB-API; `''` for a new one.
    pub apiid: String,
    /// The definition.
    pub definition: AggregationDefinition,
}
use super::change_set::ChangeSet;
use crate::domain::form::field::Field;
pub static FIELDS: [Field<AggregationProfileContent>; 0] = [];
impl AggregationProfileContent {
    pub fn changes(&self, _after: &Self) -> ChangeSet {
        ChangeSet::default()
    }
}
