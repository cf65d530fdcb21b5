//! The lists of the admin pages: PostgreSQL searches, filters, sorts and pages them, with one query per list.
//!
//! Text is sorted without regard to the case of ASCII letters, then by code point, in every locale alike; equal rows are sorted by the list's name column, then by id.
//! Descending is exactly the reverse. A page beyond the last is the last.

pub mod aggregations;
pub mod api_keys;
pub mod flavours;
pub mod groups;
pub mod log_entries;
pub mod metric_names;
pub mod metrics;
pub mod probes;
pub mod profiles;
pub mod services;
pub mod users;

use super::text::{patterns, storable};

/// The value of the filter `group` for objects without a group.
pub const WITHOUT_GROUP: &str = "-";
/// The value of the filter `probe` for metrics without a probe.
pub const WITHOUT_PROBE: &str = "-";

/// The value of a filter by a flag for rows that have it.
pub const YES: &str = "yes";
/// The value of a filter by a flag for rows that do not have it.
pub const NO: &str = "no";

/// A request for a part of a list. Every value is valid: unknown ones mean the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListParams<'a> {
    /// The words to find anywhere in the list's searched columns, in any order, case-insensitively; '' for everything.
    pub search: &'a str,
    /// The column to sort by, one of the list's `SORTS`; anything else means its default order.
    pub sort: &'a str,
    /// The order is reversed; ignored in the default order.
    pub descending: bool,
    /// The number of the page, from 1.
    pub page: i64,
    /// The number of rows per page.
    pub page_size: i64,
    /// The filters, as (name, value); a value of '' filters nothing.
    pub filters: &'a [(&'static str, String)],
    /// The optional columns that are shown. Values of others are not computed.
    pub columns: &'a [&'static str],
    /// The names of the user's own groups, for the filter `mine`.
    pub own_groups: &'a [String],
}

/// The column that a list is sorted by, and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a> {
    /// The name of the column.
    pub column: &'a str,
    /// The order is reversed.
    pub descending: bool,
}

impl<'a> ListParams<'a> {
    /// Returns the value of a filter; `None` if it is missing or ''.
    pub fn filter(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.filters.iter().find(|(filter, _)| *filter == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns the order of a list that has these columns and this default.
    pub fn order(&self, sorts: &[&str], default: Order<'static>) -> Order<'a> {
        if sorts.contains(&self.sort) { Order { column: self.sort, descending: self.descending } } else { default }
    }

    /// Returns true if the optional column is shown.
    fn shows(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    /// Returns the value of a filter by a flag; `None` for any value but [`YES`] and [`NO`].
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.filter(name)? {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        }
    }

    /// Returns the value of a filter as a query takes it: '' if nothing is filtered.
    pub(super) fn filter_text(&self, name: &str) -> String {
        storable(self.filter(name).unwrap_or_default())
    }

    /// Returns the words of the search as regular expressions; an object is found if it has all of them, as in Django's
    /// admin. Empty if everything is found.
    pub(super) fn search_patterns(&self) -> Vec<String> {
        patterns(self.search)
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
    /// The rows of the page.
    pub rows: Vec<T>,
    /// The number of rows in all pages.
    pub total: i64,
    /// The page's number from 1, at most that of the last page.
    pub page: i64,
}

impl<T> Rows<T> {
    /// Creates the page from records, each of which has the total and the page's number; no records mean an empty list.
    pub(super) fn of<R>(records: Vec<R>, paging: fn(&R) -> (i64, i64), row: fn(R) -> T) -> Self {
        let (total, page) = records.first().map_or((0, 1), paging);
        Self { rows: records.into_iter().map(row).collect(), total, page }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_column_means_the_default_order() {
        let default = Order { column: "name", descending: false };
        let params = ListParams { sort: "password", descending: true, ..Default::default() };
        assert_eq!(params.order(&["name", "vo"], default), default);
        let params = ListParams { sort: "vo", ..params };
        assert_eq!(params.order(&["name", "vo"], default), Order { column: "vo", descending: true });
    }

    #[test]
    fn a_filter_without_a_value_filters_nothing() {
        let filters = [("group", String::new()), ("staff", NO.to_owned()), ("vo", "a\0b".to_owned())];
        let params = ListParams { filters: &filters, ..Default::default() };
        assert_eq!((params.filter("group"), params.filter("tag")), (None, None));
        assert_eq!((params.flag("staff"), params.flag("vo")), (Some(false), None));
        assert_eq!(params.filter_text("vo"), "a\u{fffd}b");
    }
}
