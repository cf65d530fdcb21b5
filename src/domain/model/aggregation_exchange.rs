//! The JSON file of an aggregation profile, as POEM-2 exports and imports it: a definition with the metric profile by its
//! name. A definition of the ARGO WEB-API is read as well.

use serde_json::{Map, Value, json};

use super::aggregation_definition::{AggregationDefinition, ServiceGroup};

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// The keys of a definition that a file does not set: they belong to the profile that is edited.
const IGNORED: [&str; 4] = ["id", "date", "name", "namespace"];

/// A file that cannot be imported. `Display` is for users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AggregationFileError {
    /// The file is larger than [`LARGEST`].
    #[error("The file is larger than 1 MiB.")]
    TooLarge,
    /// The text is no JSON. Holds line and column, from 1.
    #[error("This is not JSON: line {0}, column {1}.")]
    NoJson(usize, usize),
    /// The JSON is no aggregation profile. Holds the reason.
    #[error("This is not an aggregation profile: {0}.")]
    NoProfile(String),
}

/// The metric profile in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedMetricProfile {
    /// The name; `''` if the file has none.
    pub name: String,
    /// The id on the WEB-API; `''` if the file has none.
    pub id: String,
}

impl NamedMetricProfile {
    /// Returns true if the file names no metric profile.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the file of a definition.
pub fn export(definition: &AggregationDefinition) -> Value {
    json!({
        "endpoint_group": definition.endpoint_group,
        "metric_operation": definition.metric_operation,
        "profile_operation": definition.profile_operation,
        "metric_profile": definition.metric_profile.name,
        "groups": definition.groups,
    })
}

/// Returns `definition` with what the file says, and the metric profile that it names.
///
/// The metric profile of the definition is not changed: the caller knows which there are.
///
/// # Errors
/// All of [`AggregationFileError`].
pub fn import(
    definition: &AggregationDefinition,
    file: &str,
) -> Result<(AggregationDefinition, NamedMetricProfile), AggregationFileError> {
    if file.len() > LARGEST {
        return Err(AggregationFileError::TooLarge);
    }
    let read: Value =
        serde_json::from_str(file).map_err(|error| AggregationFileError::NoJson(error.line(), error.column()))?;
    let Value::Object(mut object) = read else {
        return Err(AggregationFileError::NoProfile("it is no JSON object".to_owned()));
    };
    for key in IGNORED {
        object.remove(key);
    }
    let metric_profile = metric_profile(object.remove("metric_profile"))?;
    let text = |object: &Map<String, Value>, key: &str, current: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(current.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(AggregationFileError::NoProfile(format!("{key} is no text"))),
    };
    let groups: Vec<ServiceGroup> = match object.remove("groups") {
        None | Some(Value::Null) => Vec::new(),
        Some(groups) => serde_json::from_value(groups)
            .map_err(|error| AggregationFileError::NoProfile(format!("its groups are wrong: {error}")))?,
    };
    let imported = AggregationDefinition {
        endpoint_group: text(&object, "endpoint_group", &definition.endpoint_group)?,
        metric_operation: text(&object, "metric_operation", &definition.metric_operation)?,
        profile_operation: text(&object, "profile_operation", &definition.profile_operation)?,
        groups,
        ..definition.clone()
    };
    Ok((imported, metric_profile))
}

/// Reads the metric profile of a file: its name, or the object of a definition.
fn metric_profile(value: Option<Value>) -> Result<NamedMetricProfile, AggregationFileError> {
    let wrong = || AggregationFileError::NoProfile("metric_profile is neither a name nor an object".to_owned());
    let text =
        |object: &Map<String, Value>, key| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match value {
        None | Some(Value::Null) => Ok(NamedMetricProfile::default()),
        Some(Value::String(name)) => Ok(NamedMetricProfile { name, id: String::new() }),
        Some(Value::Object(object)) => Ok(NamedMetricProfile { name: text(&object, "name"), id: text(&object, "id") }),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> AggregationDefinition {
        let value = json!({
            "id": "1", "date": "2026-11-28", "name": "critical", "namespace": "egi", "endpoint_group": "sites",
            "metric_operation": "AND", "profile_operation": "OR", "metric_profile": {"name": "ARGO_MON", "id": "2"},
            "groups": [{"name": "compute", "operation": "OR", "services": [{"name": "ARC-CE", "operation": "AND"}]}],
        });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_exported_file_has_the_keys_of_poem_2() {
        let file = json!({
            "endpoint_group": "sites", "metric_operation": "AND", "profile_operation": "OR",
            "metric_profile": "ARGO_MON",
            "groups": [{"name": "compute", "operation": "OR", "services": [{"name": "ARC-CE", "operation": "AND"}]}],
        });
        assert_eq!(export(&definition()), file);
        let (read, metric_profile) = import(&AggregationDefinition::default(), &file.to_string()).unwrap();
        assert_eq!(read.groups, definition().groups);
        assert_eq!((metric_profile.name.as_str(), metric_profile.id.as_str()), ("ARGO_MON", ""));
    }

    #[test]
    fn a_definition_of_the_web_api_is_read_without_its_identity() {
        let other = AggregationDefinition { name: "mine".to_owned(), ..AggregationDefinition::default() };
        let file = serde_json::to_string(&definition()).unwrap();
        let (read, metric_profile) = import(&other, &file).unwrap();
        assert_eq!((read.name.as_str(), read.namespace.as_str(), read.id.as_str()), ("mine", "", ""));
        assert_eq!(metric_profile, NamedMetricProfile { name: "ARGO_MON".to_owned(), id: "2".to_owned() });
        let (read, _) = import(&other, r#"{"groups": [{"name": "a", "services": null}]}"#).unwrap();
        assert!(read.groups[0].services.is_empty());
    }

    #[test]
    fn a_broken_file_is_refused_with_the_place() {
        let said = |file: &str| import(&definition(), file).unwrap_err().to_string();
        assert_eq!(said("{\"a\": 1,\n ]"), "This is not JSON: line 2, column 2.");
        assert_eq!(said("[]"), "This is not an aggregation profile: it is no JSON object.");
        assert_eq!(said(r#"{"endpoint_group": 1}"#), "This is not an aggregation profile: endpoint_group is no text.");
        assert!(said(r#"{"groups": [1]}"#).starts_with("This is not an aggregation profile: its groups are wrong"));
        assert!(said(r#"{"metric_profile": 1}"#).contains("neither a name nor an object"));
        assert_eq!(said(&" ".repeat(LARGEST + 1)), "The file is larger than 1 MiB.");
    }
}
