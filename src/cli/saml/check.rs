//! `poem saml check`: reads the metadata of identity providers and says what a login will do.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::PROGRAM;
use crate::cli::context::{CommonArgs, Context, block_on};
use crate::cli::{CommandResult, Failure};
use crate::config::Config;
use crate::domain::model::tenant::Tenant;
use crate::output;
use crate::saml::federation::read_metadata;
use crate::saml::identity_provider::IdentityProvider;
use crate::saml::service_provider::ServiceProvider;

/// Check the metadata of the identity provider and say what a login will do
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The schema of the tenant [default: all tenants]
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// The file to check [default: the one of the tenant]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Prints what was read.
///
/// # Errors
/// `Failed` if a file cannot be used.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    if let (Some(file), None) = (&args.file, &args.schema) {
        return check_file(file, "").map(|idp| show(&idp, None));
    }
    block_on(async {
        let tenants = match &args.schema {
            Some(schema) => vec![context.tenant(schema).await?],
            None => context.tenants().await?,
        };
        let mut unusable = 0;
        for tenant in &tenants {
            if let Err(failure) = check(&context.config, tenant, args.file.as_deref(), args.schema.is_some()) {
                output::warn(format!("{PROGRAM}: {}: {}", tenant.name, failure.message()));
                unusable += 1;
            }
        }
        if unusable > 0 { Err(Failure::Reported) } else { Ok(()) }
    })
}

/// Checks the metadata of one tenant. `is_wanted`: it is an error if there are none.
fn check(config: &Config, tenant: &Tenant, file: Option<&Path>, is_wanted: bool) -> CommandResult {
    let settings = config.saml(tenant)?;
    let file = file.unwrap_or(&settings.metadata);
    if !file.exists() && !is_wanted {
        output::line(format!("{}: no federated login, because there is no {}", tenant.name, file.display()));
        return Ok(());
    }
    let sp = ServiceProvider::load(config, tenant)?;
    let idp = check_file(file, &settings.idp_entity_id)?;
    output::line(format!("{}: {} can be used", tenant.name, file.display()));
    show(&idp, Some(&sp));
    Ok(())
}

fn check_file(file: &Path, wanted: &str) -> Result<IdentityProvider, Failure> {
    let read = read_metadata(file, wanted, Utc::now())?;
    read.ok_or_else(|| Failure::new(format!("there is no {}", file.display())))
}

/// Prints what was read of an identity provider, and what this POEM will do.
fn show(idp: &IdentityProvider, sp: Option<&ServiceProvider>) {
    let line = |name: &str, text: &str| output::line(format!("  {name:<18} {text}"));
    line("identity provider", &idp.entity_id);
    line("name", &idp.name);
    line("login", &idp.login);
    line("logout", idp.logout.as_ref().map_or("only here (no address by HTTP-Redirect)", |logout| &logout.request));
    for certificate in &idp.certificates {
        let until = certificate.not_after.map_or(String::new(), |end| format!(", until {}", date(end)));
        line("certificate", &format!("{}{until}, SHA-256 {}", certificate.key_type, certificate.fingerprint));
    }
    for reason in &idp.left_out {
        line("left out", reason);
    }
    line("valid until", &idp.valid_until.map_or("no end".to_owned(), date));
    match sp {
        Some(sp) => {
            line("requests", if sp.signs_requests(idp) { "signed" } else { "not signed" });
            let logout = sp.has_single_logout() && idp.logout.is_some();
            line("single logout", if logout { "yes" } else { "no" });
            if let Some(cause) = &sp.no_key {
                line("no key", cause);
            }
        }
        None => line("requests", if idp.wants_signed_requests { "must be signed" } else { "need not be signed" }),
    }
}

fn date(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
