//! Who is asking: the host's tenant, the API key, the login session; guards and fairings, and the pages of the login.

pub mod api_key;
pub mod csrf;
pub mod form;
pub mod front_door;
pub mod login;
pub mod login_first;
mod password_change;
pub mod proxy;
pub mod session;
pub mod tenant;
pub mod visitor;

use rocket::Route;

/// The pages around the login.
pub fn routes() -> Vec<Route> {
    [login::routes(), password_change::routes()].concat()
}
