//! The addresses that every page leads to. (Those of the admin's own pages are in `admin::core::address`.)

/// Where the admin begins.
pub const INDEX: &str = "/poem/admin/";
pub const LOGIN: &str = "/poem/admin/login/";
pub const LOGOUT: &str = "/poem/admin/logout/";
/// Where somebody who is logged in changes the password.
pub const PASSWORD: &str = "/poem/admin/password_change/";
