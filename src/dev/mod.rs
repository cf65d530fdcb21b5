//! For `poem try` and the tests: a private PostgreSQL, and demo data.

pub mod demo; //     what `poem try` shows
mod error; //        what can go wrong
pub mod postgres; // the private PostgreSQL itself
mod programs; //     its programs: initdb and postgres
mod run_as_user; //  the user that the server runs as
mod server; //       the running server process
mod socket; //       its socket

pub use error::DevError;
pub use server::end_with_parent;
