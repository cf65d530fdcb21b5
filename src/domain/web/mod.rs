//! Values of the web: hosts, paths, and addresses that a login may lead back to.

pub mod host;
pub mod redirect_target;
pub mod url_path;
