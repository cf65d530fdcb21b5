//! The services with the metrics and probes that test them: one table with merged cells, paged by service.

use chrono::Utc;

use super::crud::export::{ListExport, MOST_ROWS};
use super::crud::list::{self, ListQuery};
use super::crud::list_table::ListTable;
use super::crud::{ListColumn, ListOptions, PageResponse, PageResult, RequestContext, cached_page, response};
use super::metric_links::MetricLinks;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::domain::model::sync_feed::SyncFeed;
use crate::store::lists::ListParams;
use crate::store::lists::services::{self, ServiceLine};
use crate::templates::Page;
use crate::templates::list_page::{Cell, ListPage};
use crate::templates::services_page::{ServiceCell, ServiceRow, ServicesPage};
use crate::templates::sync_line::{SyncLine, with_last_sync};

static LIST: ListOptions = ListOptions {
    columns: &[
        ListColumn::short("area", "Service area"),
        ListColumn::short("name", "Service name"),
        ListColumn::short("type", "Service type"),
        ListColumn::short("metrics", "Metric"),
        ListColumn::short("probes", "Probe"),
    ],
    sorts: services::SORTS,
    default_sort: "area",
    filters: &[],
    searched: "all columns",
};

/// The number of the column of metrics.
const METRICS: usize = 3;
/// The number of the column of probes.
const PROBES: usize = 4;

/// Returns the table of services, from the page cache if possible. The line about the last sync is put in afterwards: it
/// changes from minute to minute, the table does not.
pub async fn page(context: &RequestContext<'_>) -> PageResult {
    let status = context.feeds.of(&context.tenant.tenant().schema, SyncFeed::Services.into());
    let line = status
        .map(|status| SyncLine::new(SyncFeed::Services.into(), Some(&status), Utc::now(), |time| context.time(time)));
    let with_line = move |html| with_last_sync(html, line.as_ref());
    Ok(match cached_page::page(context, list::cache_key(&LIST, context), render(context)).await? {
        PageResponse::Rendered(html) => PageResponse::Rendered(with_line(html)),
        PageResponse::Page(page) => PageResponse::Page(page.changed_by(with_line)),
        redirect => redirect,
    })
}

/// Returns the page without the line about the last sync.
async fn render(context: &RequestContext<'_>) -> PageResult {
    context.may(ObjectKind::Service, Action::View)?;
    let query = ListQuery::read(&LIST, context, &[]);
    let mut tx = context.read().await?;
    let found = services::list(tx.conn(), &query.params()).await?;
    let metrics = found.rows.iter().map(|line| line.metric.as_str());
    let links = MetricLinks::find(tx.conn(), context, metrics).await?;
    tx.commit().await?;
    let base = context.at().list(ObjectKind::Service);
    let table = ListTable { rows: Vec::new(), total: found.total, page: found.page };
    let empty = match query.search.is_empty() {
        true => format!("No services yet. {}", ObjectKind::Service.purpose()),
        false => "No services match.".to_owned(),
    };
    let list = ListPage {
        heading: "Services".to_owned(),
        about: list::about(ObjectKind::Service, context),
        empty,
        ..query.page(&LIST, &base, table, Vec::new())
    };
    let content = ServicesPage { list, rows: rows(context, &found.rows, &links) };
    response::page(Page::new(list::layout(&LIST, ObjectKind::Service, context, &query), content))
}

/// Returns the services as a file, with a row per metric and probe.
pub async fn export(context: &RequestContext<'_>) -> PageResult {
    context.may(ObjectKind::Service, Action::View)?;
    let mut tx = context.read().await?;
    let export = ListExport::read(&LIST, context, (tx.conn(), &[])).await?;
    let params = ListParams { page_size: MOST_ROWS, ..export.query.params() };
    let found = services::list(tx.conn(), &params).await?;
    tx.commit().await?;
    let table = ListTable::of(found, |line| {
        [line.area, line.name, line.service_type, line.metric, line.probe].map(Cell::text).into()
    });
    export.file(&LIST, context, ("Services", table))
}

/// Merges equal cells below each other: areas, names and types, each within the column before, and metrics with several
/// probes.
fn rows(context: &RequestContext<'_>, lines: &[ServiceLine], links: &MetricLinks<'_>) -> Vec<ServiceRow> {
    let mut rows: Vec<ServiceRow> = lines.iter().map(|_| ServiceRow::default()).collect();
    let levels: [fn(&ServiceLine) -> &str; 4] =
        [|line| &line.area, |line| &line.name, |line| &line.service_type, |line| &line.metric];
    for (level, text) in levels.iter().enumerate() {
        // Two services may have the same name and type, so metrics are merged only within one service.
        let is_same = |one: &ServiceLine, other: &ServiceLine| {
            levels[..=level].iter().all(|text| text(one) == text(other))
                && (level < METRICS || one.service_id == other.service_id)
        };
        let mut at = 0;
        while at < lines.len() {
            let same = lines[at..].iter().take_while(|line| is_same(&lines[at], line)).count();
            // Areas and names are several words.
            let href = if level == METRICS { links.address(text(&lines[at])) } else { String::new() };
            let cell = ServiceCell::of(LIST.columns[level].label, text(&lines[at]), href);
            rows[at].cells.push(ServiceCell { rowspan: same, wraps: level < 2, ..cell });
            at += same;
        }
    }
    for (row, line) in rows.iter_mut().zip(lines) {
        row.cells.push(probe(context, line));
    }
    rows
}

/// Returns the cell of a probe, with a link to the version that the metric uses.
fn probe(context: &RequestContext<'_>, line: &ServiceLine) -> ServiceCell {
    let href = match (line.probe_id, line.probe_version_id) {
        (Some(probe), Some(version)) => context.at().version(ObjectKind::Probe, probe, version),
        _ => String::new(),
    };
    ServiceCell::of(LIST.columns[PROBES].label, &line.probe, href)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_sorted_by_its_columns() {
        assert_eq!(LIST.check(), Ok(()));
    }
}
