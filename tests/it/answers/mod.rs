//! Answers from memory: their forms, their freshness among servers, what they cost; and faults while they are served.

mod faults;
mod forms;
mod servers;
