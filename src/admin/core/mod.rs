//! What every entity has in common: its pages, made from one declaration. No entity is named here.

pub mod about;
pub mod answer;
mod conflict;
mod delete;
pub mod differences;
pub mod entity;
mod form;
pub mod history;
pub mod kept;
pub mod list;
mod said;
mod save;
pub mod suggest;
mod versions;
pub mod visit;
pub mod widgets;

pub use about::{About, Column, Fieldset, Filter, FilterSource, Listing, Restore, Tick};
pub use answer::{Answer, Answered};
pub use entity::{Created, Declared, Entity, Extra, Found};
pub use list::Table;
pub use visit::{Inside, Public, Visit};
