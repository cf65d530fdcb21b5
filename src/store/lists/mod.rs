//! The lists of the admin: searched, filtered, sorted and cut into pages by PostgreSQL, one query a list.
//!
//! Text is sorted case-insensitively, then by code point; what is equal, by the list's own name and at last by id.
//! Descending is exactly the reverse. A page beyond the last is the last.

pub mod aggregations;
pub mod api_keys;
pub mod groups;
pub mod log_entries;
pub mod metrics;
pub mod probes;
pub mod profiles;
pub mod services;
pub mod users;

use super::text::storable;

/// The value of the filter `group` for objects without one.
pub const WITHOUT_GROUP: &str = "-";

/// The values of filters by a flag.
pub const YES: &str = "yes";
/// See [`YES`].
pub const NO: &str = "no";

/// Which part of a list somebody wants to see. Whatever it holds, the list has an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListAsk<'a> {
    /// Found anywhere in the list's searched columns, in any case; '' for everything.
    pub search: &'a str,
    /// One of the list's `SORTS`; anything else means its default order.
    pub sort: &'a str,
    pub descending: bool,
    /// Counted from 1.
    pub page: i64,
    /// Rows a page.
    pub page_size: i64,
    /// By the names of the list's filters; a value of '' filters nothing.
    pub filters: &'a [(&'static str, String)],
}

/// By which column a list is sorted, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a> {
    pub column: &'a str,
    pub descending: bool,
}

impl<'a> ListAsk<'a> {
    /// `None` where nothing is filtered by it.
    pub fn filter(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.filters.iter().find(|(filter, _)| *filter == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The order in which a list with these columns and this default answers.
    pub fn order(&self, sorts: &[&str], default: Order<'static>) -> Order<'a> {
        if sorts.contains(&self.sort) { Order { column: self.sort, descending: self.descending } } else { default }
    }

    /// A filter by a flag; `None` for any value but [`YES`] and [`NO`].
    fn flag(&self, name: &str) -> Option<bool> {
        match self.filter(name)? {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        }
    }

    /// A filter as a query takes it: '' where nothing is filtered.
    pub(super) fn filter_text(&self, name: &str) -> String {
        storable(self.filter(name).unwrap_or_default())
    }

    pub(super) fn search_text(&self) -> String {
        storable(self.search)
    }

    pub(super) fn page(&self) -> i64 {
        self.page.max(1)
    }

    pub(super) fn page_size(&self) -> i64 {
        self.page_size.max(1)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    /// The rows of all pages.
    pub total: i64,
    /// The page's number from 1, at most that of the last page.
    pub page: i64,
}

impl<T> Rows<T> {
    /// From records that each tell the total and the page's number; without any the list is empty.
    pub(super) fn of<R>(records: Vec<R>, paging: fn(&R) -> (i64, i64), row: fn(R) -> T) -> Self {
        let (total, page) = records.first().map_or((0, 1), paging);
        Self { rows: records.into_iter().map(row).collect(), total, page }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undeclared_column_gives_the_default_order() {
        let default = Order { column: "name", descending: false };
        let ask = ListAsk { sort: "password", descending: true, ..Default::default() };
        assert_eq!(ask.order(&["name", "vo"], default), default);
        let ask = ListAsk { sort: "vo", ..ask };
        assert_eq!(ask.order(&["name", "vo"], default), Order { column: "vo", descending: true });
    }

    #[test]
    fn a_filter_without_a_value_filters_nothing() {
        let filters = [("group", String::new()), ("staff", NO.to_owned()), ("vo", "a\0b".to_owned())];
        let ask = ListAsk { filters: &filters, ..Default::default() };
        assert_eq!((ask.filter("group"), ask.filter("tag")), (None, None));
        assert_eq!((ask.flag("staff"), ask.flag("vo")), (Some(false), None));
        assert_eq!(ask.filter_text("vo"), "a\u{fffd}b");
    }
}
