//! POEM as its users meet it: the real executable, a real PostgreSQL, real HTTP. Modules follow the tree of addresses and
//! commands. `registry`, `store` and `architecture` are the exception: they call the library, or read its source.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the output of tests")]
// Helpers of tests may fail a test, and call the C library (atexit, prlimit).
#![allow(clippy::unwrap_used, unsafe_code)]

mod admin;
mod api;
mod architecture;
mod auth;
mod cache;
mod cli;
mod dev;
mod faults;
mod federated_attacks;
mod federated_login;
mod federation;
mod management;
mod migrations;
mod registry;
mod saml;
mod store;
mod support;
mod sync;
mod templates;
mod vhost;
mod webapi_sync;
