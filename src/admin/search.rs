//! The search over everything a viewer may see.

use super::crud::request_context::SEARCHED;
use super::crud::{PageResult, RequestContext, response};
use super::entities::entity;
use super::service;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::search::{self, FoundKind};
use crate::templates::search_page::{SearchGroup, SearchHit, SearchPage};
use crate::templates::urls::SEARCH;
use crate::templates::{Link, Page};

/// Objects of a kind that are shown; the list has the others, as far as it searches the same.
const SHOWN: i64 = 10;
/// What it looks at, in words; superusers find users besides.
const IN_WORDS: &str = "names, descriptions, VOs, types and areas of services";
const IN_WORDS_OF_USERS: &str = ", e-mail addresses";

/// `?q=`: in names, and what else things go by.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    let viewer = context.viewer()?;
    let query = context.search();
    let mut tx = context.read().await?;
    let found = search::everything(tx.conn(), &query, viewer.is_superuser, SHOWN).await?;
    let mut findings: Vec<SearchGroup> = Vec::new();
    let mut kind = None;
    for one in found {
        if kind != Some(one.kind) {
            kind = Some(one.kind);
            findings.push(of_kind(context, one.kind, &query, one.total));
        }
        if let Some(findings) = findings.last_mut() {
            findings.found.push(SearchHit { link: link(context, &one), note: one.note });
        }
    }
    let of_users = if viewer.is_superuser { IN_WORDS_OF_USERS } else { "" };
    let searched = format!("{IN_WORDS}{of_users}");
    let content = SearchPage { action: SEARCH.to_owned(), query, searched, findings };
    response::page(Page::new(context.layout("Search", &[("Search", "")]), content))
}

/// What is said above the findings of a kind.
fn of_kind(context: &RequestContext<'_>, kind: FoundKind, query: &str, total: i64) -> SearchGroup {
    let (label, more) = match kind {
        FoundKind::Vo => ("Virtual organizations", Link::default()),
        FoundKind::ServiceFlavour => ("Service flavours", Link::default()),
        FoundKind::Object(kind) => {
            let many = kind.info().many;
            let list = entity(kind).map_or(&service::LIST, |entity| &entity.options().list);
            let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let href = format!("{}?{SEARCHED}={query}", context.at().list(kind));
            (many, Link::new(format!("Search {many} by {}", list.searched), href))
        }
    };
    SearchGroup { label: label.to_owned(), total, found: Vec::new(), more }
}

/// Where it is; VOs and flavours, which have no page, lead to the profiles and services that bear them.
fn link(context: &RequestContext<'_>, found: &search::SearchResult) -> Link {
    let filtered = |kind: ObjectKind, name: &str| {
        let pairs = form_urlencoded::Serializer::new(String::new()).append_pair(name, &found.name).finish();
        format!("{}?{pairs}", context.at().list(kind))
    };
    let href = match found.kind {
        FoundKind::Vo => filtered(ObjectKind::Profile, "vo"),
        FoundKind::ServiceFlavour | FoundKind::Object(ObjectKind::Service) => filtered(ObjectKind::Service, "q"),
        FoundKind::Object(kind) => found.id.parse().map(|id| context.at().change(kind, id)).unwrap_or_default(),
    };
    Link::new(found.name.clone(), href)
}
