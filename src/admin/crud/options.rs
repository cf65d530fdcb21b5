//! What an entity says of itself, apart from its fields.

use crate::domain::form::field::Choices;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::lists::{NO, YES};

/// A column of the list.
#[derive(Debug, Clone, Copy)]
pub struct ListColumn {
    /// What the list's query knows it by; '' where the list cannot be sorted by it.
    pub key: &'static str,
    pub label: &'static str,
}

/// The choices of a filter by a flag: value and label.
const YES_OR_NO: &[(&str, &str)] = &[(YES, "Yes"), (NO, "No")];
/// Those of a filter by a span of time up to now.
const SINCE: &[(&str, &str)] =
    &[("today", "Today"), ("week", "Past 7 days"), ("month", "This month"), ("year", "This year")];

/// What the choices of a filter are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSource {
    Of(Choices),
    /// The VOs that own a profile.
    OwningVos,
    /// Groups, and «without a group».
    Grouped(Choices),
    YesOrNo,
    /// The kinds of objects that log entries speak of.
    LoggedKinds,
    /// Today, the past 7 days, this month, this year.
    Since,
}

impl FilterSource {
    /// What forms can be filled from as well; `None` for the others.
    pub fn choices(self) -> Option<Choices> {
        match self {
            Self::Of(choices) | Self::Grouped(choices) => Some(choices),
            Self::OwningVos | Self::YesOrNo | Self::LoggedKinds | Self::Since => None,
        }
    }

    /// Value and label of each choice, where they are the same whatever the data are; `None` for the others.
    pub fn fixed(self) -> Option<&'static [(&'static str, &'static str)]> {
        match self {
            Self::YesOrNo => Some(YES_OR_NO),
            Self::Since => Some(SINCE),
            Self::Of(_) | Self::Grouped(_) | Self::OwningVos | Self::LoggedKinds => None,
        }
    }

    /// Whether a list can be filtered by the value. (By a name that nothing bears, too: it then finds nothing.)
    pub fn takes(self, value: &str) -> bool {
        !value.is_empty() && self.fixed().is_none_or(|fixed| fixed.iter().any(|(of, _)| *of == value))
    }
}

/// A filter of the list.
#[derive(Debug, Clone, Copy)]
pub struct ListFilter {
    /// Its name in the address, and what the list's query knows it by.
    pub name: &'static str,
    pub label: &'static str,
    pub source: FilterSource,
}

/// A choice of how to save, on the form of an object that exists.
#[derive(Debug, Clone, Copy)]
pub struct SaveOption {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
}

/// Fields that stand together. Every field stands in one; the generic tests see to it.
#[derive(Debug, Clone, Copy)]
pub struct Fieldset {
    /// '' for the first.
    pub legend: &'static str,
    pub help: &'static str,
    /// By their names.
    pub fields: &'static [&'static str],
    /// Needed only while the field named first has this value.
    pub only_if: Option<(&'static str, &'static str)>,
}

/// How an old version comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// It has no versions: its history are its log entries.
    Never,
    /// The form opens, filled with it.
    InForm,
    /// It is saved as it was.
    AtOnce,
}

/// How a list is searched, filtered and sorted.
#[derive(Debug, Clone, Copy)]
pub struct ListOptions {
    pub columns: &'static [ListColumn],
    /// What the list's query can sort by: the keys of the columns.
    pub sorts: &'static [&'static str],
    /// By which column it is sorted if nobody says; '-' before it for the other way round.
    pub default_sort: &'static str,
    pub filters: &'static [ListFilter],
    /// What the search looks at, in words.
    pub searched: &'static str,
}

impl ListOptions {
    /// The order that an address asks for: the key of a column, and whether it is turned round (a '-' before it). `None`
    /// where the list cannot be sorted so.
    ///
    /// POEM 2.3 named columns by number, from 1 on, and several of them with '.' between: `1.-2`. Of these the first
    /// counts.
    pub fn order(&self, order: &str) -> Option<(&'static str, bool)> {
        let of_column = |order: &str| {
            let (of, descending) = order.strip_prefix('-').map_or((order, false), |of| (of, true));
            let column = match of.parse::<usize>() {
                Ok(number) => self.columns.get(number.checked_sub(1)?),
                Err(_) => self.columns.iter().find(|column| column.key == of),
            };
            column.filter(|column| !column.key.is_empty()).map(|column| (column.key, descending))
        };
        order.split('.').find_map(of_column)
    }

    /// Whether the list can be sorted by just what its columns say, and by its default. `Err` says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let keys = || self.columns.iter().map(|column| column.key).filter(|key| !key.is_empty());
        if let Some(key) = keys().find(|key| !self.sorts.contains(key)) {
            return Err(format!("the list's query cannot sort by {key}"));
        }
        if let Some(sort) = self.sorts.iter().find(|sort| !keys().any(|key| key == **sort)) {
            return Err(format!("no column is sorted by {sort}"));
        }
        match self.order(self.default_sort) {
            Some(_) => Ok(()),
            None => Err(format!("no column is called {}, the default order", self.default_sort)),
        }
    }
}

/// An entity, as far as it is no matter of types.
#[derive(Debug)]
pub struct EntityOptions {
    pub kind: ObjectKind,
    pub list: ListOptions,
    pub fieldsets: &'static [Fieldset],
    pub ticks: &'static [SaveOption],
    pub can_clone: bool,
    /// The field before which the tenant's namespace is shown.
    pub namespaced: Option<&'static str>,
    pub restore: Restore,
}

impl EntityOptions {
    pub fn has_versions(&self) -> bool {
        self.restore != Restore::Never
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: ListOptions = ListOptions {
        columns: &[
            ListColumn { key: "name", label: "Name" },
            ListColumn { key: "", label: "Note" },
            ListColumn { key: "time", label: "Time" },
        ],
        sorts: &["name", "time"],
        default_sort: "-time",
        filters: &[],
        searched: "",
    };

    #[test]
    fn columns_are_named_by_key_and_by_the_number_of_old_bookmarks() {
        for (text, order) in [
            ("name", Some(("name", false))),
            ("-time", Some(("time", true))),
            ("1", Some(("name", false))),
            ("-3", Some(("time", true))),
            ("1.-3", Some(("name", false))),
            ("2.-3", Some(("time", true))),
            ("9.-1.3", Some(("name", true))),
            ("", None),
            ("-", None),
            ("0", None),
            ("2", None),
            ("4", None),
            ("--name", None),
            ("password", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(LIST.order(text), order, "{text}");
        }
    }

    #[test]
    fn a_list_whose_query_knows_other_columns_is_noticed() {
        assert_eq!(LIST.check(), Ok(()));
        assert!(ListOptions { sorts: &["name"], ..LIST }.check().is_err());
        assert!(ListOptions { sorts: &["name", "time", "user"], ..LIST }.check().is_err());
        assert!(ListOptions { default_sort: "-user", ..LIST }.check().is_err());
    }

    #[test]
    fn a_filter_takes_only_what_filters() {
        assert!(FilterSource::YesOrNo.takes(YES) && !FilterSource::YesOrNo.takes("maybe"));
        assert!(FilterSource::Since.takes("week") && !FilterSource::Since.takes("foo"));
        assert!(FilterSource::OwningVos.takes("foo") && !FilterSource::OwningVos.takes(""));
    }
}
