//! What an entity says of itself, apart from its fields.

use crate::domain::field::Choices;
use crate::domain::log_entry::ObjectKind;

/// A column of the list.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What the list's query knows it by; '' where the list cannot be sorted by it.
    pub key: &'static str,
    pub label: &'static str,
}

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
}

/// A filter of the list.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Its name in the address, and what the list's query knows it by.
    pub name: &'static str,
    pub label: &'static str,
    pub source: FilterSource,
}

/// A choice of how to save, on the form of an object that exists.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
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
pub struct Listing {
    pub columns: &'static [Column],
    /// By which column it is sorted if nobody says; '-' before it for the other way round.
    pub default_sort: &'static str,
    pub filters: &'static [Filter],
    /// What the search looks at, in words.
    pub searched: &'static str,
}

/// An entity, as far as it is no matter of types.
#[derive(Debug)]
pub struct About {
    pub kind: ObjectKind,
    /// In the middle of a sentence: «metric», «group of probes».
    pub one: &'static str,
    /// As a heading: «Metrics».
    pub many: &'static str,
    pub list: Listing,
    pub fieldsets: &'static [Fieldset],
    pub ticks: &'static [Tick],
    pub can_clone: bool,
    /// The field before which the tenant's namespace is shown.
    pub namespaced: Option<&'static str>,
    pub restore: Restore,
    /// Has pages without login. Whatever these show gives the tenant a new stamp when it changes, so they can be kept.
    pub is_public: bool,
}

impl About {
    /// «Metric».
    pub fn title(&self) -> String {
        let mut letters = self.one.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    pub fn has_versions(&self) -> bool {
        self.restore != Restore::Never
    }
}
