//! A private PostgreSQL for trying POEM out and for the tests: nothing of it is needed in production.

mod account; //    who the server runs as
mod error; //      what can go wrong, in plain words
pub mod postgres; // the private PostgreSQL itself
mod programs; //   where initdb and postgres are
mod server; //     the running server process
mod socket; //     where it is reached

pub use error::TrialError;
