//! The search over everything that the viewer may see: the first results of each kind, or with `?kind=` all of one kind.

use super::crud::list::{PAGE, paging};
use super::crud::list_size::PageSize;
use super::crud::request_context::SEARCHED;
use super::crud::{PageResult, RequestContext, cached_page, response};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::search_text::SearchText;
use crate::store::search::{self, FoundKind, FoundText, SearchParams, SearchResult, SearchScope};
use crate::templates::search_page::{FoundPlace, SearchGroup, SearchHit, SearchPage};
use crate::templates::{Addresses, Link, Page};

/// The number of results of each kind if no kind is chosen.
const SHOWN: i64 = 10;
/// The name of the chosen kind in the address.
const KIND: &str = "kind";
/// The searched fields, in words.
const SEARCHED_FIELDS: &str = "names, settings, executables, parents, tuples, URLs, descriptions, comments";
/// The additional fields that are searched for superusers, who also find users.
const SEARCHED_USER_FIELDS: &str = ", e-mail addresses";

/// The places in which texts are found, as the database names them and in words before the key.
const PLACES: [(&str, &str); 19] = [
    ("executable", "in executable"),
    ("parent", "in parent"),
    ("probe", "in probe"),
    ("type", "in type"),
    ("config", "in configuration"),
    ("attribute", "in attribute"),
    ("dependency", "in dependency"),
    ("parameter", "in parameter"),
    ("flags", "in flag"),
    ("file_attribute", "in file attribute"),
    ("file_parameter", "in file parameter"),
    ("version", "in version"),
    ("description", "in description"),
    ("repository", "in repository"),
    ("documentation", "in documentation"),
    ("comment", "in comment"),
    ("vo", "in VO"),
    ("tuple", "in tuple"),
    ("email", "in e-mail address"),
];

/// Returns the results of `?q=`, grouped by kind. Public ones are cached, as all public pages; those of users may have
/// users and groups, whose changes do not drop cached pages.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    match context.viewer {
        None => cached_page::page(context, cache_key(context), render(context)).await,
        Some(_) => render(context).await,
    }
}

/// Returns what a page depends on: searches that differ only in white space, or in what is unknown, are the same.
fn cache_key(context: &RequestContext<'_>) -> String {
    address(context.at(), &search_text(context), kind(context), page_number(context))
}

async fn render(context: &RequestContext<'_>) -> PageResult {
    let (text, kind, page) = (search_text(context), kind(context), page_number(context));
    let scope = match &context.viewer {
        None => SearchScope::Public,
        Some(viewer) if viewer.is_superuser => SearchScope::Superuser,
        Some(_) => SearchScope::User,
    };
    let page_size = if kind.is_some() { PageSize::default().rows } else { SHOWN };
    let mut tx = context.read().await?;
    let params = SearchParams { text: &text, scope, kind, page, page_size };
    let found = search::everything(tx.conn(), params).await?;
    tx.commit().await?;
    let of_users = if scope == SearchScope::Superuser { SEARCHED_USER_FIELDS } else { "" };
    let at = context.at();
    let page_address = |number: String| address(at, &text, kind, number.parse().unwrap_or(1));
    let total = found.first().filter(|_| kind.is_some()).map_or(0, |first| first.total);
    let content = SearchPage {
        action: at.search().to_owned(),
        query: text.as_str().to_owned(),
        searched: format!("{SEARCHED_FIELDS}{of_users}"),
        is_cut: text.is_cut(),
        all_kinds: kind.map(|_| Link::new("Show results of all kinds", address(at, &text, None, 1))),
        paging: kind.map(|_| paging((total, page, PageSize::default()), page_address)),
        findings: groups(context, &text, found),
    };
    let other_side = address(context.other_side(), &text, kind, page);
    let layout = context.beside(context.layout("Search", &[("Search", "")]), &other_side);
    response::page(Page::new(layout, content))
}

fn search_text(context: &RequestContext<'_>) -> SearchText {
    SearchText::parse(context.query(SEARCHED).unwrap_or_default())
}

