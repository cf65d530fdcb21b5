//! The errors of the private PostgreSQL, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of the private PostgreSQL.
///
/// The message says what is wrong and what to do. It has several lines if it quotes PostgreSQL.
#[derive(Debug, Error)]
pub enum DevError {
    /// No server programs of a supported version were found.
    #[error(
        "PostgreSQL's server programs (initdb, postgres), version 10 or newer, were not found. Install them (Debian, \
         Ubuntu: apt-get install postgresql; CentOS, RHEL: dnf install postgresql-server; CentOS 7: yum install \
         centos-release-scl rh-postgresql10), or set POEM_PG_BIN to their directory"
    )]
    NotInstalled,
    /// The data need another version, which is not installed.
    #[error(
        "the data in {} were made by PostgreSQL {version}, which is not installed. Install it, or remove the directory",
        data.display()
    )]
    OtherVersion {
        /// The data directory.
        data: PathBuf,
        /// The major version that made the data.
        version: String,
    },
    /// The data belong to another user, and this process is not root.
    #[error("{} belongs to user {owner}. Run this as that user, or remove the directory", path.display())]
    OtherOwner {
        /// The data directory.
        path: PathBuf,
        /// The name of its owner, or the number of one without a name.
        owner: String,
    },
    /// Another process uses the directory.
    #[error("{} is in use by process {pid}. Stop that one first, or choose another directory", dir.display())]
    InUse {
        /// The directory of the cluster.
        dir: PathBuf,
        /// The id of the process, or several ids separated by commas.
        pid: String,
    },
    /// `initdb` failed.
    #[error("PostgreSQL could not create its files (initdb: {status})\n{output}")]
    Initdb {
        /// The exit status.
        status: String,
        /// Standard output and standard error, in this order.
        output: String,
    },
    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start ({what}). The end of {}:\n{tail}", log.display())]
    NotStarted {
        /// The reason: the server ended, or the time limit was reached.
        what: String,
        /// The server's log file.
        log: PathBuf,
        /// The last lines of the log file.
        tail: String,
    },
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// The operation, as a verb: `read`, `remove` …
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The server did not accept a connection or a statement.
    #[error("the private PostgreSQL reported an error: {0}")]
    Database(#[from] sqlx::Error),
}

impl DevError {
    /// Makes a `File` error in `map_err`, from the operation and its path.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_path_buf(), source }
    }
}

/// Turns a missing file into success in `or_else`: a file to remove may not exist.
pub(super) fn unless_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
