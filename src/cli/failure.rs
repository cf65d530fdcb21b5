//! The failure of a command: a message on stderr and an exit status.

use std::process::ExitCode;

/// The result of a command.
pub type CommandResult = Result<(), Failure>;

/// A failure with the message that the administrator reads.
#[derive(Debug)]
pub enum Failure {
    /// The command failed: exit status 1.
    Failed(String),
    /// The command was called in a wrong way: exit status 2, with a hint at `--help`.
    Usage(String),
}

impl Failure {
    /// A `Failed` with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// Prints the message to stderr, logs a `Failed` as an error, and returns the exit status.
    pub fn report(self, program: &str) -> ExitCode {
        let (message, status) = match self {
            Self::Failed(message) => (message, 1),
            Self::Usage(message) => (format!("{message}\nFor usage: {program} --help"), 2),
        };
        eprintln!("{program}: {message}");
        if status == 1 {
            log::error!("{message}");
        }
        ExitCode::from(status)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}
