//! POEM as its users meet it: the real executable, a real PostgreSQL, real HTTP.

mod admin;
mod answers;
mod api;
mod architecture;
mod auth;
mod cli;
mod faults;
mod migrations;
mod operations;
mod pages;
mod registry;
mod store;
mod support;
