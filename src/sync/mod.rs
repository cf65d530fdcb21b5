//! Fetching from outside, over HTTP and HTTPS. What is done with what was fetched, and where it is stored, is elsewhere.

pub mod http;
mod trust;
