//! The log entries: who did what, when; read-only, for superusers.

use chrono::{Months, NaiveDate};
use sqlx::PgConnection;

use super::crud::history::in_words;
use super::crud::list::{self, ListQuery};
use super::crud::list_table::ListTable;
use super::crud::{FilterSource, ListColumn, ListFilter, ListOptions, PageResult, RequestContext, response};
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::error::{AppError, NOT_FOUND};
use crate::store::audit_log as one;
use crate::store::lists::ListAsk;
use crate::store::lists::log_entries::{self, Entries, LogRow};
use crate::templates::form_page::{FieldsetView, FormPage, Widget, WidgetKind};
use crate::templates::history_page::Event;
use crate::templates::list_page::{Cell, ListPage};
use crate::templates::urls::LOG_ENTRIES;
use crate::templates::{Link, Page};

static LIST: ListOptions = ListOptions {
    columns: &[
        ListColumn { key: "entry", label: "Entry" },
        ListColumn { key: "user", label: "User" },
        ListColumn { key: "time", label: "Time" },
        ListColumn { key: "", label: "Kind of object" },
        ListColumn { key: "", label: "What changed" },
    ],
    sorts: log_entries::SORTS,
    default_sort: "-time",
    filters: &[ListFilter { name: "kind", label: "Kind of object", source: FilterSource::LoggedKinds }],
    searched: "user",
};

/// The span of time that the drill-down has come to, in the address as POEM 2.3 had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
}

const YEAR: &str = "action_time__year";
const MONTH: &str = "action_time__month";
const DAY: &str = "action_time__day";

impl Span {
    /// Steps that do not follow each other, and days that never were, count as not said.
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

    /// Its first day, and the first day after it; `None` for all of time.
    fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        let first = NaiveDate::from_ymd_opt(self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let after = match (self.month, self.day) {
            (_, Some(_)) => first.succ_opt()?,
            (Some(_), None) => first.checked_add_months(Months::new(1))?,
            (None, None) => first.checked_add_months(Months::new(12))?,
        };
        Some((first, after))
    }

    fn pairs(self) -> Vec<(String, String)> {
        let steps = [(YEAR, self.year.map(i32::cast_unsigned)), (MONTH, self.month), (DAY, self.day)];
        steps.into_iter().filter_map(|(name, step)| Some((name.to_owned(), step?.to_string()))).collect()
    }
}

pub async fn list(context: &RequestContext<'_>) -> PageResult {
    context.superusers_only()?;
    let span = Span::read(context);
    let wanted = ListQuery::read(&LIST, context).with_kept(span.pairs());
    let ask = wanted.ask();
    let days = span.days();
    let entries = Entries {
        from: days.map(|(first, _)| context.beginning_of(first)),
        until: days.map(|(_, after)| context.beginning_of(after)),
        ..Entries::default()
    };
    let mut tx = context.read().await?;
    let found = log_entries::list(tx.conn(), &ask, entries).await?;
    let filters = list::filters(tx.conn(), &LIST, &wanted).await?;
    let dates = dates(tx.conn(), context, &ask, (&wanted, span)).await?;
    let table = ListTable::of(found, |entry| cells(context, &entry));
    let page = ListPage {
        heading: "Log entries".to_owned(),
        empty: "No log entry fits.".to_owned(),
        dates,
        ..wanted.page(&LIST, LOG_ENTRIES, table, filters)
    };
    response::page(Page::new(context.layout("Log entries", &[("Log entries", "")]), page))
}

/// The way up, the step that is shown, and the steps down.
async fn dates(
    conn: &mut PgConnection,
    context: &RequestContext<'_>,
    ask: &ListAsk<'_>,
    (wanted, span): (&ListQuery, Span),
) -> Result<Vec<Link>, AppError> {
    let address = |span: Span| wanted.address_with(&LIST, LOG_ENTRIES, span.pairs());
    let mut links = Vec::new();
    if let Some(year) = span.year {
        links.push(Link::new("All dates", address(Span::default())));
        let of_year = Span { year: Some(year), ..Span::default() };
        links.push(Link { current: span == of_year, ..Link::new(year.to_string(), address(of_year)) });
        if let Some(month) = span.month {
            let of_month = Span { day: None, ..span };
            links.push(Link { current: span == of_month, ..Link::new(month_name(month), address(of_month)) });
        }
        if let Some(day) = span.day {
            links.push(Link { current: true, ..Link::new(day.to_string(), address(span)) });
            return Ok(links);
        }
    }
    let zone = context.config.general.timezone.name();
    let month = span.month.map(u32::cast_signed);
    let below = one::dates(conn, ask, zone, span.year, month).await?;
    links.extend(below.iter().map(|step| {
        let number = step.number.cast_unsigned();
        let (to, label) = match (span.year, span.month) {
            (None, _) => (Span { year: Some(step.number), ..span }, number.to_string()),
            (Some(_), None) => (Span { month: Some(number), ..span }, month_name(number)),
            (Some(_), Some(_)) => (Span { day: Some(number), ..span }, number.to_string()),
        };
        Link::new(format!("{label} ({})", step.entries), address(to))
    }));
    Ok(links)
}

