//! The admin: all pages on which users read and edit in the browser.
//!
//! An entity is one file here; its lists, forms, histories and comparisons follow from its declaration ([`crud`]).

mod about;
mod aggregation;
mod aggregation_profile;
mod aggregation_remote;
mod aggregation_saves;
mod aggregation_take_over;
mod aggregation_uses;
mod api_key;
mod attention;
mod bulk_metrics;
mod bulk_profiles;
mod claims;
pub mod crud;
mod entities;
mod first_steps;
mod group;
mod help;
mod index;
mod log_entry;
mod metric;
mod metric_links;
mod metric_profile;
mod metric_uses;
mod names;
mod object_id;
mod password;
mod probe;
mod profile;
mod public;
mod rest_api;
mod routes;
mod search;
mod service;
mod theme;
mod user;
mod waiting;

use std::time::Duration;

use rocket::Request;

pub use entities::entity;
pub use routes::routes;

use crate::http::original_request::OriginalRequest;
use crate::http::timeout::{SAVE_TIMEOUT, WEB_API_SAVE_TIMEOUT};
use crate::templates::urls::{AGGREGATIONS, PROFILES};

/// Returns the time limit of a request that saves: longer if the ARGO WEB-API may take part.
pub fn save_timeout(request: &Request<'_>) -> Duration {
    let address = OriginalRequest::of(request).address();
    match address.starts_with(AGGREGATIONS) || address.starts_with(PROFILES) {
        true => WEB_API_SAVE_TIMEOUT,
        false => SAVE_TIMEOUT,
    }
}
