//! SAML 2.0 as a service provider speaks it: metadata of both sides, messages, signatures and bindings.
//!
//! Nothing here knows requests or the database. The routes are in `auth::federated`, the accounts in
//! `registry::federated_login`. The crate samael does what xmlsec does (XML signatures); where it is less strict than the
//! federated login needs, the code is here.

pub mod attribute_names; //   short names of attributes, and the names that they stand for
pub mod certificate; //       certificates, ours and theirs
pub mod federation; //        both sides of one tenant, read from their files
pub mod identity_provider; // the identity provider, as its metadata describe it
pub mod names; //             namespaces, bindings, formats, algorithms
pub mod new_key; //           a new key for the service provider
pub mod service_provider; //  this POEM, as one tenant shows it to its identity provider
pub mod signing_key; //       the certificate and the private key of the service provider
pub mod sp_metadata; //       the metadata of the service provider
