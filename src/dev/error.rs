//! What can go wrong with the private PostgreSQL, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Each says what was wrong and what to do about it. May hold several lines, where PostgreSQL itself is quoted.
#[derive(Debug, Error)]
pub enum DevError {
    #[error(
        "PostgreSQL's server programs (initdb, postgres), version 10 or newer, are not here. Install them (Debian, Ubuntu: apt-get install \
         postgresql; CentOS, RHEL: dnf install postgresql-server; CentOS 7: yum install centos-release-scl \
         rh-postgresql10), or name their directory in POEM_PG_BIN"
    )]
    NotInstalled,
    #[error(
        "the data in {} were made by PostgreSQL {version}, which is not installed. Install it, or remove the directory",
        data.display()
    )]
    OtherVersion { data: PathBuf, version: String },
    #[error("{} belongs to user {owner}. Run this as that user, or remove the directory", path.display())]
    OtherOwner { path: PathBuf, owner: String },
    #[error("{} is in use by process {pid}. Stop that one first, or choose another directory", dir.display())]
    InUse { dir: PathBuf, pid: String },
    #[error("PostgreSQL could not lay out its files (initdb: {status})\n{output}")]
    Initdb { status: String, output: String },
    #[error("PostgreSQL did not start ({what}). The end of {}:\n{tail}", log.display())]
    NotStarted { what: String, log: PathBuf, tail: String },
    #[error("cannot {doing} {}: {source}", path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the private PostgreSQL refused: {0}")]
    Database(#[from] sqlx::Error),
}

impl DevError {
    /// For `map_err`: what was tried with which path.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_path_buf(), source }
    }
}

/// For `or_else`: what is to be removed may be gone already.
pub(super) fn unless_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
