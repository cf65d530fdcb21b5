//! Why the log cannot be written, and who writes it.

use std::io;
use std::path::PathBuf;

use crate::config::error::remedy;

/// Who writes the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs all the time, and puts the log file aside every week.
    Server,
    /// Runs for a moment, and only appends; without a usable log file it writes to stderr.
    Command,
}

/// Why the log cannot be written. `Display` is one line that names the file.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("{0}: cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{0}: is a logging file of POEM 2.3; POEM 3 reads the YAML of log4rs: replace it by the \
             poem_logging.conf that comes with POEM 3", .path.display())]
    PythonStyle { path: PathBuf },
    #[error("{0}: {message}", .path.display())]
    Invalid { path: PathBuf, message: String },
    #[error("log file {0}: cannot be written: {source}{1}", .path.display(), remedy(source))]
    LogFile { path: PathBuf, source: io::Error },
    #[error("logging was already started")]
    AlreadyStarted,
}

impl LoggingError {
    /// Whether a file is missing or not ours to use, as opposed to wrong.
    pub fn is_about_access(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::LogFile { .. })
    }
}
