//! A small identity provider (SAML 2.0) for `poem try` and the tests. It asks for no passwords, and no key of poem.conf
//! starts it.

mod error; //         its errors
mod markup; //        text in XML and HTML
pub mod responses; // responses to logins
pub mod signer; //    its key, and the signatures

pub use error::DemoIdpError;
