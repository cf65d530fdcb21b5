//! Requests to other servers over HTTP and HTTPS. The callers interpret the responses.

pub mod ca_certificates; //    the CA certificates that are trusted
pub mod client; //             the client, with limits of time and size
pub mod client_certificate; // the certificate with which POEM identifies itself
pub mod error; //              the reason why nothing was fetched
pub mod exchange; //           one request and its response, with a token
mod tls_failure; //            why the certificate of a server is not trusted
pub mod url_text; //           addresses in messages, without secrets
