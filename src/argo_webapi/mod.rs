//! The ARGO WEB-API: reading and writing the definitions of aggregation profiles and metric profiles there.
//!
//! Only the transport: requests, responses, and the classes of failures. Who may save what, and what is kept, is decided
//! by the callers.

mod address; //     addresses of single objects
mod body; //        the JSON of responses
pub mod calls; //   the calls of one tenant
pub mod client; //  the client that all tenants share
pub mod failure; // the reason why a call failed
pub mod object; //  the kinds of objects: aggregation profiles, metric profiles
pub mod report; //  the reports that use a profile
