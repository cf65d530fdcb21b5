//! The options of an entity: its names, its list, its fieldsets and what can be done with its objects.

use crate::domain::form::field::Choices;
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::lists::{NO, YES};
use crate::templates::table_fit::ColumnKind;

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub struct ListColumn {
    /// The key by which the list's query sorts; empty if the list cannot be sorted by this column.
    pub key: &'static str,
    /// The heading of the column.
    pub label: &'static str,
    /// What the cells of the column hold.
    pub kind: ColumnKind,
    /// True if the column is shown only on request, and its values are computed only then. It has a key, and comes after
    /// the others, whose numbers are in bookmarks of POEM 2.3.
    pub is_optional: bool,
    /// True for the first column if it has the names of the objects, which can be exported alone.
    pub is_name: bool,
}

impl ListColumn {
    /// Returns a column of names and other short texts, which stay on one line.
    pub const fn short(key: &'static str, label: &'static str) -> Self {
        Self { key, label, kind: ColumnKind::Short, is_optional: false, is_name: false }
    }

    /// Returns the column of the objects' names.
    pub const fn name(key: &'static str, label: &'static str) -> Self {
        Self { is_name: true, ..Self::short(key, label) }
    }

    /// Returns a column of sentences, which wrap between words and are cut after two lines.
    pub const fn text(key: &'static str, label: &'static str) -> Self {
        Self { kind: ColumnKind::Text, ..Self::short(key, label) }
    }

    /// Returns a column of numbers, which are right-aligned.
    pub const fn number(key: &'static str, label: &'static str) -> Self {
        Self { kind: ColumnKind::Number, ..Self::short(key, label) }
    }

    /// Returns the column as one that is shown only on request.
    pub const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// Returns the name of the column in files: its key or, if it has none, its label in lower case.
    pub fn in_files(&self) -> String {
        if self.key.is_empty() { self.label.to_lowercase().replace(' ', "_") } else { self.key.to_owned() }
    }
}

/// The choices of a filter by a flag, as value and label.
const YES_OR_NO: &[(&str, &str)] = &[(YES, "Yes"), (NO, "No")];
/// The choices of a filter by a date range up to now, as value and label.
const SINCE: &[(&str, &str)] = &[
    ("today", "Today"),
    ("week", "Past 7 days"),
    ("30days", "Past 30 days"),
    ("month", "This month"),
    ("year", "This year"),
];

/// The choices of the filter by the viewer's own groups, as value and label.
const MINE: &[(&str, &str)] = &[(YES, "In my groups"), (NO, "Not in my groups")];

/// The source of the choices of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSource {
    /// The same choices as in forms.
    Of(Choices),
    /// The VOs that own a profile.
    OwningVos,
    /// Groups, and “No group”.
    Grouped(Choices),
    /// Yes and No.
    YesOrNo,
    /// The kinds of objects in the log.
    LoggedKinds,
    /// Today, the past 7 or 30 days, this month, this year.
    Since,
    /// The names of all probes, and “No probe”.
    Probes,
    /// These choices, as value and label. Every object has exactly one of them.
    Fixed(&'static [(&'static str, &'static str)]),
    /// These choices, as value and label. An object can have several of them, or none. Only for users.
    Needs(&'static [(&'static str, &'static str)]),
    /// Objects in groups of this kind that the viewer is a member of, and the others. Only for users.
    Mine(GroupKind),
}

impl FilterSource {
    /// Returns the choices of forms that the filter uses; `None` for the other sources.
    pub fn choices(self) -> Option<Choices> {
        match self {
            Self::Of(choices) | Self::Grouped(choices) => Some(choices),
            _ => None,
        }
    }

    /// Returns true if only users who are logged in are offered the filter: what it shows depends on them, or is theirs to
    /// do.
    pub fn is_for_users(self) -> bool {
        matches!(self, Self::Needs(_) | Self::Mine(_))
    }

    /// Returns the fixed choices, as value and label; `None` if the choices depend on the data.
    pub fn fixed(self) -> Option<&'static [(&'static str, &'static str)]> {
        match self {
            Self::YesOrNo => Some(YES_OR_NO),
            Self::Since => Some(SINCE),
            Self::Fixed(choices) | Self::Needs(choices) => Some(choices),
            Self::Mine(_) => Some(MINE),
            Self::Of(_) | Self::Grouped(_) | Self::OwningVos | Self::LoggedKinds | Self::Probes => None,
        }
    }

    /// Returns true if a list can be filtered by the value. Unknown names are accepted; they find nothing.
    pub fn takes(self, value: &str) -> bool {
        !value.is_empty() && self.fixed().is_none_or(|fixed| fixed.iter().any(|(of, _)| *of == value))
    }
}

/// A filter of a list.
#[derive(Debug, Clone, Copy)]
pub struct ListFilter {
    /// The name in the address and in the list's query.
    pub name: &'static str,
    /// The label of the filter.
    pub label: &'static str,
    /// The source of its choices.
    pub source: FilterSource,
}

/// An option of a save, shown as a checkbox on the form of an existing object.
#[derive(Debug, Clone, Copy)]
pub struct SaveOption {
    /// The name of the checkbox.
    pub name: &'static str,
    /// The label of the checkbox.
    pub label: &'static str,
    /// The help text below the checkbox.
    pub help: &'static str,
}

