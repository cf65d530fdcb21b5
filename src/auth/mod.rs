//! Authentication: the API key, the login session, CSRF, and the login, logout and password pages.

pub mod api_key; //        the guard for API keys
pub mod csrf; //           the CSRF token: cookie, check, Origin
pub mod federated; //      the federated login
pub mod flash; //          flash messages for the next page
mod form_limit; //         the largest form of a client
pub mod key_uses; //       the last uses of API keys, until they are written
mod known_browser; //     browsers that have logged in before
pub mod login; //          the login and logout pages
pub mod login_context; //  the guard of these pages, and the layout around pages
pub mod login_required; // the login page in place of a page that needs a login
mod own_sessions; //      the page that lists the own sessions
mod password_change; //    the page to change one's own password
pub mod posted; //         the guard for posted forms
pub mod session; //        the session guards and the session cookie

use rocket::Route;

/// The routes of the login, logout and password pages.
pub fn routes() -> Vec<Route> {
    [login::routes(), federated::routes(), own_sessions::routes(), password_change::routes()].concat()
}
