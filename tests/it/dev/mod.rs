//! What `poem try` starts beside POEM itself.

mod identity_provider;
mod trying;
mod webapi;
mod webapi_client;
