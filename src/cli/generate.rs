//! What is made from the definitions of the commands: completions and man pages.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap_complete::Shell;

use super::{CommandResult, definitions};

#[derive(clap::Args, Debug)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
    /// The command to complete: poem, poem-db …
    #[arg(default_value = "poem")]
    command: String,
}

#[derive(clap::Args, Debug)]
pub struct ManArgs {
    /// Where the pages go; it is made if it is not there
    directory: PathBuf,
}

pub fn completions(args: CompletionsArgs) -> CommandResult {
    let Some(mut command) = definitions().find(|command| command.get_name() == args.command) else {
        return Err(super::Failure::Usage(format!("there is no command {}", args.command)));
    };
    clap_complete::generate(args.shell, &mut command, args.command, &mut io::stdout());
    Ok(())
}

pub fn man(args: ManArgs) -> CommandResult {
    fs::create_dir_all(&args.directory)?;
    for command in definitions() {
        clap_mangen::generate_to(command, &args.directory)?;
    }
    Ok(())
}
