//! The search over everything a viewer may see.

use super::core::visit::SEARCHED;
use super::core::{Answered, Visit, answer};
use super::{entity, service};
use crate::domain::model::log_entry::ObjectKind;
use crate::pages::address::SEARCH;
use crate::pages::others::{Findings, Found, SearchPage};
use crate::pages::{Link, Page};
use crate::store::search::{self, FoundKind};

/// Objects of a kind that are shown; the list has the others, as far as it searches the same.
const SHOWN: i64 = 10;
/// What it looks at, in words; superusers find users besides.
const IN_WORDS: &str = "names, descriptions, VOs, types and areas of services";
const IN_WORDS_OF_USERS: &str = ", e-mail addresses";

/// `?q=`: in names, and what else things go by.
pub async fn page(visit: &Visit<'_>) -> Answered {
    let viewer = visit.viewer()?;
    let query = visit.search();
    let mut tx = visit.read().await?;
    let found = search::everything(tx.conn(), &query, viewer.is_superuser, SHOWN).await?;
    let mut findings: Vec<Findings> = Vec::new();
    let mut kind = None;
    for one in found {
        if kind != Some(one.kind) {
            kind = Some(one.kind);
            findings.push(of_kind(visit, one.kind, &query, one.total));
        }
        if let Some(findings) = findings.last_mut() {
            findings.found.push(Found { link: link(visit, &one), note: one.note });
        }
    }
    let of_users = if viewer.is_superuser { IN_WORDS_OF_USERS } else { "" };
    let searched = format!("{IN_WORDS}{of_users}");
    let content = SearchPage { action: SEARCH.to_owned(), query, searched, findings };
    answer::page(Page::new(visit.chrome("Search", &[("Search", "")]), content))
}

/// What is said above the findings of a kind.
fn of_kind(visit: &Visit<'_>, kind: FoundKind, query: &str, total: i64) -> Findings {
    let (label, more) = match kind {
        FoundKind::Vo => ("Virtual organizations", Link::default()),
        FoundKind::ServiceFlavour => ("Service flavours", Link::default()),
        FoundKind::Object(kind) => {
            let (many, list) = entity(kind)
                .map_or(("Services", &service::LISTING), |entity| (entity.about().many, &entity.about().list));
            let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let href = format!("{}?{SEARCHED}={query}", visit.at().list(kind));
            (many, Link::new(format!("Search {many} by {}", list.searched), href))
        }
    };
    Findings { label: label.to_owned(), total, found: Vec::new(), more }
}

/// Where it is; VOs and flavours, which have no page, lead to the profiles and services that bear them.
fn link(visit: &Visit<'_>, found: &search::Found) -> Link {
    let filtered = |kind: ObjectKind, name: &str| {
        let pairs = form_urlencoded::Serializer::new(String::new()).append_pair(name, &found.name).finish();
        format!("{}?{pairs}", visit.at().list(kind))
    };
    let href = match found.kind {
        FoundKind::Vo => filtered(ObjectKind::Profile, "vo"),
        FoundKind::ServiceFlavour | FoundKind::Object(ObjectKind::Service) => filtered(ObjectKind::Service, "q"),
        FoundKind::Object(kind) => found.id.parse().map(|id| visit.at().change(kind, id)).unwrap_or_default(),
    };
    Link::new(found.name.clone(), href)
}
