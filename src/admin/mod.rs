//! The admin: all pages on which users read and edit in the browser.
//!
//! An entity is one file here; its lists, forms, histories and comparisons follow from its declaration ([`crud`]).

mod aggregation;
mod api_key;
mod claims;
pub mod crud;
mod entities;
mod group;
mod index;
mod log_entry;
mod metric;
mod metric_links;
mod names;
mod object_id;
mod password;
mod probe;
mod profile;
mod public;
mod routes;
mod search;
mod service;
mod user;
mod waiting;

pub use entities::entity;
pub use routes::routes;
