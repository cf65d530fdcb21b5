//! Answers from memory: their forms, their freshness among servers, what they cost.

mod apache;
mod encodings;
mod servers;
