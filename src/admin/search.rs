//! The search over everything a viewer may see.

use super::core::address::SEARCH;
use super::core::{Answered, Visit, answer};
use super::entity;
use crate::domain::log_entry::ObjectKind;
use crate::pages::others::{Findings, Found, SearchPage};
use crate::pages::{Link, Page};
use crate::store::search::{self, FoundKind};

/// Objects of a kind that are shown; the list has the others.
const SHOWN: i64 = 10;
/// More nobody means.
const LONGEST: usize = 200;

/// `?q=`: in names, and what else things go by.
pub async fn page(visit: &Visit<'_>) -> Answered {
    let viewer = visit.viewer()?;
    let query: String = visit.query("q").unwrap_or_default().trim().chars().take(LONGEST).collect();
    let mut tx = visit.read().await?;
    let found = search::everything(tx.conn(), &query, viewer.is_superuser, SHOWN).await?;
    let mut findings: Vec<Findings> = Vec::new();
    let mut kind = None;
    for one in found {
        if kind != Some(one.kind) {
            kind = Some(one.kind);
            findings.push(of_kind(visit, one.kind, (&query, one.total)));
        }
        if let Some(findings) = findings.last_mut() {
            findings.found.push(Found { link: link(visit, &one), note: one.note });
        }
    }
    let content = SearchPage { action: SEARCH.to_owned(), query, findings };
    answer::page(Page::new(visit.chrome("Search", &[("Search", "")]), content))
}

/// What is said above the findings of a kind.
fn of_kind(visit: &Visit<'_>, kind: FoundKind, (query, total): (&str, i64)) -> Findings {
    let (label, list) = match kind {
        FoundKind::Vo => ("Virtual organizations", String::new()),
        FoundKind::ServiceFlavour => ("Service flavours", String::new()),
        FoundKind::Object(kind) => {
            (entity(kind).map_or("Services", |entity| entity.about().many), visit.at().list(kind))
        }
    };
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let all = if list.is_empty() { list } else { format!("{list}?q={query}") };
    Findings { label: label.to_owned(), total, found: Vec::new(), all }
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
