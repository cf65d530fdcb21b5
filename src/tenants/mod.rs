//! The tenants that this server serves: which there are, in which state their data are, and which one a request is for.

pub mod directory; // all tenants and their states, refreshed from the database
pub mod guard; //     the tenant of a request
