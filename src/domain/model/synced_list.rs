//! The lists of a tenant that a command compares with something outside, every hour.

use super::sync_feed::SyncFeed;

/// A list whose last comparison is stored, shown and watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncedList {
    /// A list that a feed fills.
    Feed(SyncFeed),
    /// The aggregation profiles, which follow the ARGO WEB-API.
    AggregationProfiles,
}

impl SyncedList {
    /// All lists, in the order in which cron compares them.
    pub const ALL: [Self; 4] = [
        Self::Feed(SyncFeed::ServiceTypes),
        Self::Feed(SyncFeed::Vos),
        Self::Feed(SyncFeed::Services),
        Self::AggregationProfiles,
    ];

    /// The command that compares it.
    pub fn command(self) -> &'static str {
        match self {
            Self::Feed(feed) => feed.command(),
            Self::AggregationProfiles => "poem-syncaggregations",
        }
    }

    /// The name in the table of states, in metrics and in locks. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feed(feed) => feed.name(),
            Self::AggregationProfiles => "aggregation_profiles",
        }
    }

    /// The list with this name; `None` for another one.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }

    /// The heading of the list: `VOs`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Feed(feed) => feed.label(),
            Self::AggregationProfiles => "Aggregation profiles",
        }
    }
}

impl From<SyncFeed> for SyncedList {
    fn from(feed: SyncFeed) -> Self {
        Self::Feed(feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_by_its_name() {
        for list in SyncedList::ALL {
            assert_eq!(SyncedList::of_name(list.name()), Some(list));
        }
        assert_eq!(SyncedList::of_name("other"), None);
        for feed in SyncFeed::ALL {
            assert!(SyncedList::ALL.contains(&feed.into()));
        }
    }
}
