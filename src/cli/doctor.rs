//! `poem doctor`: checks the whole installation and reports what is wrong.

mod accounts;
mod check;
mod cron;
mod database;
mod environment;
mod federation;
mod feeds;
mod files;
mod old_files;
mod owners;
mod schema;
mod selinux;
mod system;
mod tenants;
mod web_api;

use std::path::PathBuf;

pub use check::Check;

use super::context::{CommonArgs, block_on};
use super::drop_privileges::drop_privileges;
use super::{CommandResult, Failure, sync};
use crate::config::Config;
use crate::domain::model::sync_feed::SyncFeed;
use crate::output;
use system::SystemFiles;

/// Check the configuration, the files, the database and the tenants
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    common: CommonArgs,
    /// The root directory of the operating system's files, for tests
    #[arg(long, value_name = "DIRECTORY", default_value = "/", hide = true)]
    root: PathBuf,
}

/// The findings. Each is printed at once; only the problems are counted.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn ok(&mut self, message: impl AsRef<str>) {
        output::line(format!("  ok     {}", message.as_ref()));
    }

    /// Something that works, but that the administrator should know.
    fn note(&mut self, _: Check, message: impl AsRef<str>) {
        output::line(format!("  note   {}", message.as_ref()));
    }

    fn wrong(&mut self, _: Check, message: impl AsRef<str>) {
        self.problems += 1;
        output::line(format!("  WRONG  {}", message.as_ref()));
    }

    /// Reports the outcome of one check. Returns its value, or `None` if it failed.
    fn check<T>(&mut self, check: Check, what: &str, outcome: Result<T, impl std::fmt::Display>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.ok(what);
                Some(value)
            }
            Err(error) => {
                self.wrong(check, format!("{what}: {error}"));
                None
            }
        }
    }
}

/// Runs all checks and prints a line for each.
///
/// # Errors
/// `Failed` if there is a problem.
pub fn run(args: Args) -> CommandResult {
    let mut findings = Findings::default();
    let path = args.common.path();
    let system = SystemFiles::below(args.root);
    let what = format!("configuration {}", path.display());
    if let Some(config) = findings.check(Check::Configuration, &what, Config::load(&path)) {
        // Read before root's privileges are dropped, as the commands do.
        let certificate = sync::certificate(SyncFeed::ServiceTypes, &config);
        environment::check(&mut findings, &system);
        owners::check(&mut findings, &config, &system);
        if let Err(failure) = drop_privileges(config.server.user.as_deref()) {
            findings.wrong(Check::ServiceUser, failure.message());
        }
        files::check(&mut findings, &config);
        old_files::check(&mut findings, &config, &system);
        selinux::check(&mut findings, &config, &system);
        feeds::check_certificates(&mut findings, &config, certificate);
        block_on(async {
            database::check(&mut findings, &config).await;
            Ok(())
        })?;
    }
    match findings.problems {
        0 => {
            output::line("All is well.");
            Ok(())
        }
        1 => Err(Failure::new("1 problem was found")),
        problems => Err(Failure::new(format!("{problems} problems were found"))),
    }
}
