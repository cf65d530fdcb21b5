//! The one executable behind all of POEM's commands: it is called `poem`, or by the name of a command.

use std::process::ExitCode;

fn main() -> ExitCode {
    poem::cli::main(std::env::args_os())
}
