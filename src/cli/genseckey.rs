//! `poem-genseckey`: generates or replaces the secret key.

use std::path::PathBuf;

use super::CommandResult;
use crate::config::secret_key;
use crate::output;

/// Generate the secret key that POEM signs and encrypts with
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The file to write: mode 0600, owner apache if that user exists. A replaced file keeps its owner and mode
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Overwrite an existing key: API tokens made with it stop working
    #[arg(long)]
    force: bool,
    /// Replace the key in use and keep it in FILE.previous, so that its API tokens can go on working
    #[arg(long, conflicts_with = "force")]
    rotate: bool,
}

/// Writes the key file. Reads no poem.conf and stays root if root runs it.
pub fn run(args: Args) -> CommandResult {
    if args.rotate {
        let previous = std::path::absolute(secret_key::rotate(&args.file)?)?;
        output::line(format!(
            "The old key is now in {}. To keep its tokens working, add this to [SECURITY] in poem.conf:",
            previous.display()
        ));
        output::line(format!("PreviousSecretKeyPath = {}", previous.display()));
        output::line("Then restart POEM. docs/operations.md explains how to retire the old key.");
        return Ok(());
    }
    secret_key::generate(&args.file, args.force)?;
    Ok(())
}
