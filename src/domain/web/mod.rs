//! Web addresses: hosts, paths, the targets of redirects, and the links at the foot of pages.

pub mod footer;
pub mod host;
pub mod redirect_target;
pub mod url_path;
