//! The pages for people, without a server: every template with every sample, and what templates may not hold.

mod hygiene;
mod rendered;
