//! The JSON bodies that v2 and v0.2 share, and the response for JSON that is not cached.

use std::collections::HashMap;
use std::io::Cursor;

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder, Response};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::domain::model::metric::{Section, Setting, Settings};
use crate::http::encoded_body::JSON;
use crate::store::metrics::ApiMetric;
use crate::store::{ReadTx, Result, metrics};

/// Serializes a body.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own bodies have text keys")
}

/// A JSON response for one request, which is not cached.
pub struct ApiJson {
    status: Status,
    body: Vec<u8>,
}

impl ApiJson {
    /// Creates a response with status 200.
    pub fn new(value: &impl Serialize) -> Self {
        Self { status: Status::Ok, body: json(value) }
    }

    /// Creates a response with status 201.
    pub fn created(value: &impl Serialize) -> Self {
        Self { status: Status::Created, ..Self::new(value) }
    }
}

impl<'r> Responder<'r, 'static> for ApiJson {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let size = self.body.len();
        let mut builder = Response::build();
        Ok(builder.status(self.status).header(JSON).sized_body(size, Cursor::new(self.body)).finalize())
    }
}

/// Reads the metrics of a tag, or of all tags, in the order of the API.
///
/// # Errors
/// Those of the database.
pub async fn metric_list(tx: &mut ReadTx, tag: Option<&str>, empty_config: EmptyConfig) -> Result<Vec<MetricEntry>> {
    let rows = metrics::for_api(tx.conn(), tag).await?;
    let mut settings: HashMap<i64, Settings> = HashMap::with_capacity(rows.len());
    for (metric, section, Setting(key, value)) in metrics::settings(tx.conn(), tag).await? {
        let is_included =
            section != Section::Config || empty_config == EmptyConfig::Kept || !(key.is_empty() || value.is_empty());
        if is_included {
            settings.entry(metric).or_default().push(section, key, value);
        }
    }
    let entries =
        rows.into_iter().map(|row| MetricEntry { settings: settings.remove(&row.id).unwrap_or_default(), row });
    Ok(entries.collect())
}

/// The treatment of config entries with an empty key or value: v2 omits them, v0.2 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyConfig {
    /// The entries are included.
    Kept,
    /// The entries are omitted.
    LeftOut,
}

/// One metric: `{NAME: {probe, config{}, flags{}, …}}`, with the keys in the order of POEM 2.3.
pub struct MetricEntry {
    row: ApiMetric,
    settings: Settings,
}

impl Serialize for MetricEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.row.name, &MetricBody(self))?;
        map.end()
    }
}

/// The object with the fields of a metric.
struct MetricBody<'a>(&'a MetricEntry);

impl Serialize for MetricBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let MetricEntry { row, settings } = self.0;
        let mut map = serializer.serialize_map(Some(Section::ALL.len() + 3))?;
        map.serialize_entry("probe", &row.executable)?;
        for section in Section::ALL {
            map.serialize_entry(section.as_str(), &SectionBody(settings.of(section)))?;
        }
        map.serialize_entry("parent", &row.parent)?;
        map.serialize_entry("docurl", &row.docurl)?;
        map.end()
    }
}

/// A section as an object. If a key occurs twice, the last value counts, at the place of the first.
struct SectionBody<'a>(&'a [Setting]);

impl Serialize for SectionBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (at, setting) in self.0.iter().enumerate() {
            if self.0[..at].iter().all(|earlier| earlier.key() != setting.key()) {
                let last = self.0[at..].iter().rev().find(|later| later.key() == setting.key()).unwrap_or(setting);
                map.serialize_entry(setting.key(), last.value())?;
            }
        }
        map.end()
    }
}
