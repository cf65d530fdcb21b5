//! Web addresses: hosts, paths, and the targets of redirects.

pub mod host;
pub mod redirect_target;
pub mod url_path;
