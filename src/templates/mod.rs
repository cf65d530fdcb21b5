//! The typed content of each template, and the only place that renders them.
//!
//! A page consists of its layout (viewer, navigation, breadcrumbs) and its content. URLs are made here; templates only
//! show them. Nothing here reads from the database or decides on permissions.

pub mod about_page;
pub mod api_page;
pub mod bulk_page;
pub mod compare_page;
pub mod delete_page;
pub mod error_page;
pub mod federated_page;
pub mod form_page;
pub mod help_page;
pub mod history_page;
pub mod html;
pub mod index_page;
pub mod json_page;
pub mod layout;
pub mod list_page;
pub mod login_page;
pub mod metric_profile_page;
pub mod names_page;
pub mod object_tabs;
pub mod page;
pub mod row_groups;
pub mod search_page;
pub mod services_page;
pub mod sessions_page;
pub mod sync_line;
pub mod table_fit;
pub mod urls;
pub mod used_by_page;
pub mod view_page;
pub mod waiting_line;

pub use html::CONTENT_SECURITY_POLICY;
pub use layout::{Crumb, Layout, Link, Message, MessageNote, Severity, UserView};
pub use page::{Content, Page};
pub use urls::Addresses;
