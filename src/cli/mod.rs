//! The commands, one file each. There is one executable: called as `poem-db`, it is that command; called as `poem`, it
//! has all of them as subcommands. Exit status: 0 success, 1 failure (also of writing to standard output), 2 wrong usage,
//! 3 `poem-db --pending` has found pending migrations, 78 `poem serve` refuses a schema that is newer than this POEM.

mod backup;
mod context;
mod db;
pub mod doctor;
mod drop_privileges;
mod exportprofiles;
mod failure;
mod generate;
mod genseckey;
mod importprofiles;
mod input_file;
mod loss;
mod pending;
mod profiles_file;
mod prompt;
mod restore;
mod saml;
mod serve;
mod sync;
mod syncaggregations;
mod take_over;
mod tenant;
mod token;
mod try_out;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use failure::{CommandResult, Failure};

use crate::domain::model::sync_feed::SyncFeed;
use crate::domain::model::synced_list::SyncedList;
use crate::output;

/// Every name that the executable can be called by.
#[derive(Parser)]
#[command(multicall = true)]
enum Family {
    /// POEM, the registry of monitoring probes, metrics and profiles
    #[command(
        name = "poem",
        version,
        subcommand_required = true,
        arg_required_else_help = true,
        disable_help_subcommand = false
    )]
    Poem {
        #[command(subcommand)]
        command: Command,
    },
    #[command(name = "poem-db")]
    Db(db::Args),
    #[command(name = "poem-tenant")]
    Tenant(tenant::Args),
    #[command(name = "poem-token")]
    Token(token::Args),
    #[command(name = "poem-genseckey")]
    Genseckey(genseckey::Args),
    #[command(name = "poem-exportprofiles")]
    Exportprofiles(exportprofiles::Args),
    #[command(name = "poem-importprofiles")]
    Importprofiles(importprofiles::Args),
    #[command(name = "poem-syncservtype")]
    Syncservtype(sync::Args),
    #[command(name = "poem-syncvo")]
    Syncvo(sync::Args),
    #[command(name = "poem-syncservices")]
    Syncservices(sync::Args),
    #[command(name = "poem-syncaggregations")]
    Syncaggregations(syncaggregations::Args),
    #[command(name = "poem-backup")]
    Backup(backup::Args),
    #[command(name = "poem-restore")]
    Restore(restore::Args),
    #[command(name = "poem-saml")]
    Saml(saml::Args),
}

#[derive(Subcommand)]
enum Command {
    /// Serve POEM over HTTP
    Serve(serve::Args),
    /// Database: create, migrate, first user, load data (poem-db)
    Db(db::Args),
    /// Tenants: create, list, delete (poem-tenant)
    Tenant(tenant::Args),
    /// API keys: create, list, revoke (poem-token)
    Token(token::Args),
    /// Generate the secret key (poem-genseckey)
    Genseckey(genseckey::Args),
    /// Export profiles of a tenant to a JSON file (poem-exportprofiles)
    Exportprofiles(exportprofiles::Args),
    /// Import profiles into a tenant, from a file or from another POEM (poem-importprofiles)
    Importprofiles(importprofiles::Args),
    /// Fill the service flavours of all tenants from their feed (poem-syncservtype)
    Syncservtype(sync::Args),
    /// Fill the VOs of all tenants from their feed (poem-syncvo)
    Syncvo(sync::Args),
    /// Fill the services of all tenants from their feed (poem-syncservices)
    Syncservices(sync::Args),
    /// Read the aggregation profiles of all tenants on the ARGO WEB-API (poem-syncaggregations)
    Syncaggregations(syncaggregations::Args),
    /// Back up each tenant to a file (poem-backup)
    Backup(backup::Args),
    /// Restore a tenant from a backup (poem-restore)
    Restore(restore::Args),
    /// Federated login: our key and metadata, the identity provider's metadata (poem-saml)
    Saml(saml::Args),
    /// Check the whole installation and report what is wrong
    Doctor(doctor::Args),
    /// Try POEM out, with a private PostgreSQL and demo data
    Try(try_out::Args),
    /// Print the completions for a shell
    Completions(generate::CompletionsArgs),
    /// Write the man pages of all commands to a directory
    Man(generate::ManArgs),
    /// Print the names that the executable can be called by, for packages
    #[command(hide = true)]
    Commands,
}

