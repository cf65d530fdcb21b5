//! Cached responses: their encodings, and their freshness with several servers.

mod apache;
mod encodings;
mod servers;
