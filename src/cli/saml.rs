//! `poem-saml`: the files of the federated login: our key, our metadata, the metadata of the identity provider;
//! the identifiers of accounts; the answers to logins.

mod accounts;
mod check;
mod explain;
mod fetch;
mod key;
mod metadata;
mod privileged;

use super::{CommandResult, Failure};
use crate::domain::model::tenant::{SchemaName, Tenant};

const PROGRAM: &str = "poem-saml";

/// Set up the federated login (SAML2): our key, our metadata, the metadata of the identity provider
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a private key and a certificate to sign with
    Key(key::Args),
    /// Print the metadata of this POEM, for the identity provider
    Metadata(metadata::Args),
    /// Check the metadata of the identity provider and say what a login will do
    Check(check::Args),
    /// Download the metadata of the identity provider and replace the file if they can be used
    Fetch(fetch::Args),
    /// List the accounts with their identifiers, and the federated logins that ask for an account
    Accounts(accounts::AccountsArgs),
    /// Set or remove the identifier of an account
    Link(accounts::LinkArgs),
    /// Say whether an answer of the identity provider would be accepted, and if not, why
    Explain(explain::Args),
}

/// Runs the subcommand.
pub fn run(args: Args) -> CommandResult {
    match args.command {
        Command::Key(args) => key::run(args),
        Command::Metadata(args) => metadata::run(args),
        Command::Check(args) => check::run(args),
        Command::Fetch(args) => fetch::run(args),
        Command::Accounts(args) => accounts::list(args),
        Command::Link(args) => accounts::link(args),
        Command::Explain(args) => explain::run(args),
    }
}

/// The tenant of a schema, as far as poem.conf needs it: its sections have the name in upper case, and the schema is the
/// name in lower case. So root need not ask the database.
fn tenant_of_schema(schema: &str) -> Result<Tenant, Failure> {
    let parsed = SchemaName::parse(schema)?;
    Ok(Tenant { name: schema.to_owned(), schema: parsed, domain_url: None })
}
