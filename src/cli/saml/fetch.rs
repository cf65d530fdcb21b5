//! `poem saml fetch`: downloads the metadata of the identity provider, and replaces the file if they can be used.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::privileged::{NewFile, keep_previous, owner_of, without_rights};
use super::tenant_of_schema;
use crate::cli::context::{CommonArgs, Context, block_on, no_such_tenant};
use crate::cli::{CommandResult, Failure};
use crate::config::Config;
use crate::config::saml::SamlSettings;
use crate::domain::web::absolute_url::AbsoluteUrl;
use crate::http_client::client::{ClientCredentials, HttpClient, Limits};
use crate::output;
use crate::saml::federation::read_metadata;
use crate::saml::identity_provider::{IdentityProvider, MAX_METADATA};
use crate::saml::signed_metadata::signed_part;
use crate::saml::signing_key::read_certificate;

const ACCEPT: &str = "application/samlmetadata+xml, application/xml, text/xml";

/// Download the metadata of the identity provider and replace the file if they can be used
///
/// The identity provider must be the same as before. The replaced file is kept as FILE.previous. If anything is wrong,
/// the file stays as it is. For cron.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: String,
    /// The certificate that the metadata must be signed with, PEM [default: the signature is not checked]
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The address of the metadata; https
    #[arg(value_name = "URL")]
    url: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// Metadata that can be used, as the child passes them on.
#[derive(Serialize, Deserialize)]
struct Downloaded {
    metadata: String,
    entity_id: String,
    certificates: usize,
}

/// Downloads, checks and replaces.
///
/// # Errors
/// `Failed` if anything is wrong; the file is unchanged then.
pub fn run(args: Args) -> CommandResult {
    if !AbsoluteUrl::parse(&args.url).is_some_and(|url| url.is_safe()) {
        return Err(Failure::Usage("URL: must be an https address".to_owned()));
    }
    let config = Config::load(&args.common.path())?;
    let settings = config.saml(&tenant_of_schema(&args.schema)?)?;
    let Some(downloaded) = without_rights(&args.common, &config, |context| download(context, &args, &settings))? else {
        return Ok(());
    };
    replace(&settings.metadata, &downloaded)
}

fn replace(file: &Path, downloaded: &Downloaded) -> CommandResult {
    let Downloaded { metadata, entity_id, certificates } = downloaded;
    let shown = file.display();
    if std::fs::read(file).is_ok_and(|there| there == metadata.as_bytes()) {
        output::line(format!("{shown} is unchanged: {entity_id}"));
        return Ok(());
    }
    let new = NewFile::write(file, metadata.as_bytes(), 0o644, owner_of(file).as_ref())?;
    if file.exists() {
        keep_previous(file)?;
    }
    new.put_in_place()?;
    let words = if *certificates == 1 { "certificate" } else { "certificates" };
    output::line(format!("{shown} was replaced: {entity_id}, {certificates} {words}"));
    Ok(())
}

/// Downloads metadata and checks that they can be used.
fn download(context: &Context, args: &Args, settings: &SamlSettings) -> Result<Downloaded, Failure> {
    let mut body = Vec::new();
    let trust = context.trusted_certificates();
    let limits = Limits { body: MAX_METADATA, ..Limits::ONE_ATTEMPT };
    let client = HttpClient::new(&trust, ClientCredentials::default(), limits)?;
    block_on(async {
        // The metadata can be renewed while the database is unreachable.
        if let Ok(tenants) = context.tenants().await
            && !tenants.iter().any(|tenant| tenant.schema.as_str() == args.schema)
        {
            return Err(no_such_tenant(&args.schema));
        }
        body = client.get(&args.url, ACCEPT, |_, _| ()).await?.body;
        Ok(())
    })?;
    let unusable = |problem: &dyn std::fmt::Display| {
        Failure::new(format!("{}: {problem}; {} is unchanged", args.url, settings.metadata.display()))
    };
    let text = String::from_utf8(body).map_err(|_| unusable(&"it is not UTF-8 text"))?;
    let metadata = match &args.cert {
        Some(path) => signed_part(&text, &read_certificate(path)?).map_err(|problem| unusable(&problem))?,
        None => text,
    };
    let idp = IdentityProvider::parse(metadata.as_bytes(), &settings.idp_entity_id, Utc::now());
    let idp = idp.map_err(|error| unusable(&error))?;
    if let Some(old) = entity_id_before(settings).filter(|old| *old != idp.entity_id) {
        let other = format!(
            "the identity provider is {}, and was {old}; replace the file by hand if that is right",
            idp.entity_id
        );
        return Err(unusable(&other));
    }
    log::info!("metadata of {} downloaded from {}", idp.entity_id, args.url);
    Ok(Downloaded { metadata, entity_id: idp.entity_id, certificates: idp.certificates.len() })
}

/// The entity id of the file so far, whether or not it has expired; `None` if there is none that could be used.
fn entity_id_before(settings: &SamlSettings) -> Option<String> {
    let read = read_metadata(&settings.metadata, &settings.idp_entity_id, DateTime::<Utc>::MIN_UTC);
    Some(read.ok().flatten()?.entity_id)
}