fn month_name(month: u32) -> String {
    NaiveDate::from_ymd_opt(2000, month, 1).map(|day| day.format("%B").to_string()).unwrap_or_default()
}

fn cells(context: &RequestContext<'_>, entry: &LogRow) -> Vec<Cell> {
    let time = Cell {
        is_figure: true,
        ..Cell::link(context.time(entry.time).0, format!("{LOG_ENTRIES}{}/change/", entry.id))
    };
    let what = Cell::link(title(entry), object_address(context, entry));
    vec![what, Cell::text(&entry.username), time, Cell::text(kind(entry)), Cell::text(&entry.message)]
}

/// «Changed "ams-probe".»
fn title(entry: &LogRow) -> String {
    let action = match entry.action {
        LogAction::Add => "Added",
        LogAction::Change => "Changed",
        LogAction::Delete => "Deleted",
    };
    format!("{action} \"{}\".", entry.object_name)
}

/// «group of probes»; '' where POEM 2.3 named none.
fn kind(entry: &LogRow) -> &'static str {
    entry.object_kind.map_or("", |kind| kind.info().one)
}

/// The version that the entry made, else the object; '' where it is gone.
fn object_address(context: &RequestContext<'_>, entry: &LogRow) -> String {
    let id = entry.object_id.as_deref().and_then(|id| id.parse::<i64>().ok());
    match (entry.object_kind, id) {
        _ if !entry.exists => String::new(),
        (Some(ObjectKind::Service), _) => context.at().list(ObjectKind::Service),
        (Some(kind), Some(id)) => match entry.version_id {
            Some(version) => context.at().version(kind, id, version),
            None => context.at().change(kind, id),
        },
        _ => String::new(),
    }
}

/// An entry as a line of the index.
pub fn event(context: &RequestContext<'_>, entry: &LogRow) -> Event {
    let (time, iso) = context.time(entry.time);
    Event {
        label: title(entry),
        href: object_address(context, entry),
        time,
        iso,
        user: entry.username.clone(),
        kind: kind(entry).to_owned(),
        message: entry.message.clone(),
        ..Event::default()
    }
}

/// One entry, to be read.
pub async fn page(context: &RequestContext<'_>, id: i64) -> PageResult {
    context.superusers_only()?;
    let mut tx = context.read().await?;
    let entry = one::get(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    let shown = |name: &str, label: &str, value: String, href: String| Widget {
        look: WidgetKind::Shown,
        name: name.to_owned(),
        label: label.to_owned(),
        value,
        href,
        ..Widget::default()
    };
    let widgets = vec![
        shown("time", "Time", context.time(entry.time).0, String::new()),
        shown("user", "User", entry.username.clone(), String::new()),
        shown("object", "Object", entry.object_name.clone(), object_address(context, &entry)),
        shown("kind", "Kind of object", kind(&entry).to_owned(), String::new()),
        shown("message", "What changed", in_words(&entry), String::new()),
    ];
    let content = FormPage {
        heading: "Log entry".to_owned(),
        object: title(&entry),
        read_only: "Log entries are made by what people do; nobody can change them.".to_owned(),
        fieldsets: vec![FieldsetView { widgets, ..FieldsetView::default() }],
        ..FormPage::default()
    };
    let layout = context.layout(&title(&entry), &[("Log entries", LOG_ENTRIES), (&title(&entry), "")]);
    response::page(Page::new(layout, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_by_what_its_columns_say() {
        assert_eq!(LIST.check(), Ok(()));
    }

    #[test]
    fn a_span_of_time_is_one_that_was() {
        let span = |year, month, day| Span { year, month, day };
        let february = span(Some(2023), Some(2), None);
        assert_eq!(Span::of(Some(2023), Some(2), Some(31)), february);
        assert_eq!(Span::of(Some(2023), Some(2), Some(29)), february);
        assert_eq!(Span::of(Some(2024), Some(2), Some(29)), span(Some(2024), Some(2), Some(29)));
        assert_eq!(Span::of(Some(2024), Some(13), Some(1)), span(Some(2024), None, None));
        assert_eq!(Span::of(Some(0), Some(2), Some(1)), Span::default());
        assert_eq!(Span::of(None, Some(2), Some(1)), Span::default());
        let days = february.days().map(|(first, after)| (first.to_string(), after.to_string()));
        assert_eq!(days, Some(("2023-02-01".to_owned(), "2023-03-01".to_owned())));
    }
}
