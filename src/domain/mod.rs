//! The pure rules of POEM: objects, forms, security and web addresses. No I/O, no web framework, no SQL.

pub mod form; //     fields, submitted values, validation errors: the engine of every form
pub mod model; //    probes, metrics, profiles and the other objects, their rules, and the permissions to change them
pub mod security; // keys, secrets, passwords, the rate limit of logins
pub mod web; //      hosts, paths, redirect targets
