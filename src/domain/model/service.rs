//! A service of the catalogue, fed from outside.

use serde::{Deserialize, Serialize};

/// The twelve fields of a service, as the feed and the dumps name them. All strings, the id too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub id: String,
    pub service_id: String,
    pub service_name: String,
    pub service_area: String,
    pub service_version: String,
    pub service_type: String,
    pub component_version: String,
    pub component_name: String,
    #[serde(default)]
    pub visible_to_marketplace: bool,
    #[serde(default)]
    pub in_catalogue: bool,
    #[serde(default)]
    pub external_service: bool,
    #[serde(default)]
    pub internal_service: bool,
}
