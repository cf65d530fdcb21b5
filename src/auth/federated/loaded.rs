//! Both sides of the federated login of one tenant, as they were read from their files, and when to read them again.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::config::saml::SamlSettings;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::login_throttle::LOG_TARGET;
use crate::saml::federation::{Federation, MetadataFileError, MetadataFileProblem, read_identity_provider};
use crate::saml::identity_provider::{IdentityProvider, MetadataError};
use crate::saml::service_provider::{ServiceProvider, ServiceProviderError, key_files};

/// A file with its time of change in nanoseconds, its size and its inode; `None` if it does not exist.
type FileStamp = (PathBuf, Option<(i64, i64, u64, u64)>);

/// What was read for a tenant.
#[derive(Debug, Clone)]
pub struct LoadedFiles {
    config: Arc<Config>,
    stamps: Vec<FileStamp>,
    /// This POEM; or the reason why it cannot be used, in words.
    pub sp: Result<Arc<ServiceProvider>, Arc<str>>,
    /// Both sides; `None` if there is no metadata file; or the reason why they cannot be used, in words.
    pub federation: Result<Option<Arc<Federation>>, Arc<str>>,
}

impl LoadedFiles {
    /// Reads the files of a tenant.
    pub fn read(config: Arc<Config>, tenant: &Tenant, now: DateTime<Utc>) -> Self {
        let stamps = stamps(&config, tenant);
        let loaded = Self::load(config, stamps, tenant, now, None);
        loaded.log(tenant, None);
        loaded
    }

    /// Reads the files again if one of them has changed; `None` if not.
    pub fn renewed(&self, config: Arc<Config>, tenant: &Tenant, now: DateTime<Utc>) -> Option<Self> {
        let stamps = stamps(&config, tenant);
        if Arc::ptr_eq(&config, &self.config) && stamps == self.stamps {
            return None;
        }
        let loaded = Self::load(config, stamps, tenant, now, Some(self));
        loaded.log(tenant, Some(self));
        Some(loaded)
    }

    fn load(
        config: Arc<Config>,
        stamps: Vec<FileStamp>,
        tenant: &Tenant,
        now: DateTime<Utc>,
        old: Option<&Self>,
    ) -> Self {
        let sp = match ServiceProvider::load(&config, tenant) {
            Ok(sp) => Ok(Arc::new(sp)),
            Err(error) => old.and_then(|old| old.last_sp(&config, tenant, &error)).ok_or_else(|| text(&error)),
        };
        let federation = match &sp {
            Ok(sp) => identity_provider(sp, tenant, now, old).map(|idp| {
                idp.map(|idp| {
                    let metadata_file = sp.settings.metadata.clone();
                    Arc::new(Federation { sp: ServiceProvider::clone(sp), idp, metadata_file })
                })
            }),
            Err(cause) => Err(cause.clone()),
        };
        Self { config, stamps, sp, federation }
    }

    /// The last good service provider, if only its files of certificate or key cannot be used at the moment.
    fn last_sp(&self, config: &Config, tenant: &Tenant, error: &ServiceProviderError) -> Option<Arc<ServiceProvider>> {
        let ServiceProviderError::KeyFile(error) = error else { return None };
        let last = self.sp.as_ref().ok().filter(|last| config.saml(tenant).is_ok_and(|new| new == last.settings))?;
        going_on(tenant, &error.path, &error.problem);
        Some(last.clone())
    }

    /// The last good identity provider, if it is the configured one.
    fn last_idp(&self, settings: &SamlSettings) -> Option<IdentityProvider> {
        let last = self.federation.as_ref().ok()?.as_ref()?;
        let is_same =
            last.metadata_file == settings.metadata && last.sp.settings.idp_entity_id == settings.idp_entity_id;
        is_same.then(|| last.idp.clone())
    }

