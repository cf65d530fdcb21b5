//! The services: which metrics and probes test them, one table with merged cells, paged by service.

use super::core::list::{Table, Wanted};
use super::core::{Answered, Column, Listing, Visit, answer};
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Wish;
use crate::pages::Page;
use crate::pages::list::ListPage;
use crate::pages::others::{ServiceCell, ServiceRow, ServicesPage};
use crate::store::lists::services::{self, ServiceLine};

pub static LISTING: Listing = Listing {
    columns: &[
        Column { key: "area", label: "Service area" },
        Column { key: "name", label: "Service name" },
        Column { key: "type", label: "Service type" },
        Column { key: "metrics", label: "Metric" },
        Column { key: "probes", label: "Probe" },
    ],
    sorts: services::SORTS,
    default_sort: "area",
    filters: &[],
    searched: "all columns",
};

pub async fn page(visit: &Visit<'_>) -> Answered {
    visit.may(ObjectKind::Service, Wish::View)?;
    let wanted = Wanted::read(&LISTING, visit);
    let mut tx = visit.read().await?;
    let found = services::list(tx.conn(), &wanted.ask()).await?;
    tx.commit().await?;
    let base = visit.at().list(ObjectKind::Service);
    let table = Table { rows: Vec::new(), total: found.total, page: found.page };
    let empty = match wanted.search.is_empty() {
        true => "There are no services yet: they come from outside, by poem-syncservices.",
        false => "No service fits the search.",
    };
    let list = ListPage {
        heading: "Services".to_owned(),
        empty: empty.to_owned(),
        ..wanted.page(&LISTING, &base, table, Vec::new())
    };
    let content = ServicesPage { list, rows: rows(visit, &found.rows) };
    answer::page(Page::new(visit.chrome("Services", &[("Services", "")]), content))
}

/// Cells that say the same one below another become one: areas, names and types each within the one before, and a metric
/// that stands for several probes.
fn rows(visit: &Visit<'_>, lines: &[ServiceLine]) -> Vec<ServiceRow> {
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
        row.cells.push(probe(visit, line));
    }
    rows
}

fn probe(visit: &Visit<'_>, line: &ServiceLine) -> ServiceCell {
    let href = match (line.probe_id, line.probe_version_id) {
        (Some(probe), Some(version)) => visit.at().version(ObjectKind::Probe, probe, version),
        _ => String::new(),
    };
    ServiceCell { text: line.probe.clone(), href, rowspan: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_by_what_its_columns_say() {
        assert_eq!(LISTING.check(), Ok(()));
    }
}
