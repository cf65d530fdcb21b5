//! The services: which metrics and probes test them, one table with merged cells, paged by service.

use super::crud::list::ListQuery;
use super::crud::list_table::ListTable;
use super::crud::{ListColumn, ListOptions, PageResult, RequestContext, response};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Action;
use crate::store::lists::services::{self, ServiceLine};
use crate::templates::Page;
use crate::templates::list_page::ListPage;
use crate::templates::services_page::{ServiceCell, ServiceRow, ServicesPage};

pub static LIST: ListOptions = ListOptions {
    columns: &[
        ListColumn { key: "area", label: "Service area" },
        ListColumn { key: "name", label: "Service name" },
        ListColumn { key: "type", label: "Service type" },
        ListColumn { key: "metrics", label: "Metric" },
        ListColumn { key: "probes", label: "Probe" },
    ],
    sorts: services::SORTS,
    default_sort: "area",
    filters: &[],
    searched: "all columns",
};

pub async fn page(context: &RequestContext<'_>) -> PageResult {
    context.may(ObjectKind::Service, Action::View)?;
    let wanted = ListQuery::read(&LIST, context);
    let mut tx = context.read().await?;
    let found = services::list(tx.conn(), &wanted.ask()).await?;
    tx.commit().await?;
    let base = context.at().list(ObjectKind::Service);
    let table = ListTable { rows: Vec::new(), total: found.total, page: found.page };
    let empty = match wanted.search.is_empty() {
        true => "There are no services yet: they come from outside, by poem-syncservices.",
        false => "No service fits the search.",
    };
    let list = ListPage {
        heading: "Services".to_owned(),
        empty: empty.to_owned(),
        ..wanted.page(&LIST, &base, table, Vec::new())
    };
    let content = ServicesPage { list, rows: rows(context, &found.rows) };
    response::page(Page::new(context.layout("Services", &[("Services", "")]), content))
}

/// Cells that say the same one below another become one: areas, names and types each within the one before, and a metric
/// that stands for several probes.
fn rows(context: &RequestContext<'_>, lines: &[ServiceLine]) -> Vec<ServiceRow> {
    let mut rows: Vec<ServiceRow> = lines.iter().map(|_| ServiceRow::default()).collect();
    let levels: [fn(&ServiceLine) -> &str; 4] =
        [|line| &line.area, |line| &line.name, |line| &line.service_type, |line| &line.metric];
    for (level, text) in levels.iter().enumerate() {
        // Two services of one name and type are still two, so metrics are merged within a service only.
        let is_same = |one: &ServiceLine, other: &ServiceLine| {
            levels[..=level].iter().all(|text| text(one) == text(other))
                && (level < 3 || one.service_id == other.service_id)
        };
        let mut at = 0;
        while at < lines.len() {
            let same = lines[at..].iter().take_while(|line| is_same(&lines[at], line)).count();
            rows[at].cells.push(ServiceCell { text: text(&lines[at]).to_owned(), href: String::new(), rowspan: same });
            at += same;
        }
    }
    for (row, line) in rows.iter_mut().zip(lines) {
        row.cells.push(probe(context, line));
    }
    rows
}

fn probe(context: &RequestContext<'_>, line: &ServiceLine) -> ServiceCell {
    let href = match (line.probe_id, line.probe_version_id) {
        (Some(probe), Some(version)) => context.at().version(ObjectKind::Probe, probe, version),
        _ => String::new(),
    };
    ServiceCell { text: line.probe.clone(), href, rowspan: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_by_what_its_columns_say() {
        assert_eq!(LIST.check(), Ok(()));
    }
}
