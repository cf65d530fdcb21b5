//! The log entries in the admin: who did what, and when. They are read-only, and only for superusers.

use chrono::{Months, NaiveDate};
use serde_json::Value;
use sqlx::PgConnection;

use super::crud::diff::of_changes;
use super::crud::export::{ListExport, MOST_ROWS};
use super::crud::history::in_words;
use super::crud::list::{self, ListQuery};
use super::crud::list_table::ListTable;
use super::crud::undelete as undelete_pages;
use super::crud::{FilterSource, ListColumn, ListFilter, ListOptions, PageResult, RequestContext, response};
use crate::blocking::in_place;
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::undelete;
use crate::store::lists::log_entries::{self, Entries, LogRow};
use crate::store::lists::{ListParams, NO, YES};
use crate::store::{audit_log, undo};
use crate::templates::form_page::{FieldsetView, Widget, WidgetKind};
use crate::templates::history_page::{Event, LogEntryPage};
use crate::templates::list_page::{Cell, ListPage};
use crate::templates::urls::LOG_ENTRIES;
use crate::templates::{Link, Page};

/// The choices of the filter by action, as value and label.
const ACTIONS: &[(&str, &str)] = &[("add", "Added"), ("change", "Changed"), ("delete", "Deleted")];
/// The name of the filter by user.
const BY: &str = "by";
/// The choices of the filter by user, as value and label.
const USERS: &[(&str, &str)] = &[(YES, "Me"), (NO, "Others")];

static LIST: ListOptions = ListOptions {
    columns: &[
        ListColumn::short("entry", "Entry"),
        ListColumn::short("user", "User"),
        ListColumn::short("time", "Time"),
        ListColumn::short("", "Type"),
        ListColumn::text("", "What changed"),
    ],
    sorts: log_entries::SORTS,
    default_sort: "-time",
    filters: &[
        ListFilter { name: "kind", label: "Type", source: FilterSource::LoggedKinds },
        ListFilter { name: "action", label: "Action", source: FilterSource::Fixed(ACTIONS) },
        ListFilter { name: "since", label: "Time", source: FilterSource::Since },
        ListFilter { name: BY, label: "User", source: FilterSource::Fixed(USERS) },
    ],
    searched: "users and objects",
};

/// The date range of the drill-down: all time, a year, a month or a day. The address has it as in POEM 2.3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct DateRange {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
}

const YEAR: &str = "action_time__year";
const MONTH: &str = "action_time__month";
const DAY: &str = "action_time__day";
const DATES: [&str; 3] = [YEAR, MONTH, DAY];

impl DateRange {
    /// Reads the address. A month without a year, a day without a month, and impossible dates are ignored.
    fn read(context: &RequestContext<'_>) -> Self {
        let number = |name: &str| context.query(name).and_then(|text| text.parse::<u32>().ok());
        Self::of(number(YEAR), number(MONTH), number(DAY))
    }

