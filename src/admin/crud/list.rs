//! The list of an entity: search, filters, order and paging, all of which are in the address.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use sqlx::PgConnection;

use super::entity_admin::EntityAdmin;
use super::export::{ListExport, MOST_ROWS};
use super::list_query::ORDER;
pub use super::list_query::{ListQuery, PAGE, cache_key};
use super::list_size::{PageSize, SIZE};
use super::list_table::ListTable;
use super::options::{EntityOptions, FilterSource, ListColumn, ListFilter, ListOptions};
use super::request_context::{RequestContext, SEARCHED};
use super::response::{self, PageResult};
use super::{export, list_columns, list_return};
use crate::domain::form::field::Choices;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::store::Result;
use crate::store::choices;
use crate::store::lists::{ListParams, WITHOUT_GROUP, WITHOUT_PROBE, log_entries, probes, profiles};
use crate::templates::list_page::{self as pages, BulkBar, Choice, ExportLinks, Heading, ListPage, Paging};
use crate::templates::{Layout, Link, Page};

/// The number of filters next to the search; further ones are folded while they are off.
const UNFOLDED_FILTERS: usize = 4;

impl ListQuery {
    /// Returns the list's page, except for its heading, the link to add, and the text of an empty list.
    pub fn page(
        &self,
        listing: &ListOptions,
        base: &str,
        table: ListTable,
        filters: Vec<pages::FilterView>,
    ) -> ListPage {
        ListPage {
            action: base.to_owned(),
            search: (!listing.searched.is_empty()).then(|| self.search.clone()),
            searched: listing.searched.to_owned(),
            active: active(listing, self, base, &filters),
            filters,
            complaints: self.complaints.clone(),
            kept: self.kept_by_filters(listing),
            columns: list_columns::choices(listing, &self.columns),
            kept_by_columns: self.kept_by_columns(listing),
            exports: if table.total > 0 { export::links(listing, self, base) } else { ExportLinks::default() },
            reset: self.unfiltered_address(base),
            headings: headings(listing, self, base),
            paging: Paging {
                sizes: self.size.links(table.total, |size| self.address(listing, base, (SIZE, size))),
                is_cut: self.size.is_exceeded(table.total),
                ..paging((table.total, table.page, self.size), |page| self.address(listing, base, (PAGE, &page)))
            },
            rows: list_columns::without_hidden(listing, &self.columns, table.rows),
            ..ListPage::default()
        }
        .fitted()
    }
}

/// Returns the list page of an entity.
pub async fn page<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    let mut query = ListQuery::read(&options.list, context, &[]);
    let mut tx = context.read().await?;
    query.resolve(tx.conn()).await?;
    let table = rows(entity, tx.conn(), context, (&query, query.size.rows)).await?;
    let filters = filters(tx.conn(), &options.list, &query).await?;
    let waiting = entity.waiting(tx.conn(), context).await?;
    tx.commit().await?;
    let remote = entity.remote_line(context).await?;
    let layout = layout(&options.list, options.kind, context, &query);
    let tools = entity.list_tools(context);
    let list = ListPage { waiting, remote, tools, ..list_page(options, context, &query, (table, filters)) };
    let address = query.whole_address(&options.list, &context.at().list(options.kind));
    let bulk = bulk_bar(entity, context, &list, &address);
    let list = ListPage { bulk, ..list };
    response::page(Page::new(layout, list))
}

/// Returns the list as a file.
pub async fn file<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>) -> PageResult {
    let options = entity.options();
    context.may(options.kind, Action::View)?;
    let mut tx = context.read().await?;
    let export = ListExport::read(&options.list, context, (tx.conn(), &[])).await?;
    let table = rows(entity, tx.conn(), context, (&export.query, MOST_ROWS)).await?;
    tx.commit().await?;
    export.file(&options.list, context, (options.kind.info().many, table))
}

/// Returns one page of the list, with this number of rows at most.
pub async fn rows<D: EntityAdmin>(
    entity: &D,
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    (query, page_size): (&ListQuery, i64),
) -> Result<ListTable> {
    let filters = with_since(&entity.options().list, context, query);
    entity.rows(conn, &ListParams { page_size, filters: &filters, ..query.params() }, context).await
}

/// Returns what can be done with ticked rows; `None` if they cannot be ticked, or the viewer may change nothing.
fn bulk_bar<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    list: &ListPage,
    address: &str,
) -> Option<BulkBar> {
    let (store, kind) = (entity.bulk()?, entity.options().kind);
    let shown = list.rows.len() as i64;
    (context.viewer.is_some() && context.allows(kind, Action::StartAdding) && shown > 0).then(|| BulkBar {
        action: list_return::with_list(context.at().bulk(kind), address),
        can_change: !store.fields().is_empty(),
        can_delete: true,
        all: if list.paging.total > shown { list.paging.total } else { 0 },
    })
}

