//! The private PostgreSQL, the demo data, the demo identity provider and the demo ARGO WEB-API of `poem try` and the
//! tests.

pub mod demo; //              the demo data of `poem try`
mod error; //                 the errors of the private PostgreSQL
pub mod identity_provider; // the demo identity provider
pub mod postgres; //          the private cluster
mod run_as_user; //           the user that the server runs as
mod server; //                the running server process
mod server_programs; //       the programs initdb and postgres
mod socket; //                the directory of its socket
pub mod webapi; //            the demo ARGO WEB-API

pub use error::DevError;
pub use server::end_with_parent;
