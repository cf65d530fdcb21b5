//! POEM: the registry of monitoring probes, metrics and profiles of the ARGO framework.
//!
//! The map. ARCHITECTURE.md says how the rooms work together, and which may import which.

pub mod admin; //      pages for people: everything they read and edit in the browser
pub mod api; //        REST API: v2, v2/internal, v0.2
pub mod app; //        builds the server: the only place that mounts, attaches and manages
pub mod auth; //       who is asking: API key, login session, CSRF; the pages of the login
pub mod cache; //      the response cache of the REST API
pub mod cli; //        the commands, one file each
pub mod config; //     poem.conf and the secret key's file
pub mod domain; //     what POEM knows, pure: no I/O, no web framework, no SQL
pub mod error; //      AppError: why a request is not answered as asked
pub mod http; //       requests and responses, below everything that knows tenants or users
pub mod logging; //    poem.log and syslog: one line per event
pub mod management; // health, readiness and metrics, at an address of their own
pub mod pages; //      what each template is given; the only place that renders
pub mod registry; //   operations: rule + SQL + audit log entry, in one transaction
pub mod store; //      SQL and nothing else
pub mod sync; //       fetching from outside, over HTTP and HTTPS
pub mod tenants; //    the directory of tenants, and the tenant of a request
pub mod transfer; //   data in and out: dumps of POEM 2.3, profiles as JSON, demo data
pub mod trial; //      a private PostgreSQL for trying POEM out and for the tests
