//! Both sides of the federated login of one tenant, read from their files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::identity_provider::{IdentityProvider, MAX_METADATA, MetadataError};
use super::service_provider::{ServiceProvider, ServiceProviderError};
use super::signing_key::read_file;
use crate::config::Config;
use crate::config::saml::SamlSettings;
use crate::domain::model::tenant::Tenant;

/// The service provider and the identity provider of a tenant. Both can be used.
#[derive(Debug, Clone)]
pub struct Federation {
    /// This POEM.
    pub sp: ServiceProvider,
    /// Its identity provider.
    pub idp: IdentityProvider,
    /// The file that describes the identity provider.
    pub metadata_file: PathBuf,
}

/// The reason why a tenant has no federated login, although it has a metadata file.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// The settings, the certificate or the key cannot be used.
    #[error(transparent)]
    ServiceProvider(#[from] ServiceProviderError),
    /// The metadata file cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataFileError),
}

/// The reason why a metadata file cannot be used. `Display` begins with its path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct MetadataFileError {
    /// The file.
    pub path: PathBuf,
    /// The problem.
    pub problem: MetadataFileProblem,
}

/// The problem of a metadata file.
#[derive(Debug, thiserror::Error)]
pub enum MetadataFileProblem {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// The metadata cannot be used.
    #[error("{0}")]
    Unusable(#[from] MetadataError),
}

impl Federation {
    /// Reads both sides; `None` if there is no metadata file.
    ///
    /// # Errors
    /// See [`FederationError`].
    pub fn load(config: &Config, tenant: &Tenant) -> Result<Option<Self>, FederationError> {
        Self::load_at(config, tenant, Utc::now())
    }

    /// Does the same at this time, at which the metadata must be valid.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn load_at(config: &Config, tenant: &Tenant, now: DateTime<Utc>) -> Result<Option<Self>, FederationError> {
        let sp = ServiceProvider::load(config, tenant);
        let Ok(settings) = config.saml(tenant) else { return Ok(sp.map(|_| None)?) };
        let Some(idp) = read_identity_provider(&settings, now).transpose() else { return Ok(None) };
        Ok(Some(Self { sp: sp?, idp: idp?, metadata_file: settings.metadata }))
    }
}

/// Reads the metadata file of a tenant; `None` if there is none.
///
/// # Errors
/// The file cannot be read or used.
pub fn read_identity_provider(
    settings: &SamlSettings,
    now: DateTime<Utc>,
) -> Result<Option<IdentityProvider>, MetadataFileError> {
    read_metadata(&settings.metadata, &settings.idp_entity_id, now)
}

/// Reads a metadata file; `None` if there is none. `wanted`: the entity id, '' for the only identity provider in it.
///
/// # Errors
/// The file cannot be read or used.
pub fn read_metadata(
    path: &Path,
    wanted: &str,
    now: DateTime<Utc>,
) -> Result<Option<IdentityProvider>, MetadataFileError> {
    let failed = |problem| MetadataFileError { path: path.to_owned(), problem };
    let bytes = match read_file(path, MAX_METADATA as u64) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(failed(MetadataError::TooLarge.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(MetadataFileProblem::Unreadable(error))),
    };
    let idp = IdentityProvider::parse(&bytes, wanted, now);
    idp.map(Some).map_err(|error| failed(error.into()))
}
