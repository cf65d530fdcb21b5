//! The pages without a database: every template with every sample, the rules for templates, and the static files.

mod colors;
mod files;
mod hygiene;
mod rendered;
mod samples;
