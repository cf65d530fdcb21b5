//! Logins with SAML2 at real identity providers of others.

mod simplesamlphp;
