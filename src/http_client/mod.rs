//! Requests to other servers over HTTP and HTTPS. The callers interpret the responses.

mod ca_certificates; // the CA certificates that are trusted
pub mod client; //      the client, with limits of time and size
