//! The address of a list: search, filters, order and page. Bookmarks of POEM 2.3 are understood, too.
//!
//! What the address asks for and the list does not know is said on the page.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::list_columns::{self, COLUMNS};
use super::list_size::{self, PageSize, SIZE};
use super::old_filters::{self, OldValue};
use super::options::{FilterSource, ListFilter, ListOptions};
use super::request_context::{RequestContext, SEARCHED};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::search_text;
use crate::store::Result;
use crate::store::choices;
use crate::store::lists::ListParams;

/// The order in the address, as in POEM 2.3; its orders are still understood ([`ListOptions::order`]).
pub const ORDER: &str = "o";
/// The number of the page in the address, from 1.
pub const PAGE: &str = "page";
/// The number of the page in addresses of POEM 2.3, from 0.
const OLD_PAGE: &str = "p";
/// The most complaints about an address.
const MAX_COMPLAINTS: usize = 10;
/// The most characters of a part of the address that a complaint quotes.
const MAX_QUOTED: usize = 100;

/// Names and values, as in the query of an address.
type Pairs = [(String, String)];
/// The parameters of an address; of several values of one the last.
type Parameters<'a> = BTreeMap<&'a str, &'a str>;

/// The part of a list that an address asks for.
#[derive(Default)]
pub struct ListQuery {
    /// The text that is searched for; empty without a search.
    pub search: String,
    /// The key of the column that the list is sorted by.
    pub sort: &'static str,
    /// True for the reverse order.
    pub descending: bool,
    /// The number of the page, from 1.
    pub page: i64,
    /// The number of rows on a page.
    pub size: PageSize,
    /// The keys of the optional columns that are shown.
    pub columns: Vec<&'static str>,
    /// True on public pages, which have fewer filters.
    pub is_public: bool,
    /// The filters that are on, as name and value.
    pub filters: Vec<(&'static str, String)>,
    /// Other parameters of the address that search, filters and sorting keep, as name and value.
    pub kept: Vec<(String, String)>,
    /// Sentences about the parts of the address that the list does not know.
    pub complaints: Vec<String>,
    /// Filters of POEM 2.3 whose value is the id of a tag or of a group, until [`ListQuery::resolve`].
    ids: Vec<(&'static str, Option<GroupKind>, i64)>,
    /// The names of the viewer's groups that can own objects of the list, if it has a filter by them.
    own_groups: Vec<String>,
}

impl ListQuery {
    /// Reads the address. `others` has the parameters that the page has in addition to those of every list.
    pub fn read(listing: &ListOptions, context: &RequestContext<'_>, others: &[&str]) -> Self {
        let mut query = Self::of(listing, context.pairs(), context.viewer.is_none());
        for name in unknown(listing, context.pairs(), query.is_public, others) {
            query.complain(format!("This address names a filter that POEM does not know: {}.", quoted(name)));
        }
        query.own_groups = own_groups(listing, context);
        query
    }

    /// Reads the query of another address as that of the viewer's list.
    pub fn of_viewer(listing: &ListOptions, context: &RequestContext<'_>, pairs: &Pairs) -> Self {
        let own_groups = own_groups(listing, context);
        Self { own_groups, ..Self::of(listing, pairs, context.viewer.is_none()) }
    }

    /// Reads the parameters that every list has; of several values of one the last counts, except for columns.
    pub fn of(listing: &ListOptions, pairs: &Pairs, is_public: bool) -> Self {
        let parameters = parameters(pairs);
        let get = |name: &str| parameters.get(name).copied().filter(|value| !value.is_empty());
        let search = search_text::trimmed(get(SEARCHED).unwrap_or_default());
        let mut query = Self { search, page: 1, is_public, ..Self::default() };
        query.read_columns(listing, pairs);
        query.read_size(&parameters);
        (query.sort, query.descending) = listing.order(listing.default_sort).unwrap_or_default();
        if let Some(order) = get(ORDER) {
            match listing.order(order) {
                // The column was switched off: the list is not in the order of something that is not shown.
                Some((key, _)) if !list_columns::is_shown(listing, key, &query.columns) => {}
                Some(known) => (query.sort, query.descending) = known,
                None => query.complain_of(ORDER, order),
            }
        }
        for (name, first) in [(OLD_PAGE, 0), (PAGE, 1)] {
            let Some(number) = get(name) else { continue };
            match number.parse::<i64>() {
                Ok(number) if number >= first => query.page = (number - first + 1).clamp(1, i64::from(i32::MAX)),
                _ => query.complain_of(name, number),
            }
        }
        for filter in listing.offered(is_public) {
            query.read_filter(filter, &parameters);
        }
        query
    }

    fn read_columns(&mut self, listing: &ListOptions, pairs: &Pairs) {
        let (columns, unknown) = list_columns::read(listing, pairs);
        self.columns = columns;
        for name in unknown {
            self.complain_of(COLUMNS, name);
        }
    }

    fn read_size(&mut self, parameters: &Parameters<'_>) {
        let size = parameters.get(SIZE).copied().filter(|size| !size.is_empty());
        match size.map(PageSize::parse) {
            Some(Some(size)) => self.size = size,
            Some(None) => self.complain_of(SIZE, size.unwrap_or_default()),
            // In POEM 2.3 the name alone showed all rows: `?all=`.
            None if parameters.contains_key(list_size::ALL) => self.size = list_size::WHOLE,
            None => {}
        }
    }

    fn read_filter(&mut self, filter: &ListFilter, parameters: &Parameters<'_>) {
        for (&name, &value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
            if name == filter.name {
                match filter.source.takes(value) {
                    true => self.set_filter(filter.name, value.to_owned()),
                    false => self.complain_of(name, value),
                }
                continue;
            }
            match old_filters::parse(filter, name, value) {
                Some(OldValue::Value(value)) => self.set_filter(filter.name, value),
                Some(OldValue::Id(kind, id)) => self.ids.push((filter.name, kind, id)),
                Some(OldValue::Unknown) => self.complain_of(name, value),
                None => {}
            }
        }
    }

    /// Replaces the ids in an address of POEM 2.3 by the names of their tags and groups.
    pub async fn resolve(&mut self, conn: &mut PgConnection) -> Result<()> {
        for (filter, kind, id) in std::mem::take(&mut self.ids) {
            match choices::name_of_id(conn, kind, id).await? {
                Some(name) => self.set_filter(filter, name),
                None => self.complain_of(filter, &id.to_string()),
            }
        }
        Ok(())
    }

    fn set_filter(&mut self, name: &'static str, value: String) {
        self.filters.retain(|(of, _)| *of != name);
        if !value.is_empty() {
            self.filters.push((name, value));
        }
    }

    fn complain_of(&mut self, name: &str, value: &str) {
        let (name, value) = (quoted(name), quoted(value));
        self.complain(format!("This address has a value that POEM does not know: {name}={value}."));
    }

    fn complain(&mut self, sentence: String) {
        if self.complaints.len() < MAX_COMPLAINTS {
            self.complaints.push(sentence);
        }
    }

    /// Sets the other parameters that the links of the list keep.
    pub fn with_kept(self, kept: Vec<(String, String)>) -> Self {
        Self { kept, ..self }
    }

    /// Returns the parameters for the list's database query.
    pub fn params(&self) -> ListParams<'_> {
        ListParams {
            search: &self.search,
            sort: self.sort,
            descending: self.descending,
            page: self.page,
            page_size: self.size.rows,
            filters: &self.filters,
            columns: &self.columns,
            own_groups: &self.own_groups,
        }
    }

    fn order(&self) -> String {
        let sign = if self.descending { "-" } else { "" };
        format!("{sign}{}", self.sort)
    }

    /// Returns the list's address with one parameter replaced; an empty value removes it.
    ///
    /// The number of the page is not kept: a changed search, filter or order begins at the first page.
    pub fn address(&self, listing: &ListOptions, base: &str, (name, value): (&str, &str)) -> String {
        let mut pairs = self.pairs(listing);
        pairs.retain(|(of, _)| of != name);
        pairs.extend(self.kept.iter().cloned());
        pairs.push((name.to_owned(), value.to_owned()));
        address(base, pairs)
    }

    /// Returns the list's address with other kept parameters.
    pub fn address_with(&self, listing: &ListOptions, base: &str, kept: Vec<(String, String)>) -> String {
        let mut pairs = self.pairs(listing);
        pairs.extend(kept);
        address(base, pairs)
    }

    /// Returns the address of the list as it is shown, with its page.
    pub fn whole_address(&self, listing: &ListOptions, base: &str) -> String {
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        self.address(listing, base, (PAGE, &page))
    }

    /// Returns the address of the list without search and filters; columns and the number of rows stay.
    pub fn unfiltered_address(&self, base: &str) -> String {
        address(base, self.layout())
    }

    /// Returns what the form of search and filters keeps.
    pub fn kept_by_filters(&self, listing: &ListOptions) -> Vec<(String, String)> {
        self.kept_order(listing).into_iter().chain(self.layout()).chain(self.kept.iter().cloned()).collect()
    }

    /// Returns what the form of columns keeps.
    pub fn kept_by_columns(&self, listing: &ListOptions) -> Vec<(String, String)> {
        let mut pairs = self.pairs(listing);
        pairs.retain(|(name, value)| name != COLUMNS && !value.is_empty());
        pairs.extend(self.kept.iter().cloned());
        pairs
    }

    fn pairs(&self, listing: &ListOptions) -> Vec<(String, String)> {
        let mut pairs = vec![(SEARCHED.to_owned(), self.search.clone())];
        pairs.extend(self.filters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        pairs.extend(self.kept_order(listing));
        pairs.extend(self.layout());
        pairs
    }

    /// Returns the columns and the number of rows as parameters; nothing for the defaults.
    fn layout(&self) -> Vec<(String, String)> {
        let columns = (COLUMNS.to_owned(), list_columns::in_address(&self.columns));
        let size = (SIZE.to_owned(), self.size.in_address().to_owned());
        [columns, size].into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Returns the order as a parameter; `None` if it is the default.
    pub fn kept_order(&self, listing: &ListOptions) -> Option<(String, String)> {
        (self.order() != listing.default_sort).then(|| (ORDER.to_owned(), self.order()))
    }
}

/// Returns what the page of a list depends on, as the query of an address: the parameters that it knows, and the names of
/// the others, which it complains about.
pub fn cache_key(listing: &ListOptions, context: &RequestContext<'_>) -> String {
    let (pairs, is_public) = (context.pairs(), context.viewer.is_none());
    let known = |name: &str| is_known(listing, name, is_public);
    let mut key = form_urlencoded::Serializer::new(String::new());
    key.extend_pairs(parameters(pairs).into_iter().filter(|(name, _)| *name != COLUMNS && known(name)));
    key.extend_pairs(pairs.iter().filter(|(name, _)| name == COLUMNS));
    let mut names = unknown(listing, pairs, is_public, &[]);
    names.truncate(MAX_COMPLAINTS);
    key.extend_keys_only::<_, &str>(names);
    key.finish()
}

/// Returns the names in an address that the list does not know, each once.
fn unknown<'a>(listing: &ListOptions, pairs: &'a Pairs, is_public: bool, others: &[&str]) -> Vec<&'a str> {
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| !is_known(listing, name, is_public) && !others.contains(name));
    names.sort_unstable();
    names.dedup();
    names
}

