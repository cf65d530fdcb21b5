//! A private PostgreSQL for trying POEM out and for the tests; and where PostgreSQL's programs are, which backups need.

mod account; //    who the server runs as
pub mod clients; // pg_dump and psql
mod error; //      what can go wrong, in plain words
pub mod postgres; // the private PostgreSQL itself
mod programs; //   where initdb and postgres are
mod server; //     the running server process
mod socket; //     where it is reached

pub use error::TrialError;
pub use server::end_with_parent;
