//! What the pages of an object have in common: the tabs, and the tools next to the heading.

use super::compare;
use super::entity_admin::EntityAdmin;
use super::list_return;
use super::named_object::NamedObject;
use super::request_context::RequestContext;
use crate::domain::model::policy::Action;
use crate::templates::Link;
use crate::templates::object_tabs::{ObjectTab, ObjectTabs};

/// Returns the tabs of an object for this viewer; `current` is the one of the page.
pub fn tabs<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    found: &NamedObject<D::Content>,
    current: ObjectTab,
) -> ObjectTabs {
    let (options, at, id) = (entity.options(), context.at(), found.loaded.id);
    let (kind, is_user) = (options.kind, context.viewer.is_some());
    let group = entity.group(&found.loaded.content);
    let edit = match is_user {
        true => context.allows(kind, Action::StartChanging { group }).then(|| at.change(kind, id)),
        false => context.edit_link(kind, id, group).map(|link| link.href),
    };
    let offered = [
        (ObjectTab::View, Some(at.view(kind, id))),
        (ObjectTab::Edit, edit),
        // Public pages have histories of versions only, not of log entries.
        (ObjectTab::History, (is_user || options.has_versions()).then(|| at.history(kind, id))),
        (ObjectTab::UsedBy, (is_user && entity.has_uses(context)).then(|| at.used_by(kind, id))),
        (ObjectTab::Json, is_user.then(|| at.json(kind, id))),
    ];
    let tabs = offered.into_iter().filter_map(|(tab, href)| Some((tab, list_return::carry(options, context, href?))));
    ObjectTabs::new(tabs, current, context.path)
}

/// Returns the links next to the heading of an object: what can be done with it.
pub fn tools<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, found: &NamedObject<D::Content>) -> Vec<Link> {
    let (options, at, id) = (entity.options(), context.at(), found.loaded.id);
    let group = entity.group(&found.loaded.content);
    let may_clone = options.can_clone && context.allows(options.kind, Action::Clone { group });
    let clone =
        may_clone.then(|| Link::new("Clone", list_return::carry(options, context, at.clone_of(options.kind, id))));
    let compare = compare::tool(context, options.kind, id);
    clone.into_iter().chain(compare).chain(entity.more_tools(context, id)).collect()
}
