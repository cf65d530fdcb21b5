//! Requests to other servers over HTTP and HTTPS. What is done with the responses is elsewhere.

mod ca_certificates; // which certificates are trusted
pub mod client; //      the client, with its limits
