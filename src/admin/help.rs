//! The help, for users and visitors. Its links lead to what the viewer may open.

use super::crud::{PageResult, RequestContext, response};
use crate::domain::model::object_kind::{KINDS, KindInfo};
use crate::domain::model::policy::Action;
use crate::templates::Page;
use crate::templates::help_page::HelpPage;
use crate::templates::urls::{LOG_ENTRIES, SEARCH};

/// Returns the help.
pub fn page(context: &RequestContext<'_>) -> PageResult {
    let viewer = context.viewer.as_ref();
    let open = |may_open: bool, address: String| if may_open { address } else { String::new() };
    let of_kind = |info: &KindInfo| {
        let list = open(context.allows(info.kind, Action::View), context.at().list(info.kind));
        let form = open(context.allows(info.kind, Action::StartAdding), context.at().addition(info.kind));
        [(info.slug.to_owned(), list), (format!("add_{}", info.slug), form)]
    };
    let log = open(viewer.is_some_and(|viewer| viewer.is_superuser), LOG_ENTRIES.to_owned());
    let search = open(viewer.is_some(), SEARCH.to_owned());
    let others = [("log", log), ("search", search)].map(|(name, address)| (name.to_owned(), address));
    let at = KINDS.iter().flat_map(of_kind).chain(others).collect();
    response::page(Page::new(context.layout("Help", &[("Help", "")]), HelpPage { at }))
}
