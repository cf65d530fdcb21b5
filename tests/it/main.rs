//! POEM as its users meet it: the real executable, a real PostgreSQL, real HTTP.

mod answers;
mod api;
mod architecture;
mod cli;
mod migrations;
mod operations;
mod registry;
mod support;
