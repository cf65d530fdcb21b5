//! Services of the service catalogue, imported by poem-syncservices.

use serde::{Deserialize, Serialize};

/// The fields of a service besides its id, under the names of the feed and the dumps.
pub const FIELDS: [&str; 11] = [
    "service_id",
    "service_name",
    "service_area",
    "service_version",
    "service_type",
    "component_version",
    "component_name",
    "visible_to_marketplace",
    "in_catalogue",
    "external_service",
    "internal_service",
];

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

impl Service {
    /// Returns all fields but the id as texts, in the order of [`FIELDS`].
    pub fn values(&self) -> Vec<String> {
        let texts = [
            &self.service_id,
            &self.service_name,
            &self.service_area,
            &self.service_version,
            &self.service_type,
            &self.component_version,
            &self.component_name,
        ];
        let flags = [self.visible_to_marketplace, self.in_catalogue, self.external_service, self.internal_service];
        texts.into_iter().cloned().chain(flags.map(|flag| flag.to_string())).collect()
    }

    /// Creates a service from its id and the texts of [`Service::values`]. A missing text is ''.
    pub fn from_values(id: String, values: Vec<String>) -> Self {
        let mut values = values.into_iter();
        let mut next = || values.next().unwrap_or_default();
        let [service_id, service_name, service_area, service_version] = std::array::from_fn(|_| next());
        let [service_type, component_version, component_name] = std::array::from_fn(|_| next());
        let [visible_to_marketplace, in_catalogue, external_service, internal_service] =
            std::array::from_fn(|_| next() == "true");
        Self {
            id,
            service_id,
            service_name,
            service_area,
            service_version,
            service_type,
            component_version,
            component_name,
            visible_to_marketplace,
            in_catalogue,
            external_service,
            internal_service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_have_the_names_of_the_feed() {
        let values = FIELDS.iter().enumerate().map(|(index, name)| match index {
            0..=6 => (*name).to_owned(),
            _ => (index % 2 == 0).to_string(),
        });
        let values: Vec<String> = values.collect();
        let service = Service::from_values("1".to_owned(), values.clone());
        assert_eq!(service.values(), values);
        let json = serde_json::to_value(&service).unwrap();
        for (name, value) in FIELDS.iter().zip(values) {
            assert_eq!(json[name].as_str().map_or_else(|| json[name].to_string(), str::to_owned), value, "{name}");
        }
    }
}
