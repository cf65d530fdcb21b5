//! Answers from memory: their forms, their freshness among servers, what they cost.

mod forms;
mod servers;
