//! Logins with SAML2 at real identity providers of others.

mod accounts;
mod logouts;
mod rollover;
mod simplesamlphp;
mod site;
