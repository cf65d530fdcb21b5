//! The private PostgreSQL and the demo data of `poem try` and the tests.

pub mod demo; //     the demo data of `poem try`
mod error; //        the errors of this module
pub mod postgres; // the private cluster
mod run_as_user; //  the user that the server runs as
mod server; //       the running server process
mod server_programs; //     the programs initdb and postgres
mod socket; //       the directory of its socket

pub use error::DevError;
pub use server::end_with_parent;