fn is_known(listing: &ListOptions, name: &str, is_public: bool) -> bool {
    let is_filter = |filter: &ListFilter| filter.name == name || old_filters::parse(filter, name, "").is_some();
    [SEARCHED, ORDER, PAGE, OLD_PAGE, SIZE, list_size::ALL].contains(&name)
        || (name == COLUMNS && listing.columns.iter().any(|column| column.is_optional))
        || listing.offered(is_public).any(is_filter)
}

/// Returns the names of the viewer's groups of the kind that the list can be filtered by.
fn own_groups(listing: &ListOptions, context: &RequestContext<'_>) -> Vec<String> {
    let kind = listing.filters.iter().find_map(|filter| match filter.source {
        FilterSource::Mine(kind) => Some(kind),
        _ => None,
    });
    let names = kind.zip(context.viewer.as_ref()).map(|(kind, viewer)| viewer.groups_of(kind).map(str::to_owned));
    names.into_iter().flatten().collect()
}

fn parameters(pairs: &Pairs) -> Parameters<'_> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Cuts a part of the address that is quoted in a sentence.
fn quoted(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

fn address(base: &str, mut pairs: Vec<(String, String)>) -> String {
    pairs.retain(|(_, value)| !value.is_empty());
    match pairs.is_empty() {
        true => base.to_owned(),
        false => format!("{base}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()),
    }
}
