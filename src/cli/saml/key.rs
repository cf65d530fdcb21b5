//! `poem saml key`: makes a private key and a certificate.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::privileged::{NewFile, service_user, without_rights};
use super::tenant_of_schema;
use crate::cli::context::{CommonArgs, Context, block_on};
use crate::cli::{CommandResult, Failure};
use crate::config::Config;
use crate::domain::security::secret::Secret;
use crate::output;
use crate::saml::new_key::NewKey;

/// Make a private key and a certificate to sign with
///
/// The certificate is valid for ten years. A host certificate works as well, but it changes every year, and the identity
/// provider must be told each time.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The schema of the tenant, for a key of its own [default: one for all tenants]
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Overwrite an existing key: the identity provider refuses signatures until it has the new certificate
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// A new key, as the child passes it on.
#[derive(Serialize, Deserialize)]
struct Made {
    key: String,
    certificate: String,
    fingerprint: String,
}

/// The files to write, and the section that names them.
struct Target {
    key: PathBuf,
    certificate: PathBuf,
    section: String,
    /// poem.conf names them already.
    is_configured: bool,
}

/// Writes the key and the certificate, and prints what is to be added to poem.conf.
pub fn run(args: Args) -> CommandResult {
    let config = Config::load(&args.common.path())?;
    let target = Target::of(&config, args.schema.as_deref())?;
    if !args.force
        && let Some(there) = [&target.key, &target.certificate].into_iter().find(|path| path.exists())
    {
        let message = format!("{} already exists and was not changed; --force replaces it", there.display());
        return Err(Failure::new(message));
    }
    let made = without_rights(&args.common, &config, |context| make(context, args.schema.as_deref()))?;
    // The child has printed it.
    let Some(made) = made else { return Ok(()) };
    let owner = service_user(&config)?;
    let key = NewFile::write(&target.key, made.key.as_bytes(), 0o600, owner.as_ref())?;
    let certificate = NewFile::write(&target.certificate, made.certificate.as_bytes(), 0o644, owner.as_ref())?;
    key.put_in_place()?;
    certificate.put_in_place()?;
    report(&target, &made.fingerprint);
    Ok(())
}

fn report(target: &Target, fingerprint: &str) {
    let (key, certificate) = (target.key.display(), target.certificate.display());
    output::line(format!("The key is in {key}, the certificate in {certificate}."));
    output::line(format!("SHA-256 of the certificate: {fingerprint}"));
    if !target.is_configured {
        output::line(format!("Add this to poem.conf:\n[{}]\nCert = {certificate}\nKey = {key}", target.section));
    }
    output::line("Then give the metadata to the identity provider: poem saml metadata -n SCHEMA");
}

impl Target {
    fn of(config: &Config, schema: Option<&str>) -> Result<Self, Failure> {
        let name = match schema {
            Some(schema) => format!("saml-{schema}"),
            None => "saml".to_owned(),
        };
        let etc = config.venv.join("etc/poem");
        let section = schema.map_or("SAML".to_owned(), |schema| format!("SAML_{}", schema.to_uppercase()));
        let configured = config.saml_key_files(schema.map(tenant_of_schema).transpose()?.as_ref())?;
        let is_configured = configured.is_some();
        let files = || (etc.join(format!("{name}.crt")), etc.join(format!("{name}.key")));
        let (certificate, key) = configured.unwrap_or_else(files);
        Ok(Self { key, certificate, section, is_configured })
    }
}

fn make(context: &Context, schema: Option<&str>) -> Result<Made, Failure> {
    let mut host = nix::unistd::gethostname()?.to_string_lossy().into_owned();
    if let Some(schema) = schema {
        block_on(async {
            let tenant = context.tenant(schema).await?;
            host = tenant.domain_url.unwrap_or_default();
            Ok(())
        })?;
    }
    let NewKey { key, certificate, fingerprint } = NewKey::generate(&host)?;
    log::info!("a key for the federated login was made, with the certificate {fingerprint}");
    Ok(Made { key: Secret::expose(&key).to_owned(), certificate, fingerprint })
}
