//! The reports of the WEB-API, which use profiles. They are only read.

use serde::Deserialize;

/// A report, as far as POEM reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Report {
    info: ReportInfo,
    #[serde(default)]
    profiles: Option<Vec<UsedProfile>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ReportInfo {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct UsedProfile {
    #[serde(default)]
    id: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// The kind of a profile that a report uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedKind {
    /// An aggregation profile.
    Aggregation,
    /// A metric profile.
    Metric,
}

/// Returns the names of the reports that use the profile with this id, sorted.
pub fn using<'r>(reports: &'r [Report], kind: UsedKind, id: &str) -> Vec<&'r str> {
    let word = match kind {
        UsedKind::Aggregation => "aggregation",
        UsedKind::Metric => "metric",
    };
    let uses = |report: &&Report| report.profiles.iter().flatten().any(|used| used.kind == word && used.id == id);
    let mut names: Vec<&str> = reports.iter().filter(uses).map(|report| report.info.name.as_str()).collect();
    names.sort_unstable();
    names
}
