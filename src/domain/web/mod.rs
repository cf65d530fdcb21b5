//! The web: hosts, paths, the targets of redirects, cookies, the looks of tenants, the description of the REST API, CSV and
//! XML.

pub mod absolute_url;
pub mod api_description;
pub mod branding;
pub mod cookie_header;
pub mod csv;
pub mod footer;
pub mod host;
pub mod redirect_target;
pub mod theme;
pub mod url_path;
pub mod xml;
