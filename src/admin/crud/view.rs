//! The page of an object that is only read: its fields as text, with links, and the facts next to them.

use super::entity_admin::EntityAdmin;
use super::form;
use super::list_return;
use super::object_tabs;
use super::remote_view;
use super::request_context::RequestContext;
use super::response::{self, PageResult};
use super::widgets;
use crate::blocking::in_place;
use crate::domain::model::policy::Action;
use crate::error::NOT_FOUND;
use crate::templates::Page;
use crate::templates::form_page::InfoLine;
use crate::templates::object_tabs::ObjectTab;
use crate::templates::view_page::ViewPage;

/// Returns the page of an object.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let (mut tx, found, remote) = remote_view::opened(entity, context, tx, found).await?;
    let content = &found.loaded.content;
    let remote = remote.for_content(content);
    let mut facts = entity.facts(tx.conn(), &found.loaded, context).await?;
    let group = entity.group(content);
    if !context.allows(options.kind, Action::StartChanging { group }) {
        let text = form::who_can_change(group);
        facts.push(InfoLine { label: "Changes".to_owned(), text, links: Vec::new() });
    }
    let links = entity.links(tx.conn(), content, context).await?;
    tx.commit().await?;
    let mut fieldsets = in_place(|| widgets::read_only(entity, context, content));
    links.set(&mut fieldsets);
    let (object, tag) = entity.heading(content);
    let is_unavailable = !remote.read_only.is_empty();
    let list = list_return::address(options, context);
    let layout = context.layout(
        &format!("{} | {}", found.name, options.kind.info().title()),
        &[(options.kind.info().many, &list), (&found.name, "")],
    );
    let content = ViewPage {
        kind: options.kind.info().title(),
        object,
        tag,
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::View),
        tools: object_tabs::tools(entity, context, &found),
        retry: if is_unavailable { context.path.to_owned() } else { String::new() },
        notes: is_unavailable.then_some(remote.read_only).into_iter().chain(remote.notes).collect(),
        fieldsets,
        facts: facts.into_iter().chain(remote.facts).collect(),
    };
    response::page(Page::new(layout, content))
}
