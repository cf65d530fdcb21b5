//! Who is asking: the API key, the login session, CSRF; and the pages of the login.

pub mod api_key;
pub mod csrf;
pub mod login;
pub mod login_context;
pub mod login_required;
mod password_change;
pub mod posted;
pub mod session;

use rocket::Route;

/// The pages around the login.
pub fn routes() -> Vec<Route> {
    [login::routes(), password_change::routes()].concat()
}