/// Returns the chosen kind; `None` if the address has none that is known.
fn kind(context: &RequestContext<'_>) -> Option<FoundKind> {
    context.query(KIND).and_then(FoundKind::parse)
}

/// Returns the number of the page of the chosen kind; without one, there are only the first results.
fn page_number(context: &RequestContext<'_>) -> i64 {
    let number = context.query(PAGE).and_then(|number| number.parse().ok());
    number.filter(|_| kind(context).is_some()).unwrap_or(1).clamp(1, i64::from(i32::MAX))
}

/// Returns the address of a page of results, without parameters that are as usual.
fn address(at: Addresses, text: &SearchText, kind: Option<FoundKind>, page: i64) -> String {
    let page = if page > 1 { page.to_string() } else { String::new() };
    let pairs = [(SEARCHED, text.as_str()), (KIND, kind.map_or("", FoundKind::as_str)), (PAGE, &page)];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { at.search().to_owned() } else { format!("{}?{query}", at.search()) }
}

/// Returns the results, a group for each kind, with the link to all of its results.
fn groups(context: &RequestContext<'_>, text: &SearchText, found: Vec<SearchResult>) -> Vec<SearchGroup> {
    let mut groups: Vec<SearchGroup> = Vec::new();
    let mut kind = None;
    for one in found {
        if kind != Some(one.kind) {
            kind = Some(one.kind);
            let (label, plural) = names(one.kind);
            let more =
                Link::new(format!("Show all {} {plural}", one.total), address(context.at(), text, Some(one.kind), 1));
            groups.push(SearchGroup { label, total: one.total, found: Vec::new(), more });
        }
        if let Some(group) = groups.last_mut() {
            group.found.push(hit(context, text, one));
        }
    }
    groups
}

/// Returns the names of a kind as a heading, and in the middle of a sentence.
fn names(kind: FoundKind) -> (String, String) {
    match kind {
        FoundKind::Vo => ("Virtual organizations".to_owned(), "virtual organizations".to_owned()),
        FoundKind::ServiceFlavour => ("Service flavours".to_owned(), "service flavours".to_owned()),
        FoundKind::Object(kind) => (kind.info().many.to_owned(), kind.info().plural()),
    }
}

fn hit(context: &RequestContext<'_>, text: &SearchText, found: SearchResult) -> SearchHit {
    let place = |one: &FoundText| FoundPlace {
        place: words(&one.place, found.kind).to_owned(),
        key: text.marked(&one.key),
        text: text.marked(&one.text),
    };
    SearchHit {
        href: href(context, &found),
        label: text.marked(&found.name),
        note: if found.found_in.is_empty() { found.note.clone() } else { String::new() },
        found_in: found.found_in.iter().map(place).collect(),
    }
}

/// Returns the words for a place.
fn words(place: &str, kind: FoundKind) -> &'static str {
    match kind {
        FoundKind::Object(ObjectKind::Service) => "in type or area",
        FoundKind::ServiceFlavour => "in description",
        // The full name of a user needs no word before it.
        _ => PLACES.iter().find(|(of, _)| *of == place).map_or("", |(_, words)| words),
    }
}

/// Returns the address of a match; VOs and flavours, which have no page, lead to the profiles and services that have them.
fn href(context: &RequestContext<'_>, found: &SearchResult) -> String {
    let filtered = |kind: ObjectKind, name: &str| {
        let pairs = form_urlencoded::Serializer::new(String::new()).append_pair(name, &found.name).finish();
        format!("{}?{pairs}", context.at().list(kind))
    };
    match found.kind {
        FoundKind::Vo => filtered(ObjectKind::Profile, "vo"),
        FoundKind::ServiceFlavour | FoundKind::Object(ObjectKind::Service) => filtered(ObjectKind::Service, SEARCHED),
        FoundKind::Object(kind) => found.id.parse().map(|id| context.at().view(kind, id)).unwrap_or_default(),
    }
}
