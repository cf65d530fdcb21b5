//! HTTP without tenants and users: the original request, the gate before all routes, request and response bodies, time
//! limits, and the database fairing.

pub mod body; //             the body of a form
pub mod client_ip; //        the client's address and scheme, as trusted proxies report them
pub mod cookies; //          the cookies of a request, and POEM's own
pub mod database; //         the pool of database connections that requests share
pub mod download; //         a file to save
pub mod encoded_body; //     JSON, plain and compressed, with its ETags
pub mod icons; //            the icons of tenants
pub mod log_fields; //       facts about a request for the request log and the metrics
pub mod method_override; //  undoes the methods that forms ask for
pub mod original_request; // the request before the gate rewrites its path
pub mod redirect; //         302 and 303
pub mod request_gate; //     checks Host and slashes: serve, redirect or refuse
pub mod request_log; //      the access log: one line per request
pub mod static_files; //     static files with ETags
pub mod timeout; //          time limits of requests
