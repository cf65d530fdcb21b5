//! The list of an entity's objects.

use serde::Serialize;

use super::layout::Link;
use super::page::Content;

/// A column's heading.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Heading {
    pub label: String,
    /// Sorts by it; by the current one the other way round. '' where it cannot be sorted.
    pub href: String,
    /// For `aria-sort`: "ascending", "descending" or "" where the list is sorted by another.
    pub sorted: &'static str,
}

/// One cell; the first of a row is its name.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cell {
    pub text: String,
    /// '' where it leads nowhere.
    pub href: String,
    /// A yes or no: shown as a sign with a word for screen readers.
    pub flag: Option<bool>,
    /// A number or time: set in tabular figures, not broken.
    pub is_figure: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Text that leads somewhere; '' leads nowhere.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into(), ..Self::default() }
    }

    pub fn figure(number: i64, href: impl Into<String>) -> Self {
        Self { is_figure: true, ..Self::link(number.to_string(), href) }
    }

    pub fn time(time: impl Into<String>) -> Self {
        Self { is_figure: true, ..Self::text(time) }
    }

    pub fn flag(on: bool) -> Self {
        Self { flag: Some(on), ..Self::default() }
    }
}

/// One filter: a select whose choice «all» has the value ''.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FilterView {
    pub name: String,
    pub label: String,
    pub choices: Vec<Choice>,
}

/// One choice of a select.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

/// Which part of the list is shown, and the way to the others.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Paging {
    /// All objects that fit.
    pub total: i64,
    /// Numbers of the first and the last row shown, from 1; 0 in an empty list.
    pub from: i64,
    pub to: i64,
    /// A few pages around the current one, the first and the last; "…" without href between.
    pub pages: Vec<Link>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Template `admin/list`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListPage {
    /// «Metrics».
    pub heading: String,
    /// What can be added: «Add metric»; `None` for who may not.
    pub add: Option<Link>,
    /// This list's own address: the target of the search and filter form.
    pub action: String,
    /// What is searched for; `None` where the list cannot be searched.
    pub search: Option<String>,
    /// What the search looks at: «name, VO».
    pub searched: String,
    pub filters: Vec<FilterView>,
    /// Everything else of the address that must be kept when filters change: name and value.
    pub kept: Vec<(String, String)>,
    /// What is searched and filtered by, each with the list's address without it.
    pub active: Vec<Link>,
    /// Without any search and filter.
    pub reset: String,
    /// Drill-down by date: the way up and the steps down («2019», «March»); empty where the list has none.
    pub dates: Vec<Link>,
    pub headings: Vec<Heading>,
    pub rows: Vec<Vec<Cell>>,
    pub paging: Paging,
    /// Shown instead of the table where there is no row: «No metric fits. …»
    pub empty: String,
}

impl Content for ListPage {
    const TEMPLATE: &'static str = "admin/list";
}
