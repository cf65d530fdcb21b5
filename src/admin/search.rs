//! The search over everything that the viewer may see.

use super::crud::request_context::SEARCHED;
use super::crud::{PageResult, RequestContext, response};
use crate::domain::model::object_kind::ObjectKind;
use crate::store::search::{self, FoundKind};
use crate::templates::search_page::{SearchGroup, SearchHit, SearchPage};
use crate::templates::urls::SEARCH;
use crate::templates::{Link, Page};

/// The maximum number of objects of each kind; the list may have more, but searches fewer fields.
const SHOWN: i64 = 10;
/// The searched fields, in words.
const SEARCHED_FIELDS: &str = "names, descriptions, VOs, types and areas of services";
/// The additional fields that are searched for superusers, who also find users.
const SEARCHED_USER_FIELDS: &str = ", e-mail addresses";

/// Returns the results of `?q=`, grouped by kind.
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
    let of_users = if viewer.is_superuser { SEARCHED_USER_FIELDS } else { "" };
    let searched = format!("{SEARCHED_FIELDS}{of_users}");
    let content = SearchPage { action: SEARCH.to_owned(), query, searched, findings };
    response::page(Page::new(context.layout("Search", &[("Search", "")]), content))
}

/// Returns a group without results yet: its heading, and the link to the list with the same search.
fn of_kind(context: &RequestContext<'_>, kind: FoundKind, query: &str, total: i64) -> SearchGroup {
    let (label, more) = match kind {
        FoundKind::Vo => ("Virtual organizations", Link::default()),
        FoundKind::ServiceFlavour => ("Service flavours", Link::default()),
        FoundKind::Object(kind) => {
            let info = kind.info();
            let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let href = format!("{}?{SEARCHED}={query}", context.at().list(kind));
            (info.many, Link::new(format!("Show more {}", info.plural()), href))
        }
    };
    SearchGroup { label: label.to_owned(), total, found: Vec::new(), more }
}

/// Returns the link to a match; VOs and flavours, which have no page, lead to the profiles and services that have them.
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
