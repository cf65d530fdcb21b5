//! `poem saml metadata`: the metadata of this POEM, for the identity provider.

use std::path::PathBuf;

use super::PROGRAM;
use super::privileged::NewFile;
use crate::cli::context::{CommonArgs, Context, block_on};
use crate::cli::input_file::STANDARD;
use crate::cli::{CommandResult, Failure};
use crate::config::Config;
use crate::domain::model::tenant::Tenant;
use crate::output;
use crate::saml::federation::Federation;
use crate::saml::service_provider::ServiceProvider;
use crate::saml::sp_metadata;

/// Print the metadata of this POEM, for the identity provider
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: String,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Prints the metadata, or writes them to a file. They are the same as at the address `/poem/saml2/metadata/`.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        let document = document(&context.config, &tenant)?;
        match args.output.filter(|path| path.as_os_str() != STANDARD) {
            None => {
                output::line(document.trim_end());
                Ok(())
            }
            Some(path) => {
                NewFile::write(&path, document.as_bytes(), 0o644, None)?.put_in_place()?;
                output::line(format!("The metadata of {} are in {}.", tenant.name, path.display()));
                Ok(())
            }
        }
    })
}

fn document(config: &Config, tenant: &Tenant) -> Result<String, Failure> {
    let sp = ServiceProvider::load(config, tenant)?;
    if let Some(cause) = &sp.no_key {
        output::warn(format!("{PROGRAM}: the metadata have no certificate, so there is no single logout: {cause}"));
    }
    let federation = Federation::load(config, tenant).ok().flatten();
    let signs = sp.signs_all_requests(federation.as_ref().map(|federation| &federation.idp));
    Ok(sp_metadata::document(&sp, signs))
}
