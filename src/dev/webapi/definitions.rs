//! Profiles as clients send them, and how the WEB-API takes them: keys that it does not know are dropped, whatever is
//! missing becomes `""` or null, and nothing but the types is checked.

use serde_json::{Map, Value, json};

use super::snapshots::DemoProfileKind;

/// The body is not JSON, or a value has another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedProfile;

/// A profile as a client sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct SentProfile {
    /// The definition, without an id.
    pub definition: Map<String, Value>,
    /// The name, which may be empty.
    pub name: String,
    /// The id of the metric profile of an aggregation profile; otherwise `""`.
    pub metric_profile: String,
}

impl SentProfile {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// `MalformedProfile`.
    pub fn parse(kind: DemoProfileKind, body: &[u8]) -> Result<Self, MalformedProfile> {
        Self::read(kind, &serde_json::from_slice(body).map_err(|_| MalformedProfile)?)
    }

    /// Reads a JSON value; null is an empty object.
    ///
    /// # Errors
    /// `MalformedProfile`.
    pub fn read(kind: DemoProfileKind, body: &Value) -> Result<Self, MalformedProfile> {
        let sent = Fields::of(body)?;
        let metric_profile = sent.object("metric_profile")?.text("id")?;
        let (definition, metric_profile) = match kind {
            DemoProfileKind::Aggregation => (aggregation(&sent, &metric_profile)?, metric_profile),
            DemoProfileKind::Metric => (metric(&sent)?, String::new()),
        };
        let Value::Object(definition) = definition else { return Err(MalformedProfile) };
        Ok(Self { definition, name: sent.text("name")?, metric_profile })
    }
}

/// The definition of an aggregation profile. The name of the metric profile is not taken from the client.
fn aggregation(sent: &Fields<'_>, metric_profile: &str) -> Result<Value, MalformedProfile> {
    let service =
        |service: &Fields<'_>| Ok(json!({"name": service.text("name")?, "operation": service.text("operation")?}));
    let group = |group: &Fields<'_>| {
        Ok(json!({
            "name": group.text("name")?,
            "operation": group.text("operation")?,
            "services": group.list("services", |value| service(&Fields::of(value)?))?,
        }))
    };
    Ok(json!({
        "id": "",
        "date": sent.text("date")?,
        "name": sent.text("name")?,
        "namespace": sent.text("namespace")?,
        "endpoint_group": sent.text("endpoint_group")?,
        "metric_operation": sent.text("metric_operation")?,
        "profile_operation": sent.text("profile_operation")?,
        "metric_profile": {"name": "", "id": metric_profile},
        "groups": sent.list("groups", |value| group(&Fields::of(value)?))?,
    }))
}

/// The definition of a metric profile.
fn metric(sent: &Fields<'_>) -> Result<Value, MalformedProfile> {
    let service = |service: &Fields<'_>| {
        let metrics = service.list("metrics", |metric| text(Some(metric)).map(Value::String))?;
        Ok(json!({"service": service.text("service")?, "metrics": metrics}))
    };
    Ok(json!({
        "id": "",
        "date": sent.text("date")?,
        "name": sent.text("name")?,
        "description": sent.text("description")?,
        "services": sent.list("services", |value| service(&Fields::of(value)?))?,
    }))
}

/// A JSON object as Go reads it: case does not count in keys, and null is the same as a missing key.
struct Fields<'a>(Option<&'a Map<String, Value>>);

impl<'a> Fields<'a> {
    fn of(value: &'a Value) -> Result<Self, MalformedProfile> {
        match value {
            Value::Null => Ok(Self(None)),
            Value::Object(fields) => Ok(Self(Some(fields))),
            _ => Err(MalformedProfile),
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        let mut fields = self.0?.iter();
        fields.rfind(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }

    fn object(&self, key: &str) -> Result<Self, MalformedProfile> {
        Self::of(self.get(key).unwrap_or(&Value::Null))
    }

    fn text(&self, key: &str) -> Result<String, MalformedProfile> {
        text(self.get(key))
    }

    fn list(
        &self,
        key: &str,
        item: impl Fn(&Value) -> Result<Value, MalformedProfile>,
    ) -> Result<Value, MalformedProfile> {
        match self.get(key) {
            None | Some(Value::Null) => Ok(Value::Null),
            Some(Value::Array(items)) => Ok(Value::Array(items.iter().map(item).collect::<Result<_, _>>()?)),
            Some(_) => Err(MalformedProfile),
        }
    }
}

fn text(value: Option<&Value>) -> Result<String, MalformedProfile> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(MalformedProfile),
    }
}
