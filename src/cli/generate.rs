//! Shell completions, man pages and the list of names, generated from the definitions of the commands.

use std::fs;
use std::path::PathBuf;

use clap_complete::Shell;

use super::{CommandResult, definitions};
use crate::output;

/// Print the completions for a shell
#[derive(clap::Args, Debug)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
    /// The command to complete: poem, poem-db …
    #[arg(default_value = "poem")]
    command: String,
}

/// Write the man pages of all commands to a directory
#[derive(clap::Args, Debug)]
pub struct ManArgs {
    /// The directory of the man pages; it is created if it does not exist
    directory: PathBuf,
}

/// Prints the completions of a command to standard output.
///
/// # Errors
/// `Usage` if there is no such command.
pub fn completions(args: CompletionsArgs) -> CommandResult {
    let Some(mut command) = definitions().find(|command| command.get_name() == args.command) else {
        return Err(super::Failure::Usage(format!("there is no command {}", args.command)));
    };
    let mut completions = Vec::new();
    clap_complete::generate(args.shell, &mut command, args.command, &mut completions);
    output::line(String::from_utf8_lossy(&completions).trim_end_matches('\n'));
    Ok(())
}

/// Writes a man page for every command and subcommand.
///
/// # Errors
/// `Failed` if the directory cannot be written.
pub fn man(args: ManArgs) -> CommandResult {
    fs::create_dir_all(&args.directory)?;
    for command in definitions() {
        clap_mangen::generate_to(command, &args.directory)?;
    }
    Ok(())
}

/// Prints the names that the executable can be called by, one per line: `poem`, `poem-db` …
///
/// A package makes its wrappers and completions from this list, so it cannot forget a new command.
///
/// # Errors
/// None.
pub fn commands() -> CommandResult {
    definitions().for_each(|command| output::line(command.get_name()));
    Ok(())
}
