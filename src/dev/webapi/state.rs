//! The tenants with their tokens and data, the day that is today, and the file that keeps the data.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::SentProfile;
use super::error::DemoWebApiError;
use super::snapshots::{DemoProfileKind, ProfileSnapshot, Snapshots};
use crate::domain::security::keys::random_hex;

/// The rights of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoTokenRole {
    /// It reads and writes.
    Editor,
    /// It reads only.
    Viewer,
}

/// A tenant of the stand-in.
#[derive(Debug, Clone)]
pub struct DemoWebApiTenant {
    /// The name.
    pub name: String,
    /// The tokens. No other tenant has one of them.
    pub tokens: Vec<(String, DemoTokenRole)>,
}

/// The data of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TenantData {
    /// The profiles.
    pub snapshots: Snapshots,
    /// The reports, as they are sent.
    #[serde(default)]
    pub reports: Vec<Value>,
}

/// All tenants.
#[derive(Debug)]
pub struct WebApiTenants {
    tenants: Vec<DemoWebApiTenant>,
    data: Mutex<BTreeMap<String, TenantData>>,
    today: Mutex<Option<NaiveDate>>,
    file: Option<PathBuf>,
}

impl WebApiTenants {
    /// Reads the data from the file, if there is one.
    ///
    /// # Errors
    /// `File`, `State`.
    pub fn load(tenants: Vec<DemoWebApiTenant>, file: Option<PathBuf>) -> Result<Self, DemoWebApiError> {
        let data = match file.as_ref().map(|file| (file, fs::read(file))) {
            None => BTreeMap::new(),
            Some((file, Ok(text))) => {
                serde_json::from_slice(&text).map_err(|source| DemoWebApiError::State { path: file.clone(), source })?
            }
            Some((_, Err(error))) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Some((file, Err(error))) => return Err(DemoWebApiError::file("read", file)(error)),
        };
        Ok(Self { tenants, data: Mutex::new(data), today: Mutex::new(None), file })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, TenantData>> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant of a token and the role; `None` if it is unknown.
    pub fn tenant(&self, token: &str) -> Option<(&str, DemoTokenRole)> {
        self.tenants.iter().find_map(|tenant| {
            let known = tenant.tokens.iter().find(|(known, _)| known == token);
            known.map(|(_, role)| (tenant.name.as_str(), *role))
        })
    }

    /// The day that is today.
    pub fn today(&self) -> NaiveDate {
        let set = *self.today.lock().unwrap_or_else(PoisonError::into_inner);
        set.unwrap_or_else(|| Utc::now().date_naive())
    }

    /// Sets the day that is today; `None`: the day in UTC.
    pub fn set_today(&self, day: Option<NaiveDate>) {
        *self.today.lock().unwrap_or_else(PoisonError::into_inner) = day;
    }

    /// Looks at the data of a tenant.
    pub fn read<T>(&self, tenant: &str, look: impl FnOnce(&TenantData) -> T) -> T {
        look(self.lock().get(tenant).unwrap_or(&TenantData::default()))
    }

    /// Changes the data of a tenant, one change at a time, and writes the file.
    ///
    /// # Errors
    /// `File`; the data are changed nevertheless.
    pub fn write<T>(&self, tenant: &str, change: impl FnOnce(&mut TenantData) -> T) -> Result<T, DemoWebApiError> {
        let mut data = self.lock();
        let result = change(data.entry(tenant.to_owned()).or_default());
        if let Some(file) = &self.file {
            // In place of the old file at once: a trial may be killed at any time.
            let (new, text) = (file.with_extension("new"), serde_json::to_vec(&*data).map_err(io::Error::other));
            text.and_then(|text| fs::write(&new, text)).map_err(DemoWebApiError::file("write", &new))?;
            fs::rename(&new, file).map_err(DemoWebApiError::file("write", file))?;
        }
        Ok(result)
    }

    /// Stores a profile of today without the checks of a POST. Returns its id.
    ///
    /// # Errors
    /// `Content`, `File`.
    pub fn add(&self, tenant: &str, kind: DemoProfileKind, content: &Value) -> Result<String, DemoWebApiError> {
        let sent = SentProfile::read(kind, content).map_err(|_| DemoWebApiError::Content)?;
        let id = content.get("id").and_then(Value::as_str).map_or_else(new_id, str::to_owned);
        let today = self.today();
        self.write(tenant, |data| data.put(kind, &id, today, sent))?;
        Ok(id)
    }
}

impl TenantData {
    /// Stores what a client sent as the snapshot of a day: an aggregation profile with the name of its metric profile,
    /// which is `""` if it is unknown, and without a date with that of the day. Returns true if it is a new snapshot.
    pub fn put(&mut self, kind: DemoProfileKind, id: &str, day: NaiveDate, sent: SentProfile) -> bool {
        let mut definition = sent.definition;
        if let Some(Value::Object(reference)) = definition.get_mut("metric_profile") {
            let name = self.snapshots.referenced_name(&sent.metric_profile).unwrap_or_default();
            reference.insert("name".into(), name.into());
        }
        // A change of a metric profile leaves its date empty.
        let is_dated = kind == DemoProfileKind::Aggregation || !self.snapshots.has(kind, id);
        if is_dated && definition.get("date").is_none_or(|date| date == "") {
            definition.insert("date".into(), day.to_string().into());
        }
        self.snapshots.put(ProfileSnapshot::new(kind, id, day, definition))
    }
}

/// Returns a new id, in the form of a random UUID.
pub fn new_id() -> String {
    let hex = random_hex(16);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
