//! The tenants of this server: the directory of all tenants, and the tenant of a request.

pub mod directory; // all tenants and their states, refreshed from the database
pub mod federated_logins; // the numbers of federated logins
pub mod guard; //     the tenant of a request
pub mod sync_states; // the states of the feeds, read in the background
