//! Services of the service catalogue, imported by poem-syncservices.

use serde::{Deserialize, Serialize};

/// A service, with the twelve fields of the catalogue under the names of the feed and the dumps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The key of the entry; a text, also in the feed.
    pub id: String,
    /// The id of the service.
    pub service_id: String,
    /// The name of the service.
    pub service_name: String,
    /// The area of the service: the first column of the list of services.
    pub service_area: String,
    /// The version of the service.
    pub service_version: String,
    /// The service flavour, which profiles name.
    pub service_type: String,
    /// The version of the component.
    pub component_version: String,
    /// The name of the component.
    pub component_name: String,
    /// Visible in the marketplace.
    #[serde(default)]
    pub visible_to_marketplace: bool,
    /// In the service catalogue.
    #[serde(default)]
    pub in_catalogue: bool,
    /// An external service.
    #[serde(default)]
    pub external_service: bool,
    /// An internal service.
    #[serde(default)]
    pub internal_service: bool,
}
