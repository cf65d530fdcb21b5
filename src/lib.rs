//! POEM: the registry of monitoring probes, metrics and profiles of the ARGO framework.
//!
//! The map; ARCHITECTURE.md tells how the rooms hang together and who may import whom.

pub mod admin; //      pages for people: everything they read and edit in the browser
pub mod answers; //    answers for machines, kept ready in memory
pub mod api; //        REST API: v2, v2/internal, v0.2
pub mod app; //        builds the server: the only place that mounts, attaches and manages
pub mod auth; //       who is asking: tenant, API key, session; guards and fairings
pub mod cli; //        the commands, one file each
pub mod config; //     poem.conf and the secret key's file
pub mod domain; //     what POEM knows, pure: no I/O, no web framework, no SQL
pub mod error; //      an error of any room -> an HTTP answer
pub mod logging; //    poem.log and syslog: one line per event
pub mod operations; // for whoever watches the server: health, metrics; at an address of their own
pub mod pages; //      what each template is given; the only place that renders
pub mod registry; //   operations: rule + SQL + log entry, in one transaction
pub mod store; //      SQL and nothing else
pub mod sync; //       fetching from outside, over HTTP and HTTPS
pub mod transfer; //   data in and out: dumps of POEM 2.3, profiles as JSON, demo data
pub mod trial; //      a private PostgreSQL for trying POEM out and for the tests