/// Returns the layout of a list, whose page on the other side has the same search, filters, order and page.
pub fn layout(options: &ListOptions, kind: ObjectKind, context: &RequestContext<'_>, query: &ListQuery) -> Layout {
    let other_side = match kind.info().is_public {
        true => query.whole_address(options, &context.other_side().list(kind)),
        false => String::new(),
    };
    context.beside(context.layout(kind.info().many, &[(kind.info().many, "")]), &other_side)
}

fn list_page(
    options: &EntityOptions,
    context: &RequestContext<'_>,
    query: &ListQuery,
    (mut table, filters): (ListTable, Vec<pages::FilterView>),
) -> ListPage {
    let base = context.at().list(options.kind);
    let list = query.whole_address(&options.list, &base);
    mark_saved(context, &mut table.rows);
    list_return::from_rows(context, &mut table.rows, &list);
    let may_add = context.allows(options.kind, Action::StartAdding);
    ListPage {
        heading: options.kind.info().many.to_owned(),
        add: may_add.then(|| {
            let form = list_return::with_list(context.at().addition(options.kind), &list);
            Link::new(format!("Add {}", options.kind.info().one), form)
        }),
        about: about(options.kind, context),
        empty: empty(options, query, may_add),
        ..query.page(&options.list, &base, table, filters)
    }
}

/// Returns the sentence on public lists about what such objects are; empty for users, who know.
pub fn about(kind: ObjectKind, context: &RequestContext<'_>) -> &'static str {
    if context.viewer.is_none() { kind.info().about } else { "" }
}

/// Marks the row of the object that a flash message is about: it was just saved.
fn mark_saved(context: &RequestContext<'_>, rows: &mut [Vec<pages::Cell>]) {
    let saved: Vec<&str> = context
        .messages()
        .iter()
        .filter_map(|message| message.object.as_ref())
        .map(|object| object.href.as_str())
        .collect();
    for cell in rows.iter_mut().filter_map(|row| row.first_mut()) {
        cell.is_saved = saved.contains(&cell.href.as_str());
    }
}

/// Returns the text of an empty list: the meaning of its objects and, for those who may add one, what comes first.
fn empty(options: &EntityOptions, query: &ListQuery, may_add: bool) -> String {
    let many = options.kind.info().plural();
    if !query.search.is_empty() || !query.filters.is_empty() {
        return format!("No {many} match.");
    }
    let first = if may_add { options.kind.comes_first() } else { "" };
    format!("No {many} yet. {} {first}", options.kind.purpose()).trim_end().to_owned()
}

/// Returns the headings of the columns, each with the address of the list sorted by it.
pub fn headings(listing: &ListOptions, query: &ListQuery, base: &str) -> Vec<Heading> {
    let heading = |column: &ListColumn| {
        let is_current = !column.key.is_empty() && column.key == query.sort;
        let turned = is_current && !query.descending;
        let order = if turned { format!("-{}", column.key) } else { column.key.to_owned() };
        let sorted = match (is_current, query.descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        let href = if column.key.is_empty() { String::new() } else { query.address(listing, base, (ORDER, &order)) };
        Heading { label: column.label.to_owned(), href, sorted, kind: column.kind }
    };
    list_columns::shown(listing, &query.columns).map(heading).collect()
}

/// Returns the search and the filters that are on, each with the address of the list without it.
fn active(listing: &ListOptions, query: &ListQuery, base: &str, filters: &[pages::FilterView]) -> Vec<Link> {
    let search = (!query.search.is_empty())
        .then(|| Link::new(format!("Search: {}", query.search), query.address(listing, base, (SEARCHED, ""))));
    let filters = filters.iter().filter_map(|filter| {
        let choice = filter.choices.iter().find(|choice| choice.selected && !choice.value.is_empty())?;
        let label = format!("{}: {}", filter.label, choice.label);
        Some(Link::new(label, query.address(listing, base, (&filter.name, ""))))
    });
    search.into_iter().chain(filters).collect()
}

/// Returns the links to other pages of the list; `address` returns the address of a page by its number.
pub fn paging((total, page, size): (i64, i64, PageSize), address: impl Fn(String) -> String) -> Paging {
    let last = ((total + size.rows - 1) / size.rows).max(1);
    let page = page.clamp(1, last);
    let link = |number: i64| Link {
        label: number.to_string(),
        href: address(if number == 1 { String::new() } else { number.to_string() }),
        current: number == page,
    };
    let mut pages = Vec::new();
    let mut before = 0;
    for number in (1..=last).filter(|number| *number == 1 || *number == last || (page - 2..=page + 2).contains(number))
    {
        if number > before + 1 {
            pages.push(Link::new("…", ""));
        }
        pages.push(link(number));
        before = number;
    }
    let from = if total == 0 { 0 } else { (page - 1) * size.rows + 1 };
    Paging {
        total,
        from,
        to: (page * size.rows).min(total),
        pages: if last > 1 { pages } else { Vec::new() },
        previous: (page > 1).then(|| link(page - 1).href),
        next: (page < last).then(|| link(page + 1).href),
        ..Paging::default()
    }
}

/// Returns the filters of a list with their choices, the current one selected.
pub async fn filters(
    conn: &mut PgConnection,
    listing: &ListOptions,
    query: &ListQuery,
) -> Result<Vec<pages::FilterView>> {
    let sources: Vec<_> = listing.offered(query.is_public).filter_map(|filter| filter.source.choices()).collect();
    let chosen_from = if sources.is_empty() { HashMap::new() } else { choices::whole(conn, &sources, None).await? };
    let mut shown = Vec::with_capacity(listing.filters.len());
    for (place, filter) in listing.offered(query.is_public).enumerate() {
        let value = query.filters.iter().find(|(name, _)| *name == filter.name).map_or("", |(_, value)| value.as_str());
        let mut choices = vec![choice("", "All", value)];
        choices.extend(filter_choices(conn, filter, &chosen_from, value).await?);
        // A filter that is on is shown even if no object has its value (any more).
        if !choices.iter().any(|choice| choice.selected) {
            choices.push(choice(value, value, value));
        }
        shown.push(pages::FilterView {
            name: filter.name.to_owned(),
            label: filter.label.to_owned(),
            choices,
            is_folded: place >= UNFOLDED_FILTERS && value.is_empty(),
        });
    }
    Ok(shown)
}

async fn filter_choices(
    conn: &mut PgConnection,
    filter: &ListFilter,
    chosen_from: &HashMap<Choices, Vec<String>>,
    value: &str,
) -> Result<Vec<Choice>> {
    let of = |source| named(chosen_from.get(&source).map_or(&[], Vec::as_slice), value);
    Ok(match filter.source {
        FilterSource::YesOrNo
        | FilterSource::Since
        | FilterSource::Fixed(_)
        | FilterSource::Needs(_)
        | FilterSource::Mine(_) => {
            let fixed = filter.source.fixed().unwrap_or_default();
            fixed.iter().map(|(of, label)| choice(of, label, value)).collect()
        }
        FilterSource::Probes => {
            let mut found = named(&probes::names(conn).await?, value);
            found.push(choice(WITHOUT_PROBE, "No probe", value));
            found
        }
        FilterSource::LoggedKinds => {
            log_entries::kinds(conn).await?.iter().map(|kind| choice(kind.as_str(), kind.info().one, value)).collect()
        }
        FilterSource::OwningVos => named(&profiles::vos(conn).await?, value),
        FilterSource::Of(source) => of(source),
        FilterSource::Grouped(source) => {
            let mut found = of(source);
            found.push(choice(WITHOUT_GROUP, "No group", value));
            found
        }
    })
}

fn named(names: &[String], value: &str) -> Vec<Choice> {
    names.iter().map(|name| choice(name, name, value)).collect()
}

fn choice(value: &str, label: &str, selected: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), selected: value == selected }
}

