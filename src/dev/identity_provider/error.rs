//! The errors of the demo identity provider, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use openssl::error::ErrorStack;
use thiserror::Error;

/// An error of the demo identity provider.
#[derive(Debug, Error)]
pub enum DemoIdpError {
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// The operation, as a verb: `read`, `write` …
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A key or certificate cannot be made, read or used.
    #[error("a key of the demo identity provider cannot be used: {0}")]
    Key(#[from] ErrorStack),
    /// An XML message cannot be signed; holds the reason.
    #[error("the message cannot be signed: {0}")]
    Signature(String),
    /// The server cannot start; holds the reason.
    #[error("the demo identity provider cannot start: {0}")]
    Start(String),
}

impl DemoIdpError {
    /// Makes a `File` error in `map_err`, from the operation and its path.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_path_buf(), source }
    }
}
