//! The comparison of two objects of one kind, and the page on which the second is chosen.
//!
//! The address has the two objects as `?a=ID&b=ID`, or as `?pick=ID&pick=ID` from the ticked rows of a list.

use super::diff;
use super::entity_admin::EntityAdmin;
use super::request_context::RequestContext;
use super::response::{self, PageResponse, PageResult};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::undelete::can_return;
use crate::store::counterparts::{self, Counterpart};
use crate::templates::compare_page::{CompareObjectsPage, CompareWithPage};
use crate::templates::{Addresses, Link, Page};

/// The parameter with the object on the left.
const LEFT: &str = "a";
/// The parameter with the object on the right.
const RIGHT: &str = "b";
/// The parameter with an object that is ticked in a list.
const PICK: &str = "pick";
/// The maximum number of objects that a search finds.
const MOST_FOUND: i64 = 20;

/// Returns true if objects of this kind can be compared. Users and API keys are more than their pages show.
fn can_compare(kind: ObjectKind) -> bool {
    can_return(kind) || kind == ObjectKind::Aggregation
}

/// Returns the link of an object's page to its comparisons; `None` on public pages.
pub fn tool(context: &RequestContext<'_>, kind: ObjectKind, id: i64) -> Option<Link> {
    let is_offered = can_compare(kind) && context.viewer.is_some();
    is_offered.then(|| Link::new("Compare with…", with(context, kind, id)))
}

fn with(context: &RequestContext<'_>, kind: ObjectKind, id: i64) -> String {
    format!("{}?{LEFT}={id}", context.at().compare_objects(kind))
}

/// Returns the address of the comparison of two objects.
pub fn address(at: Addresses, kind: ObjectKind, (a, b): (i64, i64)) -> String {
    format!("{}?{LEFT}={a}&{RIGHT}={b}", at.compare_objects(kind))
}

/// Returns the ids in the address, in order: those that are ticked, or else the left and the right one.
///
/// # Errors
/// 404 for what is no id.
fn ids(context: &RequestContext<'_>) -> Result<Vec<i64>, AppError> {
    let picks: Vec<&str> = context.query_all(PICK).collect();
    let sides = [LEFT, RIGHT].into_iter().filter_map(|side| context.query(side));
    let asked = if picks.is_empty() { sides.collect() } else { picks };
    asked.into_iter().map(|id| id.parse().map_err(|_| NOT_FOUND)).collect()
}

/// Returns the part of the address that a cached page depends on.
pub fn cache_key(context: &RequestContext<'_>) -> String {
    let known = context.pairs().iter().filter(|(name, _)| [LEFT, RIGHT, PICK].contains(&name.as_str()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish() + &context.search()
}

/// Returns the comparison of the two objects in the address, or the page on which a second one is chosen.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> PageResult {
    let info = entity.options().kind.info();
    context.may(info.kind, Action::View)?;
    if !can_compare(info.kind) {
        return Err(NOT_FOUND);
    }
    match ids(context)?[..] {
        [a, b] if a != b => compare(entity, context, (a, b)).await,
        [a] if context.viewer.is_some() && context.query(LEFT).is_some() => choose(entity, context, a).await,
        ref ids => {
            let words = format!("Choose two {} to compare: {} chosen.", info.plural(), number_of(ids));
            match context.viewer {
                Some(_) => Ok(PageResponse::refusal(context.at().list(info.kind), words)),
                None => Err(AppError::Malformed(words)),
            }
        }
    }
}

fn number_of(ids: &[i64]) -> String {
    match ids {
        [] => "none is".to_owned(),
        [first, rest @ ..] if rest.iter().all(|id| id == first) => "only one is".to_owned(),
        _ => format!("{} are", ids.len()),
    }
}

async fn compare<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, (a, b): (i64, i64)) -> PageResult {
    let info = entity.options().kind.info();
    let mut tx = context.read().await?;
    let left = entity.load(tx.conn(), a).await?.ok_or(NOT_FOUND)?;
    let right = entity.load(tx.conn(), b).await?.ok_or(NOT_FOUND)?;
    let labels = counterparts::of_ids(tx.conn(), info.kind, &[a, b]).await?;
    tx.commit().await?;
    let link = |id: i64| {
        let label = labels.iter().find(|object| object.id == id).map(|object| object.label.clone());
        Link::new(label.unwrap_or_default(), context.at().view(info.kind, id))
    };
    let (before, after) = (link(a), link(b));
    let all = diff::compare(entity.fields(), left.content, right.content).await;
    let (same, differences) = all.into_iter().partition(|change| change.change == "same");
    let title = format!("Compare {} and {}", before.label, after.label);
    let list = context.at().list(info.kind);
    let layout = context.layout(&title, &[(info.many, list.as_str()), (&before.label, &before.href), ("Compare", "")]);
    let other_side = if info.is_public { address(context.other_side(), info.kind, (a, b)) } else { String::new() };
    let layout = context.beside(layout, &other_side);
    let page = CompareObjectsPage {
        kind: format!("Compare {}", info.plural()),
        swap: Link::new("Swap sides", address(context.at(), info.kind, (b, a))),
        another: tool(context, info.kind, a),
        left: before,
        right: after,
        differences,
        same,
    };
    response::page(Page::new(layout, page))
}

/// Returns the page that offers the objects to compare one with.
async fn choose<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let info = entity.options().kind.info();
    let (kind, search) = (info.kind, context.search());
    let mut tx = context.read().await?;
    let this = counterparts::of_ids(tx.conn(), kind, &[id]).await?.pop().ok_or(NOT_FOUND)?;
    let related = counterparts::related(tx.conn(), kind, id).await?;
    let found = match search.is_empty() {
        true => Vec::new(),
        false => counterparts::search(tx.conn(), (kind, id), &search, MOST_FOUND).await?,
    };
    tx.commit().await?;
    let links = |objects: Vec<Counterpart>| {
        let link = |object: Counterpart| Link::new(object.label, address(context.at(), kind, (id, object.id)));
        objects.into_iter().map(link).collect::<Vec<_>>()
    };
    let (list, form) = (context.at().list(kind), context.at().view(kind, id));
    let layout = context.layout(
        &format!("Compare {} with", this.label),
        &[(info.many, list.as_str()), (&this.label, &form), ("Compare", "")],
    );
    let page = CompareWithPage {
        kind: format!("Compare the {}", info.one),
        many: info.plural(),
        action: context.at().compare_objects(kind),
        id: id.to_string(),
        is_cut: found.len() == usize::try_from(MOST_FOUND).unwrap_or(usize::MAX),
        object: Link::new(this.label, form),
        related: links(related),
        found: links(found),
        search,
    };
    response::page(Page::new(layout, page))
}