    fn of(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Self {
        let year = year.filter(|year| (1900..=9999).contains(year)).map(u32::cast_signed);
        let month = month.filter(|month| year.is_some() && (1..=12).contains(month));
        let day = day.filter(|day| {
            year.zip(month).is_some_and(|(year, month)| NaiveDate::from_ymd_opt(year, month, *day).is_some())
        });
        Self { year, month, day }
    }

    /// Returns its first day, and the first day after it; `None` for all time.
    fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        let first = NaiveDate::from_ymd_opt(self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let after = match (self.month, self.day) {
            (_, Some(_)) => first.succ_opt()?,
            (Some(_), None) => first.checked_add_months(Months::new(1))?,
            (None, None) => first.checked_add_months(Months::new(12))?,
        };
        Some((first, after))
    }

    /// Returns the entries of these days, and of the date range of the filter.
    fn entries<'a>(self, context: &'a RequestContext<'_>, query: &ListQuery) -> Entries<'a> {
        let days = self.days();
        Entries {
            from: days.map(|(first, _)| context.beginning_of(first)).max(list::since(&LIST, context, query)),
            until: days.map(|(_, after)| context.beginning_of(after)),
            user: context.viewer.as_ref().map_or("", |viewer| viewer.username.as_str()),
            object: None,
        }
    }

    /// Returns it as parameters of an address.
    fn pairs(self) -> Vec<(String, String)> {
        let steps = [(YEAR, self.year.map(i32::cast_unsigned)), (MONTH, self.month), (DAY, self.day)];
        steps.into_iter().filter_map(|(name, step)| Some((name.to_owned(), step?.to_string()))).collect()
    }
}

/// Returns the list of log entries.
pub async fn list(context: &RequestContext<'_>) -> PageResult {
    context.superusers_only()?;
    let range = DateRange::read(context);
    let query = ListQuery::read(&LIST, context, &DATES).with_kept(range.pairs());
    let params = query.params();
    let entries = range.entries(context, &query);
    let mut tx = context.read().await?;
    let found = log_entries::list(tx.conn(), &params, entries).await?;
    let filters = list::filters(tx.conn(), &LIST, &query).await?;
    let dates = dates(tx.conn(), context, (&params, entries), (&query, range)).await?;
    let table = ListTable::of(found, |entry| cells(context, &entry));
    let is_whole = query.search.is_empty() && query.filters.is_empty() && range.year.is_none();
    let empty = if is_whole { "Nothing has been logged yet." } else { "No log entries match." };
    let page = ListPage {
        heading: "Log entries".to_owned(),
        empty: empty.to_owned(),
        dates,
        ..query.page(&LIST, LOG_ENTRIES, table, filters)
    };
    response::page(Page::new(context.layout("Log entries", &[("Log entries", "")]), page))
}

/// Returns the log entries as a file.
pub async fn export(context: &RequestContext<'_>) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let export = ListExport::read(&LIST, context, (tx.conn(), &DATES)).await?;
    let params = ListParams { page_size: MOST_ROWS, ..export.query.params() };
    let entries = DateRange::read(context).entries(context, &export.query);
    let found = log_entries::list(tx.conn(), &params, entries).await?;
    tx.commit().await?;
    export.file(&LIST, context, ("Log entries", ListTable::of(found, |entry| cells(context, &entry))))
}

/// Returns the links of the drill-down: the ranges above, the current one, and those below with their entries counted.
async fn dates(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    (params, entries): (&ListParams<'_>, Entries<'_>),
    (query, range): (&ListQuery, DateRange),
) -> Result<Vec<Link>, AppError> {
    let address = |range: DateRange| query.address_with(&LIST, LOG_ENTRIES, range.pairs());
    let mut links = Vec::new();
    if let Some(year) = range.year {
        links.push(Link::new("All dates", address(DateRange::default())));
        let of_year = DateRange { year: Some(year), ..DateRange::default() };
        links.push(Link { current: range == of_year, ..Link::new(year.to_string(), address(of_year)) });
        if let Some(month) = range.month {
            let of_month = DateRange { day: None, ..range };
            links.push(Link { current: range == of_month, ..Link::new(month_name(month), address(of_month)) });
        }
        if let Some(day) = range.day {
            links.push(Link { current: true, ..Link::new(day.to_string(), address(range)) });
            return Ok(links);
        }
    }
    let zone = context.config.general.timezone.name();
    let month = range.month.map(u32::cast_signed);
    let below = audit_log::dates(conn, (params, entries), zone, (range.year, month)).await?;
    links.extend(below.iter().map(|step| {
        let number = step.number.cast_unsigned();
        let (to, label) = match (range.year, range.month) {
            (None, _) => (DateRange { year: Some(step.number), ..range }, number.to_string()),
            (Some(_), None) => (DateRange { month: Some(number), ..range }, month_name(number)),
            (Some(_), Some(_)) => (DateRange { day: Some(number), ..range }, number.to_string()),
        };
        Link::new(format!("{label} ({})", step.entries), address(to))
    }));
    Ok(links)
}

fn month_name(month: u32) -> String {
    NaiveDate::from_ymd_opt(2000, month, 1).map(|day| day.format("%B").to_string()).unwrap_or_default()
}

fn cells(context: &RequestContext<'_>, entry: &LogRow) -> Vec<Cell> {
    let time = Cell { href: entry_address(entry.id), ..Cell::moment(context.time(entry.time)) };
    let what = Cell::link(title(entry), object_address(context, entry));
    vec![what, Cell::text(&entry.username), time, Cell::text(kind(entry)), Cell::text(with_reason(entry))]
}

/// Returns the changes in words, and why the user made them.
fn with_reason(entry: &LogRow) -> String {
    match entry.change_reason.as_str() {
        "" => entry.words(),
        reason => format!("{} Why: {reason}", entry.words()).trim_start().to_owned(),
    }
}

/// Returns the title of an entry: `Changed "ams-probe".`
fn title(entry: &LogRow) -> String {
    let action = match entry.action {
        LogAction::Add => "Added",
        LogAction::Change => "Changed",
        LogAction::Delete => "Deleted",
    };
    format!("{action} \"{}\".", entry.object_name)
}

/// Returns the kind of the object in words: `group of probes`; empty for entries of POEM 2.3 without a kind.
fn kind(entry: &LogRow) -> &'static str {
    entry.object_kind.map_or("", |kind| kind.info().one)
}

/// Returns the address of the version that was made, or else of the object; empty if it was deleted.
fn object_address(context: &RequestContext<'_>, entry: &LogRow) -> String {
    let id = entry.object_id.as_deref().and_then(|id| id.parse::<i64>().ok());
    match (entry.object_kind, id) {
        _ if !entry.exists => String::new(),
        (Some(ObjectKind::Service), _) => context.at().list(ObjectKind::Service),
        (Some(kind), Some(id)) => match entry.version_id {
            Some(version) => context.at().version(kind, id, version),
            None => context.at().view(kind, id),
        },
        _ => String::new(),
    }
}

