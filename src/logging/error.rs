//! Errors of the log, and the two kinds of programs that write it.

use std::io;
use std::path::PathBuf;

use crate::config::error::remedy;

/// The kind of program that writes the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The server: it runs all the time, and rotates the log file every week.
    Server,
    /// A command: it only appends, and logs to stderr if the log file cannot be used.
    Command,
}

/// The reason why the log cannot be written. `Display` is one line that names the file.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The logging file cannot be read.
    #[error("{0}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The logging file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The logging file is in the format of Python.
    #[error("{0}: is a logging file of POEM 2.3; POEM 3 reads the YAML of log4rs: replace it by the \
             poem_logging.conf that comes with POEM 3", .path.display())]
    PythonStyle {
        /// The logging file.
        path: PathBuf,
    },
    /// The logging file is not valid.
    #[error("{0}: {message}", .path.display())]
    Invalid {
        /// The logging file.
        path: PathBuf,
        /// The error, in one line.
        message: String,
    },
    /// The log file cannot be opened.
    #[error("log file {0}: cannot be written: {source}{1}", .path.display(), remedy(source))]
    LogFile {
        /// The log file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The program has started logging before.
    #[error("logging was already started")]
    AlreadyStarted,
}

impl LoggingError {
    /// Returns whether a file is missing or not accessible, in contrast to a file with wrong contents.
    pub fn is_about_access(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::LogFile { .. })
    }
}
