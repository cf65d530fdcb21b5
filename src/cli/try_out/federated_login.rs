//! The federated login of a trial: the demo identity provider, and what POEM has to know about it.

use std::fs;
use std::io;
use std::path::Path;

use crate::dev::identity_provider::people::{DemoServiceProvider, demo_people};
use crate::dev::identity_provider::signer::Signer;
use crate::dev::identity_provider::{DemoIdentityProvider, DemoIdpError};
use crate::saml::service_provider::{ACS_PATH, LOGIN_PATH, LOGOUT_REDIRECT_PATH, METADATA_PATH};

/// The files of POEM's own certificate and key, in the directory of poem.conf.
const CERTIFICATE: &str = "saml-cert.pem";
const KEY: &str = "saml-key.pem";

/// Starts the demo identity provider for these tenants: names and addresses. Writes its metadata where POEM looks for
/// them, and makes a key for POEM if there is none.
///
/// # Errors
/// A file or directory cannot be written, or the identity provider cannot start.
pub fn start(venv: &Path, tenants: &[(String, String)]) -> Result<DemoIdentityProvider, DemoIdpError> {
    let (etc, own) = (venv.join("etc/poem"), venv.join("identity-provider"));
    fs::create_dir_all(&own).map_err(DemoIdpError::file("make the directory", &own))?;
    let key = Signer::load_or_generate(&etc.join(CERTIFICATE), &etc.join(KEY), "POEM on trial")?;
    let known = tenants.iter().map(|(name, base)| service_provider(name, base, &key)).collect();
    let identity_provider = DemoIdentityProvider::start(&own, known, demo_people())?;
    // The port is another one at each start, so the metadata of earlier starts are of no use.
    remove_metadata(&etc).map_err(DemoIdpError::file("remove old metadata in", &etc))?;
    let metadata = identity_provider.metadata()?;
    for (name, _) in tenants {
        let file = etc.join(format!("metadata-{}.xml", name.to_lowercase()));
        fs::write(&file, &metadata).map_err(DemoIdpError::file("write", &file))?;
    }
    Ok(identity_provider)
}

/// The sections of poem.conf for these tenants: names and addresses.
pub fn sections(tenants: &[(String, String)]) -> String {
    let mut text = format!("\n[SAML]\nCert = %(VENV)s/etc/poem/{CERTIFICATE}\nKey = %(VENV)s/etc/poem/{KEY}\n");
    for (name, base) in tenants {
        text += &format!("\n[SAML_{}]\nBaseUrl = {base}\n", name.to_uppercase());
    }
    text
}

fn service_provider(name: &str, base: &str, key: &Signer) -> DemoServiceProvider {
    DemoServiceProvider {
        name: format!("POEM {name}"),
        entity_id: format!("{base}{METADATA_PATH}"),
        acs: format!("{base}{ACS_PATH}"),
        logout: Some(format!("{base}{LOGOUT_REDIRECT_PATH}")),
        login: format!("{base}{LOGIN_PATH}"),
        certificate: Some(key.certificate().clone()),
    }
}

fn remove_metadata(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if name.to_str().is_some_and(|name| name.starts_with("metadata-") && name.ends_with(".xml")) {
            fs::remove_file(entry)?;
        }
    }
    Ok(())
}
