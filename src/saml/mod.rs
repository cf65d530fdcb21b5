//! SAML 2.0 as a service provider speaks it: metadata of both sides, messages, signatures and bindings.
//!
//! Nothing here knows requests or the database. The routes are in `auth::federated`, the accounts in
//! `registry::federated_login`. The crate samael does what xmlsec does (XML signatures); where it is less strict than the
//! federated login needs, the code is here.

pub mod assertion; //         the checks of a verified assertion
pub mod attribute_names; //   the names that attributes have in messages
pub mod attributes; //        the attributes of an assertion, and the person that they describe
pub mod authn_request; //     the message that begins a login
pub mod base64; //            base64, strictly
pub mod certificate; //       certificates, ours and theirs
pub mod datetime; //          times in messages
pub mod federation; //        both sides of one tenant, read from their files
pub mod identity_provider; // the identity provider, as its metadata describe it
pub mod logout; //            the messages of the single logout
pub mod message; //           the parts that messages have in common
pub mod names; //             namespaces, bindings, formats
pub mod new_key; //           a new key for the service provider
pub mod post_binding; //      messages in forms
pub mod redirect_binding; //  messages in the query of an address
pub mod refusal; //           the reasons why a message is refused
pub mod response; //          the message that ends a login
pub mod self_test; //         the test of the library that verifies XML signatures
pub mod service_provider; //  this POEM, as one tenant shows it to its identity provider
pub mod signed_metadata; //   metadata with an XML signature
pub mod signing_key; //       the certificate and the private key of the service provider
pub mod sp_metadata; //       the metadata of the service provider
pub mod xml; //               reading and writing the XML of messages
pub mod xml_signature; //     XML signatures