/// Converts a log entry to a line of the index.
pub fn event(context: &RequestContext<'_>, entry: &LogRow) -> Event {
    let (time, iso) = context.time(entry.time);
    Event {
        label: title(entry),
        action: entry.action.as_str(),
        href: object_address(context, entry),
        time,
        iso,
        user: entry.username.clone(),
        kind: kind(entry).to_owned(),
        message: entry.words(),
        reason: entry.change_reason.clone(),
        ..Event::default()
    }
}

/// Returns the page of one log entry, with everything that is stored about it; 404 if there is no such entry.
pub async fn page(context: &RequestContext<'_>, id: i64) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let entry = audit_log::get(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let data = audit_log::data(tx.conn(), id).await?.unwrap_or_default();
    let undone_by = match undo::undone_by(tx.conn(), id).await? {
        Some(by) => {
            let by = audit_log::get(tx.conn(), by.entry).await?;
            by.map(|by| Link::new(format!("{} {}", title(&by), context.time(by.time).0), entry_address(by.id)))
        }
        None => None,
    };
    let restore = restore_link(context, tx.conn(), &entry).await?;
    let content = LogEntryPage {
        object: title(&entry),
        facts: vec![FieldsetView { widgets: facts(context, &entry), ..FieldsetView::default() }],
        differences: in_place(|| of_changes(&data.changes)),
        restore,
        undone_by,
        content: in_place(|| data.content.map(|content| fieldsets(context, entry.object_kind, content)))
            .unwrap_or_default(),
    };
    let layout = context.layout(&title(&entry), &[("Log entries", LOG_ENTRIES), (&title(&entry), "")]);
    response::page(Page::new(layout, content))
}

/// Returns the button that restores the object of a deletion; `None` if there is nothing to restore.
async fn restore_link(
    context: &RequestContext<'_>,
    conn: &mut PgConnection,
    entry: &LogRow,
) -> Result<Option<Link>, AppError> {
    let deleted = entry.object_kind.filter(|_| entry.action == LogAction::Delete);
    let Some(kind) = deleted else { return Ok(None) };
    let found = undelete::find(conn, context.viewer()?, kind, entry.id).await;
    Ok(found.ok().map(|deleted| undelete_pages::restore_link(context, &deleted)))
}

fn entry_address(id: i64) -> String {
    format!("{LOG_ENTRIES}{id}/change/")
}

fn facts(context: &RequestContext<'_>, entry: &LogRow) -> Vec<Widget> {
    vec![
        shown("entry_time", "Time", context.time(entry.time).0),
        shown("entry_user", "User", entry.username.clone()),
        Widget { href: object_address(context, entry), ..shown("entry_object", "Object", entry.object_name.clone()) },
        shown("entry_kind", "Type", kind(entry).to_owned()),
        shown("entry_message", "What changed", in_words(entry)),
        shown("entry_reason", "Why", entry.change_reason.clone()),
    ]
}

fn shown(name: &str, label: &str, value: String) -> Widget {
    Widget { look: WidgetKind::Shown, name: name.to_owned(), label: label.to_owned(), value, ..Widget::default() }
}

/// Returns the stored content as the read-only form of its kind, or as JSON if the form cannot show it.
fn fieldsets(context: &RequestContext<'_>, kind: Option<ObjectKind>, content: Value) -> Vec<FieldsetView> {
    let entity = kind.and_then(|kind| super::entities::logged(kind, &content));
    entity.and_then(|entity| entity.content(context, &content)).unwrap_or_else(|| {
        let widgets = vec![shown("content", "Content", content.to_string())];
        vec![FieldsetView { widgets, ..FieldsetView::default() }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_sorted_by_its_columns() {
        assert_eq!(LIST.check(), Ok(()));
    }

    #[test]
    fn a_date_range_ignores_impossible_dates() {
        let range = |year, month, day| DateRange { year, month, day };
        let february = range(Some(2023), Some(2), None);
        assert_eq!(DateRange::of(Some(2023), Some(2), Some(31)), february);
        assert_eq!(DateRange::of(Some(2023), Some(2), Some(29)), february);
        assert_eq!(DateRange::of(Some(2024), Some(2), Some(29)), range(Some(2024), Some(2), Some(29)));
        assert_eq!(DateRange::of(Some(2024), Some(13), Some(1)), range(Some(2024), None, None));
        assert_eq!(DateRange::of(Some(0), Some(2), Some(1)), DateRange::default());
        assert_eq!(DateRange::of(None, Some(2), Some(1)), DateRange::default());
        let days = february.days().map(|(first, after)| (first.to_string(), after.to_string()));
        assert_eq!(days, Some(("2023-02-01".to_owned(), "2023-03-01".to_owned())));
    }
}
