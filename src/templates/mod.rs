//! What each template is given, typed, and the only place that renders them.
//!
//! A page is its layout (who is looking, where, the navigation) and its content. URLs come from here; templates only
//! show. Nothing here reads or decides.

pub mod delete_page;
pub mod error_page;
pub mod form_page;
pub mod history_page;
pub mod index_page;
pub mod layout;
pub mod list_page;
pub mod login_page;
pub mod page;
pub mod search_page;
pub mod services_page;
pub mod urls;

pub use layout::{Crumb, Layout, Link, Message, Tone, UserView};
pub use page::{CONTENT_SECURITY_POLICY, Content, Page};
pub use urls::Addresses;
