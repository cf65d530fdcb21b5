//! The generic pages of every entity, made from one declaration: list, form, save, history, versions, comparison,
//! conflict, deletion. No entity is named here.

pub mod autocomplete; //    suggestions while typing
pub mod cached_page; //     pages through the page cache
mod conflict; //            two who edited the same object
mod delete;
mod diff; //                two contents, field by field
pub mod entity; //          the pages of an entity, as the routes call them
pub mod entity_admin; //    what an entity declares
pub mod flash; //           messages that the next page shows
mod form;
mod form_fields; //         hidden fields and buttons of forms
pub mod history;
pub mod list;
pub mod list_table; //      the rows of a list
pub mod options; //         what an entity declares, apart from its fields
pub mod page_cache; //      rendered pages, kept in memory
pub mod request_context; // tenant, viewer, query: the guards of pages
pub mod response; //        what the route of a page returns
mod save;
mod versions;
pub mod widgets;

pub use entity::Entity;
pub use entity_admin::{Created, EntityAdmin, NamedObject, SaveContext};
pub use list_table::ListTable;
pub use options::{EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, Restore, SaveOption};
pub use request_context::{LoggedInPage, PublicPage, RequestContext};
pub use response::{PageResponse, PageResult};
