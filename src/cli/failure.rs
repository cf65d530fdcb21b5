//! The failure of a command: a message on stderr and an exit status.

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::output;

/// The result of a command.
pub type CommandResult = Result<(), Failure>;

/// A failure with the message that the administrator reads.
#[derive(Debug)]
pub enum Failure {
    /// The command failed: exit status 1.
    Failed(String),
    /// The command failed and has reported everything: exit status 1.
    Reported,
    /// The command was called in a wrong way: exit status 2, with a hint at `--help`.
    Usage(String),
    /// The command asked whether migrations are pending, and they are; it has printed which: exit status 3.
    Pending,
    /// The server refused schemas that are newer than this POEM: exit status 78.
    Newer(String),
}

const PENDING: u8 = 3;
/// `EX_CONFIG` of sysexits.h. The systemd unit does not restart the server after this status: another start would be
/// refused as well.
const NEWER: u8 = 78;

impl Failure {
    /// A `Failed` with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// The message; '' if everything has been reported.
    pub fn message(&self) -> &str {
        match self {
            Self::Failed(message) | Self::Usage(message) | Self::Newer(message) => message,
            Self::Reported | Self::Pending => "",
        }
    }

    /// Prints the message to stderr, logs it as an error unless the usage was wrong, and returns the exit status.
    pub fn report(self, program: &str) -> ExitCode {
        let (message, status) = match self {
            Self::Reported => return ExitCode::FAILURE,
            Self::Pending => return ExitCode::from(PENDING),
            Self::Failed(message) => (message, 1),
            Self::Usage(message) => (format!("{message}\nFor usage: {program} --help"), 2),
            Self::Newer(message) => (message, NEWER),
        };
        output::warn(format!("{program}: {message}"));
        if status != 2 {
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

/// Checks that everything was printed. If the reader of a pipe has ended, as `head -1` does, that is no failure.
///
/// # Errors
/// `Failed` if standard output did not take everything, for instance on a full disk.
pub fn check_output() -> CommandResult {
    match output::failure() {
        None => Ok(()),
        Some(error) => Err(Failure::new(format!("standard output: {error}: the output is incomplete"))),
    }
}

/// Prints a help text that was asked for (status 0), or the words about a wrong usage (status 2).
pub fn print_usage(usage: &clap::Error) -> ExitCode {
    let status = u8::try_from(usage.exit_code()).unwrap_or(2);
    match usage.print() {
        Err(error) if status == 0 && error.kind() != ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::from(status),
    }
}
