//! The errors of the stand-in of the ARGO WEB-API, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use openssl::error::ErrorStack;
use thiserror::Error;

/// An error of the stand-in of the ARGO WEB-API.
#[derive(Debug, Error)]
pub enum DemoWebApiError {
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
    /// The file that keeps the profiles has other content.
    #[error("{} does not hold profiles: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The content is not a profile.
    #[error("the content is not a profile")]
    Content,
    /// The certificate or its key cannot be used.
    #[error("the certificate of the demo WEB-API cannot be used: {0}")]
    Key(#[from] ErrorStack),
    /// The server cannot start.
    #[error("the demo WEB-API cannot start: {0}")]
    Start(io::Error),
}

impl DemoWebApiError {
    /// Makes a `File` error in `map_err`, from the operation and its path.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_path_buf(), source }
    }
}
