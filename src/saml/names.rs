//! The URIs of SAML 2.0 and XML signatures.

/// The namespace of messages, usually with the prefix `samlp`.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of assertions, usually with the prefix `saml`.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of metadata, usually with the prefix `md`.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// The namespace of names and descriptions for people in metadata, usually with the prefix `mdui`.
pub const METADATA_UI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
/// The namespace of XML signatures, usually with the prefix `ds`.
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The binding that sends a message in the query of a redirect.
pub const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// The binding that sends a message in a form.
pub const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// The format of an issuer that is named by its entity id.
pub const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// The status of a request that was fulfilled.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
