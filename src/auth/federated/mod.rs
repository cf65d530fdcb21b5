//! The federated login: each tenant's own, with SAML 2.0.

mod account; //       whose account it is
mod acs; //           the end of a login: the answer of the identity provider
mod begin; //         the beginning of a login
mod context; //       the guard of these addresses
mod loaded; //        both sides of one tenant, as they were read from their files
mod login_cookie; //  the cookie of a login that has begun
pub mod metadata; //  the metadata of the service provider
mod pages; //         the words of the pages
pub mod providers; // which tenants have a federated login at the moment
mod response; //      pages and redirects that nobody stores
mod single_logout; // the single logout, begun here or there

use rocket::{Route, routes};

/// The routes of the federated login.
pub fn routes() -> Vec<Route> {
    let own = routes![
        account::ask,
        account::decide,
        acs::acs,
        acs::not_a_page,
        begin::begin,
        single_logout::begin,
        single_logout::by_redirect,
        single_logout::no_form,
        single_logout::by_post,
        single_logout::no_page,
    ];
    [metadata::routes(), own].concat()
}
