//! The names of the registry to which profiles add: metric names and service flavours, with their uses. Superusers remove
//! those that nothing uses.

use sqlx::PgConnection;

use super::crud::export::{ListExport, MOST_ROWS};
use super::crud::list::ListQuery;
use super::crud::list_table::ListTable;
use super::crud::request_context::refused;
use super::crud::{ListColumn, ListOptions, PageResponse, PageResult, RequestContext, response};
use crate::auth::posted::Posted;
use crate::domain::form::field::Choices;
use crate::registry::unused_names as registry;
use crate::store::Result;
use crate::store::lists::{ListParams, flavours, metric_names};
use crate::templates::Page;
use crate::templates::list_page::{Cell, ListPage};
use crate::templates::names_page::{NameRow, NamesPage};
use crate::templates::urls::{METRIC_NAMES, SERVICE_FLAVOURS};

/// The name of the checkboxes.
const NAME: &str = "name";

/// One of the two pages.
pub struct RegistryNames {
    source: Choices,
    heading: &'static str,
    address: &'static str,
    help: &'static str,
    list: ListOptions,
}

/// The metric names.
pub static OF_METRICS: RegistryNames = RegistryNames {
    source: Choices::MetricNames,
    heading: "Metric names",
    address: METRIC_NAMES,
    help: "Every name that a metric or profile has used. Names without any use and group can be removed.",
    list: ListOptions {
        columns: &[
            ListColumn::name("name", "Name"),
            ListColumn::short("uses", "Uses"),
            ListColumn::short("group", "Group"),
        ],
        sorts: metric_names::SORTS,
        default_sort: "uses",
        filters: &[],
        searched: "names",
    },
};

/// The service flavours.
pub static OF_FLAVOURS: RegistryNames = RegistryNames {
    source: Choices::ServiceFlavours,
    heading: "Service flavours",
    address: SERVICE_FLAVOURS,
    help: "Flavours come from outside (poem-syncservtype), and from profiles. Those without any use can be removed; the \
           synchronization adds its own again.",
    list: ListOptions {
        columns: &[
            ListColumn::name("name", "Name"),
            ListColumn::short("uses", "Uses"),
            ListColumn::text("description", "Description"),
        ],
        sorts: flavours::SORTS,
        default_sort: "uses",
        filters: &[],
        searched: "names",
    },
};

/// Returns the page of names.
pub async fn page(context: &RequestContext<'_>, names: &RegistryNames) -> PageResult {
    context.superusers_only()?;
    let query = ListQuery::read(&names.list, context, &[]);
    let mut tx = context.read().await?;
    let (rows, total, page) = rows(tx.conn(), names, &query.params()).await?;
    tx.commit().await?;
    let table = ListTable { rows: Vec::new(), total, page };
    let empty = if query.search.is_empty() { "No names yet." } else { "No names match." };
    let list = ListPage {
        heading: names.heading.to_owned(),
        empty: empty.to_owned(),
        ..query.page(&names.list, names.address, table, Vec::new())
    };
    let content = NamesPage { list, help: names.help, rows };
    response::page(Page::new(context.layout(names.heading, &[(names.heading, "")]), content))
}

/// Returns the names as a file.
pub async fn export(context: &RequestContext<'_>, names: &RegistryNames) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let export = ListExport::read(&names.list, context, (tx.conn(), &[])).await?;
    let params = ListParams { page_size: MOST_ROWS, ..export.query.params() };
    let (rows, total, page) = rows(tx.conn(), names, &params).await?;
    tx.commit().await?;
    let cells = |row: NameRow| [row.name, row.uses, row.more].map(Cell::text).into();
    let table = ListTable { rows: rows.into_iter().map(cells).collect(), total, page };
    export.file(&names.list, context, (names.heading, table))
}

/// Returns a page of names, the number of all that match, and the number of the page.
async fn rows(
    conn: &mut PgConnection,
    names: &RegistryNames,
    params: &ListParams<'_>,
) -> Result<(Vec<NameRow>, i64, i64)> {
    if names.source == Choices::MetricNames {
        let found = metric_names::list(conn, params).await?;
        let rows = found.rows.into_iter().map(metric_name).collect();
        return Ok((rows, found.total, found.page));
    }
    let found = flavours::list(conn, params).await?;
    Ok((found.rows.into_iter().map(flavour).collect(), found.total, found.page))
}

fn metric_name(row: metric_names::MetricNameRow) -> NameRow {
    let uses = uses(&[
        (row.metrics, ["metric", "metrics"]),
        (row.tuples, ["tuple", "tuples"]),
        (row.mentions, ["parent or dependency", "parents or dependencies"]),
    ]);
    NameRow { is_unused: uses.is_empty() && row.group.is_empty(), name: row.name, uses, more: row.group }
}

fn flavour(row: flavours::FlavourRow) -> NameRow {
    let uses = uses(&[(row.tuples, ["tuple", "tuples"]), (row.services, ["service", "services"])]);
    NameRow { is_unused: uses.is_empty(), name: row.name, uses, more: row.description }
}

/// Returns the uses in words: `2 metrics, 1 tuple`; empty without any.
fn uses(counted: &[(i64, [&str; 2])]) -> String {
    let used = counted.iter().filter(|(number, _)| *number > 0);
    let words = used.map(|(number, [one, many])| format!("{number} {}", if *number == 1 { one } else { many }));
    words.collect::<Vec<_>>().join(", ")
}

/// Removes the ticked names that are unused.
pub async fn remove(context: &RequestContext<'_>, names: &RegistryNames, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let ticked = posted.pairs().iter().filter(|(of, _)| of == NAME).map(|(_, name)| name.clone());
    let ticked: Vec<String> = ticked.collect();
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let removed = registry::remove(&mut tx, &viewer, names.source, &ticked).await.map_err(refused)?;
    tx.commit().await?;
    let mut lines: Vec<String> = match removed.len() {
        0 => vec!["Nothing was removed.".to_owned()],
        _ => vec![format!("Removed {}.", removed.join(", "))],
    };
    let kept: Vec<&str> = ticked.iter().filter(|name| !removed.contains(name)).map(String::as_str).collect();
    if !kept.is_empty() {
        lines.push(format!("In use, or removed already: {}.", kept.join(", ")));
    }
    Ok(PageResponse::redirect(names.address.to_owned(), lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_sorted_by_their_columns() {
        for names in [&OF_METRICS, &OF_FLAVOURS] {
            assert_eq!(names.list.check(), Ok(()), "{}", names.heading);
        }
    }

    #[test]
    fn uses_are_counted_in_words() {
        assert_eq!(uses(&[(1, ["metric", "metrics"]), (0, ["tuple", "tuples"]), (2, ["x", "xs"])]), "1 metric, 2 xs");
    }
}