/// Runs the command that the arguments name. The first argument is the name of the executable.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let family = match Family::try_parse_from(&arguments) {
        Ok(family) => family,
        Err(usage) if usage.use_stderr() && is_sync(&arguments) => {
            output::warn(sync::USAGE);
            return ExitCode::from(2);
        }
        Err(usage) => return failure::print_usage(&usage),
    };
    let (program, outcome) = match family {
        Family::Poem { command } => command.run(),
        Family::Db(args) => ("poem-db", db::run(args)),
        Family::Tenant(args) => ("poem-tenant", tenant::run(args)),
        Family::Token(args) => ("poem-token", token::run(args)),
        Family::Genseckey(args) => ("poem-genseckey", genseckey::run(args)),
        Family::Exportprofiles(args) => ("poem-exportprofiles", exportprofiles::run(args)),
        Family::Importprofiles(args) => ("poem-importprofiles", importprofiles::run(args)),
        Family::Syncservtype(args) => run_sync(SyncFeed::ServiceTypes, args),
        Family::Syncvo(args) => run_sync(SyncFeed::Vos, args),
        Family::Syncservices(args) => run_sync(SyncFeed::Services, args),
        Family::Syncaggregations(args) => run_syncaggregations(args),
        Family::Backup(args) => ("poem-backup", backup::run(args)),
        Family::Restore(args) => ("poem-restore", restore::run(args)),
        Family::Saml(args) => ("poem-saml", saml::run(args)),
    };
    let code = match outcome.and_then(|()| failure::check_output()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(program),
    };
    // The server's log is buffered.
    log::logger().flush();
    code
}

fn run_sync(feed: SyncFeed, args: sync::Args) -> (&'static str, CommandResult) {
    (feed.command(), sync::run(feed, args))
}

fn run_syncaggregations(args: syncaggregations::Args) -> (&'static str, CommandResult) {
    (SyncedList::AggregationProfiles.command(), syncaggregations::run(args))
}

/// Returns true if the arguments name a command that fills a list: `poem-syncvo` or `poem syncvo`.
fn is_sync(arguments: &[OsString]) -> bool {
    let names = arguments.iter().take(2).filter_map(|name| Path::new(name).file_name()?.to_str());
    let mut names = names.map(|name| name.trim_start_matches("poem-"));
    names.any(|name| SyncedList::ALL.iter().any(|list| list.command().trim_start_matches("poem-") == name))
}

impl Command {
    /// Runs the command. Returns the program name for its error message, and its result.
    fn run(self) -> (&'static str, CommandResult) {
        match self {
            Self::Serve(args) => ("poem", serve::run(args)),
            Self::Db(args) => ("poem-db", db::run(args)),
            Self::Tenant(args) => ("poem-tenant", tenant::run(args)),
            Self::Token(args) => ("poem-token", token::run(args)),
            Self::Genseckey(args) => ("poem-genseckey", genseckey::run(args)),
            Self::Exportprofiles(args) => ("poem-exportprofiles", exportprofiles::run(args)),
            Self::Importprofiles(args) => ("poem-importprofiles", importprofiles::run(args)),
            Self::Syncservtype(args) => run_sync(SyncFeed::ServiceTypes, args),
            Self::Syncvo(args) => run_sync(SyncFeed::Vos, args),
            Self::Syncservices(args) => run_sync(SyncFeed::Services, args),
            Self::Syncaggregations(args) => run_syncaggregations(args),
            Self::Backup(args) => ("poem-backup", backup::run(args)),
            Self::Restore(args) => ("poem-restore", restore::run(args)),
            Self::Saml(args) => ("poem-saml", saml::run(args)),
            Self::Doctor(args) => ("poem doctor", doctor::run(args)),
            Self::Try(args) => ("poem try", try_out::run(args)),
            Self::Completions(args) => ("poem", generate::completions(args)),
            Self::Man(args) => ("poem", generate::man(args)),
            Self::Commands => ("poem", generate::commands()),
        }
    }
}

/// The clap definitions of `poem`, with all its subcommands, and of each command under its own name.
fn definitions() -> impl Iterator<Item = clap::Command> {
    Family::command().get_subcommands().cloned().collect::<Vec<_>>().into_iter()
}