/// Returns the filters with a date range such as `week` replaced by its first moment.
fn with_since(listing: &ListOptions, context: &RequestContext<'_>, query: &ListQuery) -> Vec<(&'static str, String)> {
    let mut filters = query.filters.clone();
    if let Some((name, _)) = date_range(listing, query) {
        filters.retain(|(of, _)| *of != name);
        filters.extend(since(listing, context, query).map(|first| (name, first.to_rfc3339())));
    }
    filters
}

/// Returns the filter by a date range, as name and value; `None` if it is off.
fn date_range<'a>(listing: &ListOptions, query: &'a ListQuery) -> Option<(&'static str, &'a str)> {
    let filter = listing.filters.iter().find(|filter| filter.source == FilterSource::Since)?;
    let (name, value) = query.filters.iter().find(|(name, _)| *name == filter.name)?;
    Some((name, value))
}

/// Returns the first moment of the date range that the list is filtered by, in the configured time zone; `None` without one.
pub fn since(listing: &ListOptions, context: &RequestContext<'_>, query: &ListQuery) -> Option<DateTime<Utc>> {
    let (_, span) = date_range(listing, query)?;
    let today = Utc::now().with_timezone(&context.config.general.timezone).date_naive();
    Some(context.beginning_of(first_day(span, today)?))
}

/// Returns the first day of a date range up to today; `None` for an unknown one.
fn first_day(span: &str, today: NaiveDate) -> Option<NaiveDate> {
    match span {
        "today" => Some(today),
        "week" => today.checked_sub_days(Days::new(7)),
        "30days" => today.checked_sub_days(Days::new(30)),
        "month" => today.with_day(1),
        "year" => today.with_ordinal(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_range_has_a_first_day() {
        let today = NaiveDate::from_ymd_opt(2024, 3, 5).unwrap();
        let first_days = FilterSource::Since.fixed().unwrap().iter().map(|(span, _)| first_day(span, today));
        let dates: Vec<_> = first_days.map(|day| day.expect("its first day").to_string()).collect();
        assert_eq!(dates, ["2024-03-05", "2024-02-27", "2024-02-04", "2024-03-01", "2024-01-01"]);
    }
}
