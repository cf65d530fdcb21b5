//! `poem-genseckey`: generates or replaces the secret key.

use std::path::PathBuf;

use super::input_file::STANDARD;
use super::{CommandResult, Failure};
use crate::config::secret_key;
use crate::output;

/// Generate the secret key that POEM signs and encrypts with
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The file to write: mode 0600, owner apache if that user exists. A replaced file keeps its owner and mode. - prints a new
    /// key to standard output
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
    if args.file.as_os_str() == STANDARD {
        return print_new(&args);
    }
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

/// Prints a new key instead of writing it to a file, for instance for the store of secrets of a container.
fn print_new(args: &Args) -> CommandResult {
    if args.force || args.rotate {
        return Err(Failure::Usage("-f -: there is no file whose key could be replaced".to_owned()));
    }
    output::show(secret_key::new_key()?).map_err(|error| Failure::new(format!("standard output: {error}")))
}
