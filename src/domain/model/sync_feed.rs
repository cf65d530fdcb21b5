//! The lists that are filled from outside, and their comparison with a feed.

use std::collections::{BTreeMap, BTreeSet};

use super::service;

/// Up to this number of entries may be removed whatever the percentage is.
const ALWAYS_REMOVABLE: usize = 5;

/// A list of a tenant that a feed fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncFeed {
    /// Service flavours, from GOCDB.
    ServiceTypes,
    /// Virtual organisations, from the Operations portal.
    Vos,
    /// Services, from the service catalogue.
    Services,
}

impl SyncFeed {
    /// All feeds, in the order in which cron fetches them.
    pub const ALL: [Self; 3] = [Self::ServiceTypes, Self::Vos, Self::Services];

    /// The command that fetches the feed.
    pub fn command(self) -> &'static str {
        match self {
            Self::ServiceTypes => "poem-syncservtype",
            Self::Vos => "poem-syncvo",
            Self::Services => "poem-syncservices",
        }
    }

    /// The key of its address in `[SYNC_X]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::ServiceTypes => "ServiceType",
            Self::Vos => "VO",
            Self::Services => "Services",
        }
    }

    /// The name in the table of states, in metrics and in locks. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceTypes => "service_types",
            Self::Vos => "vos",
            Self::Services => "services",
        }
    }

    /// The heading of its list: `VOs`.
    pub fn label(self) -> &'static str {
        match self {
            Self::ServiceTypes => "Service types",
            Self::Vos => "VOs",
            Self::Services => "Services",
        }
    }

    /// The list in log lines: `VO`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::ServiceTypes => "service type",
            Self::Vos => "VO",
            Self::Services => "services",
        }
    }

    /// The fields of an entry besides its name or id, in the order of [`FeedEntries`].
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::ServiceTypes => &["description"],
            Self::Vos => &[],
            Self::Services => &service::FIELDS,
        }
    }

    /// True if entries that are no longer in the feed are removed.
    fn removes(self) -> bool {
        self != Self::ServiceTypes
    }
}

/// The entries of a list: name or id, and the values of the fields. A boolean is `true` or `false`.
pub type FeedEntries = BTreeMap<String, Vec<String>>;

/// The content of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedContent {
    /// The entries that the list should have.
    pub entries: FeedEntries,
    /// Names or ids of entries that cannot be judged: they are neither added, changed nor removed.
    pub untouched: BTreeSet<String>,
    /// The number of entries that were left out.
    pub left_out: usize,
    /// A sentence for each entry that is doubtful or was left out.
    pub warnings: Vec<String>,
}

/// The difference between a list and its feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListChanges {
    /// The entries that are only in the feed.
    pub added: FeedEntries,
    /// The entries whose fields differ, with their old and new values.
    pub changed: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// The entries that are only in the list, and go.
    pub removed: BTreeSet<String>,
    /// The number of entries that are only in the list, and stay. Only lists that never lose entries have such.
    pub only_listed: usize,
    /// The number of entries in the list before the changes.
    pub listed: usize,
}

impl ListChanges {
    /// Compares the list with the feed.
    pub fn between(feed: SyncFeed, listed: &FeedEntries, content: &FeedContent) -> Self {
        let mut changes = Self { listed: listed.len(), ..Self::default() };
        let judged = content.entries.iter().filter(|(name, _)| !content.untouched.contains(*name));
        for (name, new) in judged {
            match listed.get(name) {
                None => {
                    changes.added.insert(name.clone(), new.clone());
                }
                Some(old) if old != new => {
                    changes.changed.insert(name.clone(), (old.clone(), new.clone()));
                }
                Some(_) => {}
            }
        }
        let is_gone = |name: &&String| !content.entries.contains_key(*name) && !content.untouched.contains(*name);
        let gone: BTreeSet<String> = listed.keys().filter(is_gone).cloned().collect();
        match feed.removes() {
            true => changes.removed = gone,
            false => changes.only_listed = gone.len(),
        }
        changes
    }

    /// Returns true if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// Returns true if so many entries would go that the feed is more likely broken: more than five, and more than this
    /// percentage of the list.
    pub fn removes_too_much(&self, max_percent: u8) -> bool {
        self.removed.len() > ALWAYS_REMOVABLE && self.removed.len() * 100 > self.listed * usize::from(max_percent)
    }
}

/// The comparison of a list with its feed, and what is in use of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// The difference.
    pub changes: ListChanges,
    /// True if the guard refuses the removals.
    pub is_refused: bool,
    /// The removed VOs that own profiles, with the names of the profiles.
    pub owners: Vec<(String, Vec<String>)>,
    /// How many of the entries that stay although the feed does not have them are used by profiles.
    pub only_listed_used: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: impl IntoIterator<Item = usize>) -> FeedEntries {
        names.into_iter().map(|name| (format!("{name:03}"), Vec::new())).collect()
    }

    fn content(entries: FeedEntries) -> FeedContent {
        FeedContent { entries, ..FeedContent::default() }
    }

    #[test]
    fn a_list_is_compared_with_its_feed() {
        let text = |value: &str| vec![value.to_owned()];
        let listed: FeedEntries =
            [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")].map(|(name, value)| (name.to_owned(), text(value))).into();
        let feed =
            content([("b", "1"), ("c", "2"), ("e", "1")].map(|(name, value)| (name.to_owned(), text(value))).into());
        let mut changes = ListChanges::between(SyncFeed::Services, &listed, &feed);
        assert_eq!(changes.added.keys().collect::<Vec<_>>(), ["e"]);
        assert_eq!(changes.changed["c"], (text("1"), text("2")));
        assert_eq!(changes.removed.iter().collect::<Vec<_>>(), ["a", "d"]);
        let untouched = FeedContent { untouched: ["a", "c", "e"].map(str::to_owned).into(), ..feed.clone() };
        changes = ListChanges::between(SyncFeed::Services, &listed, &untouched);
        assert!(changes.added.is_empty() && changes.changed.is_empty());
        assert_eq!(changes.removed.iter().collect::<Vec<_>>(), ["d"]);
        changes = ListChanges::between(SyncFeed::ServiceTypes, &listed, &feed);
        assert_eq!((changes.removed.len(), changes.only_listed, changes.listed), (0, 2, 4));
        assert!(ListChanges::between(SyncFeed::Vos, &listed, &content(listed.clone())).is_empty());
    }

    #[test]
    fn many_removals_are_suspicious_and_five_never() {
        for (listed, left, percent, refused) in [
            (230, 184, 20, false),
            (230, 183, 20, true),
            (4, 1, 20, false),
            (6, 1, 20, false),
            (6, 0, 20, true),
            (230, 0, 100, false),
            (230, 225, 0, false),
            (230, 224, 0, true),
        ] {
            let changes = ListChanges::between(SyncFeed::Vos, &entries(0..listed), &content(entries(0..left)));
            assert_eq!(changes.removes_too_much(percent), refused, "{listed} {left} {percent}");
        }
    }
}
