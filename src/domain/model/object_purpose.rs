//! The words for people who meet a kind of objects for the first time.

use super::object_kind::ObjectKind;

impl ObjectKind {
    /// Returns what such objects are for, in a sentence or two.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Profile => "A profile says which metrics are run against which services.",
            Self::Service => "They are imported every hour from the service catalogue (poem-syncservices).",
            Self::Probe => "A probe is a program that checks a service; metrics say how it is run.",
            Self::Metric => "A metric says how a probe is run.",
            Self::Aggregation => "An aggregation profile makes one status out of the results of many metrics.",
            Self::CustUser => "A user can log in and edit what is in their groups.",
            Self::GroupOfProfiles => "A group of profiles says who can edit them.",
            Self::GroupOfProbes => "A group of probes says who can edit them.",
            Self::GroupOfMetrics => "A group of metrics says who can edit them.",
            Self::GroupOfAggregations => "A group of aggregations says who can edit them.",
            Self::ApiKey => "Monitoring clients need one to read POEM.",
        }
    }

    /// Returns what comes before the first such object; empty if nothing has to.
    pub const fn comes_first(self) -> &'static str {
        match self {
            Self::Profile => "It belongs to a VO, which poem-syncvo imports, and names metrics: add these first.",
            Self::Metric => "It needs a group of metrics and, unless it is passive, a probe: add these first.",
            Self::GroupOfMetrics => "Every metric needs one, so it comes before the first metric.",
            Self::Aggregation
            | Self::ApiKey
            | Self::CustUser
            | Self::GroupOfAggregations
            | Self::GroupOfProbes
            | Self::GroupOfProfiles
            | Self::Probe
            | Self::Service => "",
        }
    }
}
