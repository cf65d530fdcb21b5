//! The list of an entity's objects, with search, filters, headings and paging.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;
use super::table_fit::{Column, ColumnKind, NARROW, WIDE, longest_unbroken};
use super::waiting_line::WaitingLine;

/// The heading of a column.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Heading {
    /// The text of the heading.
    pub label: String,
    /// The address of the list sorted by this column, or in reverse if it already is; empty if it cannot be sorted.
    pub href: String,
    /// The value of `aria-sort`: "ascending", "descending", or "" if the list is sorted by another column.
    pub sorted: &'static str,
    /// What the cells of the column hold.
    pub kind: ColumnKind,
}

/// One cell of a list; the first cell of a row is the row's heading.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cell {
    /// In the first cell of a row, the id of the object, which can be ticked; else `None`.
    pub id: Option<i64>,
    /// The text; empty for a flag.
    pub text: String,
    /// The address of the link; empty without a link.
    pub href: String,
    /// A yes or no, shown as a sign with a word for screen readers; else `None`.
    pub flag: Option<bool>,
    /// True in the first cell of the row of an object that was just saved: the row is highlighted.
    pub is_saved: bool,
    /// True for a number or a time, which is set in tabular figures and not broken.
    pub is_figure: bool,
    /// True for the tag of a metric, which is shown as a pill.
    pub is_tag: bool,
    /// The time of the text for the attribute `datetime=` (RFC 3339); empty if the text is no time.
    pub iso: String,
    /// The classes of a text that is too long for one line of the table, so that it may be broken: `long`, or
    /// `long longer` if it is so in a wide window too; set by [`ListPage::fitted`].
    pub fit: &'static str,
}

impl Cell {
    /// Returns a cell of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Returns a cell with a link; with an empty address, plain text.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into(), ..Self::default() }
    }

    /// Returns the first cell of the row of an object: its name, with a link.
    pub fn object(id: i64, name: impl Into<String>, href: impl Into<String>) -> Self {
        Self { id: Some(id), ..Self::link(name, href) }
    }

    /// Returns a cell with a number and a link; with an empty address, only the number.
    pub fn figure(number: i64, href: impl Into<String>) -> Self {
        Self { is_figure: true, ..Self::link(number.to_string(), href) }
    }

    /// Returns a cell with a time.
    pub fn time(time: impl Into<String>) -> Self {
        Self { is_figure: true, ..Self::text(time) }
    }

    /// Returns a cell with a time, in words for people and for machines, which scripts show as “2 hours ago”.
    pub fn moment((text, iso): (String, String)) -> Self {
        Self { iso, ..Self::time(text) }
    }

    /// Returns a cell with the tag of a metric.
    pub fn tag(tag: impl Into<String>) -> Self {
        Self { is_tag: true, ..Self::text(tag) }
    }

    /// Returns a cell with a yes or no.
    pub fn flag(on: bool) -> Self {
        Self { flag: Some(on), ..Self::default() }
    }
}

/// One filter: a select whose choice `All` has an empty value.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FilterView {
    /// The name of the filter in the address.
    pub name: String,
    /// The label of the select.
    pub label: String,
    /// The choices, `All` first.
    pub choices: Vec<Choice>,
    /// True if it is folded: the list has many filters, and this one is off.
    pub is_folded: bool,
}

/// One choice of a select.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The value that is sent.
    pub value: String,
    /// The text that is shown.
    pub label: String,
    /// True if it is chosen.
    pub selected: bool,
}

/// The part of the list that is shown, and the links to the other parts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Paging {
    /// The number of all objects that match.
    pub total: i64,
    /// The number of the first row that is shown, from 1; 0 in an empty list.
    pub from: i64,
    /// The number of the last row that is shown; 0 in an empty list.
    pub to: i64,
    /// Links to the first page, the last, and those around the current one, with `…` (without address) in the gaps.
    pub pages: Vec<Link>,
    /// The address of the previous page; `None` on the first.
    pub previous: Option<String>,
    /// The address of the next page; `None` on the last.
    pub next: Option<String>,
    /// The links to pages with other numbers of rows; empty if the list is short.
    pub sizes: Vec<Link>,
    /// True if the page was to have all rows, and there are more than a page can have.
    pub is_cut: bool,
}

