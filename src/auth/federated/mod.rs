//! The federated login: each tenant's own, with SAML 2.0.

mod loaded; //        both sides of one tenant, as they were read from their files
pub mod metadata; //  the metadata of the service provider
pub mod providers; // which tenants have a federated login at the moment

use rocket::Route;

/// The routes of the federated login.
pub fn routes() -> Vec<Route> {
    metadata::routes()
}
