//! Feeds from outside: service types, VOs and services. Fetching, reading and the words about it; `registry::sync` writes.

mod encoding; //       bytes to text
pub mod fetch; //      the addresses of all tenants, at most four at a time
pub mod services; //   the JSON feed of services
mod text; //           quotations of a feed in messages
pub mod vos; //        the XML feed of VOs
pub mod words; //      log lines and the output of --dry-run
pub mod xml_feed; //   the XML feed of service types, and what both XML feeds share
