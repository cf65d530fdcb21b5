//! The executable of all commands. It is called as `poem` or by the name of a command, such as `poem-db`.

use std::process::ExitCode;

fn main() -> ExitCode {
    poem::cli::main(std::env::args_os())
}
