//! poem-genseckey: makes the secret key.

use std::path::PathBuf;

use super::CommandResult;
use crate::config::secret_key;

/// Make the secret key that POEM signs and encrypts with
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The file to write; mode 0600, owner apache where that user exists. One that is replaced keeps its owner
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Overwrite a key that exists: API tokens and sealed tokens of the old key end
    #[arg(long)]
    force: bool,
    /// Replace a key that is in use: it is kept in FILE.previous, for what was made with it
    #[arg(long, conflicts_with = "force")]
    rotate: bool,
}

pub fn run(args: Args) -> CommandResult {
    if args.rotate {
        let previous = std::path::absolute(secret_key::rotate(&args.file)?)?;
        println!(
            "The key was moved to {}. To keep its tokens working, write into poem.conf, in [SECURITY]:",
            previous.display()
        );
        println!("PreviousSecretKeyPath = {}", previous.display());
        println!("Then restart POEM. docs/operations.md says how to end the use of that key.");
        return Ok(());
    }
    secret_key::generate(&args.file, args.force)?;
    Ok(())
}
