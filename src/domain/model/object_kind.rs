//! The kinds of objects, and everything that is the same for all objects of a kind: one table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;

/// A kind of object that has pages and log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A profile: which metrics test which service flavours.
    Profile,
    /// A service; services come from outside and are only shown.
    Service,
    /// A probe.
    Probe,
    /// A metric configuration.
    Metric,
    /// An aggregation profile of the ARGO WEB-API.
    Aggregation,
    /// A user of the tenant.
    CustUser,
    /// A group of profiles.
    GroupOfProfiles,
    /// A group of probes.
    GroupOfProbes,
    /// A group of metrics.
    GroupOfMetrics,
    /// A group of aggregations.
    GroupOfAggregations,
    /// An API key.
    ApiKey,
}

/// A section of the index page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexSection {
    /// The content of the registry.
    Registry,
    /// Users, and the groups that say who may change what.
    Users,
    /// The clients of the API.
    ApiKeys,
}

/// One row of [`KINDS`].
#[derive(Debug)]
pub struct KindInfo {
    /// The kind that the row describes.
    pub kind: ObjectKind,
    /// Its word in the log and in addresses: the name of its model in 2.3.
    pub slug: &'static str,
    /// The segment before the slug in addresses: the application of its model in 2.3.
    pub app: &'static str,
    /// One object, in the middle of a sentence: `group of probes`.
    pub one: &'static str,
    /// All of them, as a heading: `Groups of probes`.
    pub many: &'static str,
    /// The kind of groups that own such objects; `None`: only superusers change them.
    pub owner: Option<GroupKind>,
    /// True if such objects have pages without login. Each table that these show must have the stamp trigger, because
    /// they are cached.
    pub is_public: bool,
    /// The sentence about what such objects are, for visitors of public pages; '' if there are none.
    pub about: &'static str,
    /// The section of the index that lists it.
    pub section: IndexSection,
    /// True if the navigation at the top of every page has it.
    pub in_navigation: bool,
}

/// All kinds, in the order of the index and of the navigation.
pub static KINDS: [KindInfo; 11] = [
    KindInfo {
        owner: Some(GroupKind::Profiles),
        is_public: true,
        about: "Profiles say what is monitored for a virtual organization (VO): which metrics test which types of services.",
        ..registry(ObjectKind::Profile, "profile", "profile", "Profiles")
    },
    KindInfo {
        is_public: true,
        about: "Services of the service catalogue, with the metrics that profiles have for their types, and the probes of these metrics.",
        ..registry(ObjectKind::Service, "service", "service", "Services")
    },
    KindInfo {
        owner: Some(GroupKind::Probes),
        is_public: true,
        about: "Probes are the programs that test services: plugins for Nagios, each with its versions and its documentation.",
        ..registry(ObjectKind::Probe, "probe", "probe", "Probes")
    },
    KindInfo {
        owner: Some(GroupKind::Metrics),
        is_public: true,
        about: "Metrics are configured checks: each is one way to run a probe, with its interval, timeout and parameters.",
        ..registry(ObjectKind::Metric, "metric", "metric", "Metrics")
    },
    KindInfo {
        owner: Some(GroupKind::Aggregations),
        ..registry(ObjectKind::Aggregation, "aggregation", "aggregation", "Aggregations")
    },
    users(ObjectKind::CustUser, "custuser", "user", "Users"),
    users(ObjectKind::GroupOfProfiles, "groupofprofiles", "group of profiles", "Groups of profiles"),
    users(ObjectKind::GroupOfProbes, "groupofprobes", "group of probes", "Groups of probes"),
    users(ObjectKind::GroupOfMetrics, "groupofmetrics", "group of metrics", "Groups of metrics"),
    users(ObjectKind::GroupOfAggregations, "groupofaggregations", "group of aggregations", "Groups of aggregations"),
    KindInfo {
        app: "rest_framework_api_key",
        section: IndexSection::ApiKeys,
        ..users(ObjectKind::ApiKey, "apikey", "API key", "API keys")
    },
];

const fn registry(kind: ObjectKind, slug: &'static str, one: &'static str, many: &'static str) -> KindInfo {
    KindInfo { section: IndexSection::Registry, in_navigation: true, ..users(kind, slug, one, many) }
}

const fn users(kind: ObjectKind, slug: &'static str, one: &'static str, many: &'static str) -> KindInfo {
    KindInfo {
        kind,
        slug,
        app: "poem",
        one,
        many,
        owner: None,
        is_public: false,
        about: "",
        section: IndexSection::Users,
        in_navigation: false,
    }
}

impl ObjectKind {
    /// All kinds, in the order of [`KINDS`].
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|info| info.kind)
    }

    /// The row of the table.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }

    /// Its word in the log and in addresses.
    pub fn as_str(self) -> &'static str {
        self.info().slug
    }
}

impl GroupKind {
    /// Returns the kind of object that the audit log records for such a group.
    pub fn object_kind(self) -> ObjectKind {
        match self {
            Self::Aggregations => ObjectKind::GroupOfAggregations,
            Self::Profiles => ObjectKind::GroupOfProfiles,
            Self::Probes => ObjectKind::GroupOfProbes,
            Self::Metrics => ObjectKind::GroupOfMetrics,
        }
    }

    /// Returns the kind of object that the audit log records for the objects of such a group.
    pub fn member_kind(self) -> ObjectKind {
        match self {
            Self::Aggregations => ObjectKind::Aggregation,
            Self::Profiles => ObjectKind::Profile,
            Self::Probes => ObjectKind::Probe,
            Self::Metrics => ObjectKind::Metric,
        }
    }
}

impl KindInfo {
    /// One object, as a heading: `Group of probes`.
    pub fn title(&self) -> String {
        let mut letters = self.one.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// All objects, in the middle of a sentence: `groups of probes`, `API keys`.
    pub fn plural(&self) -> String {
        match self.one.starts_with(char::is_uppercase) {
            true => self.many.to_owned(),
            false => self.many.to_lowercase(),
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ObjectKind {
    type Err = ();

    fn from_str(slug: &str) -> Result<Self, ()> {
        Self::all().find(|kind| kind.as_str() == slug).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler counts the rows, but sees neither their order nor a row that is there twice.
    #[test]
    fn every_kind_has_the_row_that_describes_it() {
        for (place, info) in KINDS.iter().enumerate() {
            assert_eq!(info.kind as usize, place, "{}", info.slug);
            assert_eq!(info.slug.parse(), Ok(info.kind));
        }
        assert_eq!("nosuch".parse::<ObjectKind>(), Err(()));
    }

    #[test]
    fn the_word_in_json_is_the_slug() {
        for kind in ObjectKind::all() {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
