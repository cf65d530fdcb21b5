//! POEM: the registry of monitoring probes, metrics and profiles of the ARGO framework.
//!
//! The map. ARCHITECTURE.md says how the rooms work together, and which may import which.

pub mod admin; //      pages for people: everything they read and edit in the browser
pub mod api; //        REST API: v2, v2/internal, v0.2
pub mod app; //        builds the server: the only place that mounts, attaches and manages
pub mod auth; //       who is asking: API key, login session, CSRF; the pages of the login
pub mod backup; //     backups: file format, dump, restore
pub mod cache; //      the response cache of the REST API
pub mod cli; //        the commands, one file each
pub mod config; //     poem.conf and the secret key's file
pub mod dev; //        a private PostgreSQL and demo data, for `poem try` and the tests
pub mod domain; //     what POEM knows, pure: no I/O, no web framework, no SQL
pub mod error; //      AppError: why a request is not answered as asked
pub mod http; //       requests and responses, below everything that knows tenants or users
pub mod http_client; // requests to other servers
pub mod import_export; // dumps of POEM 2.3, profiles as JSON
pub mod logging; //    poem.log and syslog: one line per event
pub mod management; // health, readiness and metrics, at an address of their own
pub mod registry; //   operations: rule + SQL + audit log entry, in one transaction
pub mod store; //      SQL and nothing else
pub mod templates; //  what each template is given; the only place that renders
pub mod tenants; //    the directory of tenants, and the tenant of a request