/// Fields that belong together. Every field is in exactly one fieldset; the generic tests check it.
#[derive(Debug, Clone, Copy)]
pub struct Fieldset {
    /// The heading; empty if it has none.
    pub legend: &'static str,
    /// The help text below the heading; empty if there is none.
    pub help: &'static str,
    /// The names of the fields, in order.
    pub fields: &'static [&'static str],
    /// A field and its value: the page's script hides the fieldset for other values.
    pub only_if: Option<(&'static str, &'static str)>,
}

/// The way in which an old version is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// The entity has no versions; its history consists of log entries.
    Never,
    /// The form opens, filled with the old version.
    InForm,
    /// The old version is saved again, unchanged.
    AtOnce,
}

/// The options of a list: columns, order, filters and search.
#[derive(Debug, Clone, Copy)]
pub struct ListOptions {
    /// The columns, from left to right.
    pub columns: &'static [ListColumn],
    /// The keys by which the list's query can sort.
    pub sorts: &'static [&'static str],
    /// The key of the default order; with a leading `-`, in reverse.
    pub default_sort: &'static str,
    /// The filters, in order.
    pub filters: &'static [ListFilter],
    /// The searched fields as they follow “Search” in the label: `names and VOs`.
    pub searched: &'static str,
}

impl ListOptions {
    /// Parses the order in an address: the key of a column, and true for the reverse order (a leading `-`).
    ///
    /// Returns `None` if the list cannot be sorted so. POEM 2.3 named columns by their numbers, from 1, and several of
    /// them separated by dots (`1.-2`); of these the first counts.
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

    /// Returns the filters that are offered to a visitor of the public pages, or to a user.
    pub fn offered(&self, is_public: bool) -> impl Iterator<Item = &'static ListFilter> + use<> {
        self.filters.iter().filter(move |filter| !is_public || !filter.source.is_for_users())
    }

    /// Checks that the query sorts by exactly the keys of the columns, that the default is one of them, and that optional
    /// columns are the last ones.
    ///
    /// `Err` describes the first mistake.
    pub fn check(&self) -> Result<(), String> {
        let keys = || self.columns.iter().map(|column| column.key).filter(|key| !key.is_empty());
        if let Some(key) = keys().find(|key| !self.sorts.contains(key)) {
            return Err(format!("the list's query cannot sort by {key}"));
        }
        if let Some(sort) = self.sorts.iter().find(|sort| !keys().any(|key| key == **sort)) {
            return Err(format!("no column is sorted by {sort}"));
        }
        let misplaced = |pair: &[ListColumn]| pair[0].is_optional && !pair[1].is_optional;
        if self.columns.windows(2).any(misplaced)
            || self.columns.iter().any(|column| column.is_optional && column.key.is_empty())
        {
            return Err("an optional column has no key, or comes before one that is always shown".to_owned());
        }
        match self.order(self.default_sort) {
            Some(_) => Ok(()),
            None => Err(format!("no column is called {}, the default order", self.default_sort)),
        }
    }
}

/// The options of an entity, which do not depend on the type of its content.
#[derive(Debug)]
pub struct EntityOptions {
    /// The kind of its objects.
    pub kind: ObjectKind,
    /// The options of the list.
    pub list: ListOptions,
    /// The fieldsets of the form, in order.
    pub fieldsets: &'static [Fieldset],
    /// The options of a save; empty if there are none.
    pub ticks: &'static [SaveOption],
    /// True if objects can be cloned.
    pub can_clone: bool,
    /// The field that shows the tenant's namespace before its input; `None` if there is none.
    pub namespaced: Option<&'static str>,
    /// The way in which old versions are restored.
    pub restore: Restore,
}

impl EntityOptions {
    /// Returns true if the entity has versions.
    pub fn has_versions(&self) -> bool {
        self.restore != Restore::Never
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: ListOptions = ListOptions {
        columns: &[ListColumn::short("name", "Name"), ListColumn::text("", "Note"), ListColumn::short("time", "Time")],
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
    fn a_list_whose_query_sorts_by_other_columns_is_rejected() {
        assert_eq!(LIST.check(), Ok(()));
        assert!(ListOptions { sorts: &["name"], ..LIST }.check().is_err());
        assert!(ListOptions { sorts: &["name", "time", "user"], ..LIST }.check().is_err());
        assert!(ListOptions { default_sort: "-user", ..LIST }.check().is_err());
        static MISPLACED: [ListColumn; 2] =
            [ListColumn::short("name", "Name").optional(), ListColumn::short("time", "Time")];
        assert!(ListOptions { columns: &MISPLACED, ..LIST }.check().is_err());
    }

    #[test]
    fn a_filter_accepts_only_its_choices() {
        assert!(FilterSource::YesOrNo.takes(YES) && !FilterSource::YesOrNo.takes("maybe"));
        assert!(FilterSource::Since.takes("week") && !FilterSource::Since.takes("foo"));
        assert!(FilterSource::OwningVos.takes("foo") && !FilterSource::OwningVos.takes(""));
    }
}
