//! POEM: the registry of monitoring probes, metrics and profiles of the ARGO framework.
//!
//! ARCHITECTURE.md explains how these modules work together, and which may import which.

pub mod admin; //      the pages that users read and edit in the browser
pub mod api; //        REST API: v2, v2/internal, v0.2
pub mod app; //        builds the server: the only place that mounts, attaches and manages
pub mod argo_webapi; // the ARGO WEB-API: reading and writing definitions there
pub mod auth; //       authentication: API key, login session, CSRF; the login, logout and password pages
pub mod backup; //     backups: file format, dump, restore
pub mod blocking; //   long work on threads of its own
pub mod cache; //      the response cache of the REST API
pub mod cli; //        the commands, one file each
pub mod config; //     poem.conf and the file of the secret key
pub mod dev; //        a private PostgreSQL and demo data, for `poem try` and the tests
pub mod domain; //     the rules of POEM, pure: no I/O, no web framework, no SQL
pub mod error; //      AppError: the reason why a request fails
pub mod http; //       requests and responses, without tenants and users
pub mod http_client; // requests to other servers
pub mod import_export; // dumps of POEM 2.3, profiles as JSON
pub mod logging; //    poem.log and syslog: one line per event
pub mod management; // health, readiness and metrics, at a separate address
pub mod output; //     standard output and standard error: the only file that writes to them
pub mod registry; //   operations: rule + SQL + audit log entry, in one transaction
pub mod saml; //       SAML 2.0: metadata, messages, signatures, bindings
pub mod store; //      SQL and nothing else
pub mod sync; //       feeds from outside: fetching and reading VOs, service types, services
pub mod templates; //  the data of each template; the only place that renders
pub mod tenants; //    the directory of tenants, and the tenant of a request
pub mod webapi_sync; // keeps POEM's database and the ARGO WEB-API in step
