//! The generic pages of every entity, made from its declaration: list, form, save, history, versions, comparison,
//! conflict, deletion. No entity is named here.

pub mod autocomplete; //    suggestions while typing
mod bulk; //                changes of many objects
mod bulk_request; //        the form about many objects
pub mod bulk_store; //      the operations on many objects
mod bulk_view; //           the pages about many objects
pub mod cached_page; //     pages read through the page cache
mod compare; //             two objects of a kind side by side
mod conflict; //            two users edited the same object
mod delete;
pub mod diff; //            comparison of two contents
pub mod entity; //          the pages of an entity, as the routes call them
pub mod entity_admin; //    the declaration of an entity
pub mod export; //          lists as files
pub mod form;
pub mod form_fields; //         hidden fields and buttons of forms
pub mod form_input; //          input, messages and choices of a form
mod form_places; //         places of a form: their order and names
pub mod history;
mod import; //              forms that are filled from a file
pub mod list;
mod list_columns; //        columns of a list that are shown on request
mod list_query; //          the address of a list
mod list_return; //         back to the list as it was
pub mod list_size; //         the number of rows on a page
pub mod list_table; //      the rows of a list
mod named_object; //        an object as pages have loaded it
pub mod new_names; //       new names in forms: marked, and asked for before a save
pub mod object_json; //         an object as JSON
mod object_tabs; //         the tabs and tools of an object
mod old_filters; //         filters in bookmarks of POEM 2.3
mod old_version; //         one stored version of an object
pub mod options; //         the declaration apart from the fields
pub mod page_cache; //      rendered pages in memory
pub mod remote_store; //  objects that another server stores as well
mod remote_view; //         what forms show of the other server
pub mod repeat; //          forms that are sent twice
pub mod request_context; // tenant, viewer and query; the guards of pages
pub mod response; //        the result of the route of a page
mod row_group_widget; //    groups of rows
mod save; //                new objects
mod save_change; //         changes of objects
mod save_input; //          the input of posted forms
pub mod undelete; //        objects that were deleted
mod undo; //                undoing the last action on an object
mod used_by; //             the objects that use an object
mod versions;
mod view; //                the page of an object that is only read
pub mod widgets;

pub use bulk_store::BulkStore;
pub use entity::Entity;
pub use entity_admin::{CellLinks, Created, EntityAdmin, SaveContext};
pub use list_table::ListTable;
pub use named_object::NamedObject;
pub use options::{EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, Restore, SaveOption};
pub use request_context::{LoggedInPage, OpenPage, PublicPage, RequestContext};
pub use response::{PageResponse, PageResult};