/// The line above a list about another server that stores the objects as well.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RemoteLine {
    /// The sentence.
    pub text: String,
    /// The form that adds objects of the other server; `None` if the viewer may not, or there are none.
    pub take_over: Option<TakeOverForm>,
}

/// The form that adds objects of another server.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TakeOverForm {
    /// The address that it is posted to.
    pub action: String,
    /// The objects, by their ids there.
    pub profiles: Vec<Choice>,
    /// The names of the groups that they can be put into.
    pub groups: Vec<String>,
}

/// What can be done with the rows of a list that are ticked.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BulkBar {
    /// The address that the ticks are posted to.
    pub action: String,
    /// True if objects can be changed together.
    pub can_change: bool,
    /// True if objects can be deleted together.
    pub can_delete: bool,
    /// The number of all objects that match; 0 if all of them are shown.
    pub all: i64,
}

/// The addresses of a list as a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExportLinks {
    /// As comma-separated values; empty if the list cannot be exported.
    pub csv: String,
    /// As JSON.
    pub json: String,
    /// The names alone, one per line; empty if the rows have no names.
    pub names: String,
}

/// Content of the template `admin/list`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListPage {
    /// The heading: `Metrics`.
    pub heading: String,
    /// The sentence about what such objects are; empty if the page needs none.
    pub about: &'static str,
    /// The link to the form of a new object (`Add metric`); `None` if the viewer may not add one.
    pub add: Option<Link>,
    /// The links to other pages about the list, next to the one that adds an object; usually empty.
    pub tools: Vec<Link>,
    /// The list's own address, to which the form of search and filters is sent.
    pub action: String,
    /// The lines about what waits for the viewer, above the list; usually empty.
    pub waiting: Vec<WaitingLine>,
    /// The line about another server that stores the objects as well; `None` if there is nothing to say.
    pub remote: Option<RemoteLine>,
    /// The text that is searched for; `None` if the list cannot be searched.
    pub search: Option<String>,
    /// The searched fields as they follow “Search” in the label: `names and VOs`.
    pub searched: String,
    /// The filters, in order.
    pub filters: Vec<FilterView>,
    /// Sentences about the parts of the address that the list does not know; usually empty.
    pub complaints: Vec<String>,
    /// Other parameters of the address that the form of search and filters keeps, as name and value.
    pub kept: Vec<(String, String)>,
    /// The columns that are shown on request, the shown ones selected; empty if the list has none.
    pub columns: Vec<Choice>,
    /// The parameters of the address that the form of columns keeps, as name and value.
    pub kept_by_columns: Vec<(String, String)>,
    /// The search and the filters that are on, each with the address of the list without it.
    pub active: Vec<Link>,
    /// The address of the list without search and filters.
    pub reset: String,
    /// The drill-down by date: links up, and to the years, months or days below; empty if the list has none.
    pub dates: Vec<Link>,
    /// The headings of the columns.
    pub headings: Vec<Heading>,
    /// The cells of each row, in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
    /// What can be done with ticked rows; `None` if they cannot be ticked.
    pub bulk: Option<BulkBar>,
    /// The list as a file.
    pub exports: ExportLinks,
    /// The part of the list that is shown.
    pub paging: Paging,
    /// The number of characters that every text of the table has room for; only a longer one is broken.
    pub unbroken: usize,
    /// The text that is shown instead of the table if there is no row.
    pub empty: String,
}

impl ListPage {
    /// Finds out which texts are too long for one line, so that the table is never wider than the page.
    pub fn fitted(mut self) -> Self {
        let cells = |place: usize| self.rows.iter().filter_map(move |row| row.get(place)).map(|cell| &*cell.text);
        let columns: Vec<_> = (self.headings.iter().enumerate())
            .map(|(place, heading)| Column::of(&heading.label, heading.kind, cells(place)))
            .collect();
        self.unbroken = longest_unbroken(&columns, NARROW);
        let in_wide = longest_unbroken(&columns, WIDE);
        for cell in self.rows.iter_mut().flatten() {
            cell.fit = match cell.text.chars().count() {
                length if length > in_wide => "long longer",
                length if length > self.unbroken => "long",
                _ => "",
            };
        }
        self
    }
}

impl Content for ListPage {
    const TEMPLATE: &'static str = "admin/list";
}
