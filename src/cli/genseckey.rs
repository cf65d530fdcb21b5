//! poem-genseckey: makes the secret key.

use std::path::PathBuf;

use super::Outcome;
use crate::config::secret_key;

/// Make the secret key that POEM signs and encrypts with
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The file to write; mode 0600, owner apache where that user exists
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Overwrite a key that exists: API tokens and sealed tokens of the old key end
    #[arg(long)]
    force: bool,
}

pub fn run(args: Args) -> Outcome {
    secret_key::generate(&args.file, args.force)?;
    Ok(())
}