    /// Logs what differs from before.
    fn log(&self, tenant: &Tenant, old: Option<&Self>) {
        let name = &tenant.name;
        let had_file = old.is_some_and(|old| !matches!(old.federation, Ok(None)));
        match &self.federation {
            // The daily log has the errors.
            Err(_) => {}
            Ok(None) if had_file => {
                log::warn!(target: LOG_TARGET, "{name}: federated login is off: its metadata file is gone")
            }
            Ok(None) => {}
            Ok(Some(new)) => {
                let before = old.and_then(|old| old.federation.as_ref().ok()?.as_ref());
                if before.is_none_or(|before| summary(before) != summary(new)) {
                    log_federation(name, new);
                }
            }
        }
    }
}

/// Reads the identity provider; the last good one goes on if its file cannot be used at the moment.
fn identity_provider(
    sp: &ServiceProvider,
    tenant: &Tenant,
    now: DateTime<Utc>,
    old: Option<&LoadedFiles>,
) -> Result<Option<IdentityProvider>, Arc<str>> {
    match read_identity_provider(&sp.settings, now) {
        Ok(found) => Ok(found),
        Err(error) => {
            let last = old.and_then(|old| old.last_idp(&sp.settings)).ok_or_else(|| text(&error))?;
            going_on(tenant, &error.path, &error.problem);
            Ok(Some(last))
        }
    }
}

fn going_on(tenant: &Tenant, file: &Path, problem: &dyn std::fmt::Display) {
    let (name, file) = (&tenant.name, file.display());
    log::warn!(
        target: LOG_TARGET,
        "{name}: {file} changed but cannot be used, going on with what it said before: {problem}"
    );
}

fn text(error: &dyn std::error::Error) -> Arc<str> {
    // One line of the log.
    error.to_string().replace(char::is_control, " ").into()
}

fn summary(federation: &Federation) -> String {
    let Federation { sp, idp, .. } = federation;
    let prints: Vec<_> = idp.certificates.iter().map(|certificate| certificate.fingerprint.as_str()).collect();
    format!("{} {prints:?} {:?} {:?} {:?}", idp.entity_id, idp.left_out, idp.valid_until, sp.no_key)
}

fn log_federation(name: &str, federation: &Federation) {
    let Federation { sp, idp, metadata_file } = federation;
    let certificates = match idp.certificates.len() {
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    };
    let until = idp.valid_until.map(|end| format!(", until {}", end.format("%Y-%m-%d"))).unwrap_or_default();
    log::info!(target: LOG_TARGET, "{name}: federated login by {} ({certificates}{until})", idp.entity_id);
    let file = metadata_file.display();
    if !idp.left_out.is_empty() {
        let (count, reasons) = (idp.left_out.len(), idp.left_out.join("; "));
        let words = if count == 1 { "certificate" } else { "certificates" };
        log::warn!(target: LOG_TARGET, "{name}: {file}: {count} {words} left out: {reasons}");
    }
    if let Some(cause) = &sp.no_key {
        log::warn!(target: LOG_TARGET, "{name}: messages are not signed, and single logout is off: {cause}");
    }
}

/// Returns the stamps of all files that the federated login of a tenant is read from.
fn stamps(config: &Config, tenant: &Tenant) -> Vec<FileStamp> {
    let Ok(settings) = config.saml(tenant) else { return Vec::new() };
    let (certificate, key) = key_files(config, &settings).unzip();
    let more = settings.more_certs.iter().map(PathBuf::as_path);
    let files = [Some(settings.metadata.as_path()), certificate, key].into_iter().flatten().chain(more);
    let stamp = |path: &Path| {
        let found = path.metadata().ok();
        (path.to_owned(), found.map(|found| (found.ctime(), found.ctime_nsec(), found.size(), found.ino())))
    };
    files.map(stamp).collect()
}

/// Returns the error of metadata that have expired since they were read.
pub fn expired(federation: &Federation, now: DateTime<Utc>) -> Option<Arc<str>> {
    let end = federation.idp.valid_until.filter(|end| *end <= now)?;
    let problem = MetadataFileProblem::Unusable(MetadataError::Expired(end));
    Some(text(&MetadataFileError { path: federation.metadata_file.clone(), problem }))
}
