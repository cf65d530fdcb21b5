//! The web: hosts, paths, the targets of redirects, the description of the REST API, the links at the foot of pages, CSV and
//! XML.

pub mod absolute_url;
pub mod api_description;
pub mod csv;
pub mod footer;
pub mod host;
pub mod redirect_target;
pub mod url_path;
pub mod xml;
