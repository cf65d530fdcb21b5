//! HTTP, below everything that knows tenants or users: the request as it came, the gate before all routes, bodies in and
//! out, time limits, and the fairing of the database.

pub mod body; //             the body of a form
pub mod client_ip; //        the client's address and scheme, as trusted proxies report them
pub mod database; //         the pool of connections that requests share
pub mod encoded_body; //     JSON, plain and compressed, with its ETags
pub mod log_fields; //       what guards leave for the request log and the metrics
pub mod original_request; // the request as it came, before it is rewritten
pub mod redirect; //         302 and 303
pub mod request_gate; //     Host and slashes: whether a request is served at all
pub mod request_log; //      one log line a request
pub mod static_files; //     static files with their ETags
pub mod timeout; //          how long a request may take
