//! The page of the objects that use an object.

use super::entity_admin::EntityAdmin;
use super::history;
use super::object_tabs;
use super::request_context::RequestContext;
use super::response::{self, PageResult};
use crate::domain::model::policy::Action;
use crate::error::NOT_FOUND;
use crate::templates::Page;
use crate::templates::object_tabs::ObjectTab;
use crate::templates::used_by_page::{UseSection, UsedByPage};

/// The most objects that a section shows; further ones are counted.
const MOST_ROWS: usize = 300;

/// Returns the page; 404 for objects that others cannot use.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let info = entity.options().kind.info();
    context.may(info.kind, Action::View)?;
    if !entity.has_uses(context) {
        return Err(NOT_FOUND);
    }
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let sections = entity.uses(tx.conn(), &found.loaded, context).await?;
    tx.commit().await?;
    let (object, tag) = entity.heading(&found.loaded.content);
    let layout = history::layout(entity, context, &found, &[("Used by", "")]);
    let content = UsedByPage {
        kind: info.title(),
        object,
        tag,
        tabs: object_tabs::tabs(entity, context, &found, ObjectTab::UsedBy),
        sections: sections.into_iter().filter(|section| !section.rows.is_empty()).map(bounded).collect(),
        none: format!("Nothing uses this {}.", info.one),
    };
    response::page(Page::new(layout, content))
}

fn bounded(mut section: UseSection) -> UseSection {
    section.more = section.rows.len().saturating_sub(MOST_ROWS);
    section.rows.truncate(MOST_ROWS);
    section
}
