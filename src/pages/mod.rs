//! Pages for people: what each template is given, typed, and the only place that renders them.
//!
//! A page is its chrome (who is looking, where, the navigation) and its content. Addresses come from here, templates
//! only show. Nothing here reads or decides.

pub mod address;
pub mod chrome;
pub mod form;
pub mod history;
pub mod list;
pub mod login;
pub mod others;
pub mod page;
pub mod samples;

pub use address::Addresses;
pub use chrome::{Chrome, Crumb, Link, Message, Tone, User};
pub use page::{CONTENT_SECURITY_POLICY, Content, Page};
