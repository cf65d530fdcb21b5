//! The pages for people, without a database: every template with every sample, what templates may not hold, and the
//! files they need.

mod files;
mod hygiene;
mod rendered;
mod samples;
