//! What uses a metric: profiles, and the metrics that have it as parent or dependency.

use sqlx::PgConnection;

use super::crud::RequestContext;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::Result;
use crate::store::references::{self, RelyingMetric, UsingProfile};
use crate::templates::Link;
use crate::templates::used_by_page::{UseRow, UseSection};

/// The profiles and metrics that use a metric.
pub struct MetricUses<'a> {
    context: &'a RequestContext<'a>,
    profiles: Vec<UsingProfile>,
    metrics: Vec<RelyingMetric>,
}

impl<'a> MetricUses<'a> {
    /// Finds what uses the metrics of a name.
    pub async fn find(conn: &mut PgConnection, context: &'a RequestContext<'a>, name: &str) -> Result<Self> {
        let profiles = references::profiles_of_metric(conn, name).await?;
        let metrics = references::metrics_relying_on(conn, name).await?;
        Ok(Self { context, profiles, metrics })
    }

    /// Returns links to the profiles.
    pub fn profiles(&self) -> Vec<Link> {
        self.profiles
            .iter()
            .map(|profile| self.profile(profile, format!("{} {}", profile.name, profile.version)))
            .collect()
    }

    /// Returns links to the metrics that have it as parent or dependency.
    pub fn metrics(&self) -> Vec<Link> {
        let label = |metric: &RelyingMetric| format!("{}, {}", metric.label(), relation(metric));
        self.metrics.iter().map(|metric| self.metric(metric, label(metric))).collect()
    }

    /// Returns both, for the page “Used by”.
    pub fn sections(&self) -> Vec<UseSection> {
        let profile = |profile: &UsingProfile| UseRow {
            object: self.profile(profile, profile.name.clone()),
            cells: vec![profile.version.clone(), profile.tuples.to_string()],
        };
        let metric = |metric: &RelyingMetric| UseRow {
            object: self.metric(metric, metric.name.clone()),
            cells: vec![metric.tag.clone(), relation(metric).to_owned()],
        };
        let profiles = UseSection {
            label: "Profiles".to_owned(),
            columns: vec!["Profile", "Version", "Rows with it"],
            rows: self.profiles.iter().map(profile).collect(),
            ..UseSection::default()
        };
        let metrics = UseSection {
            label: "Metrics that depend on it".to_owned(),
            columns: vec!["Metric", "Tag", "How"],
            rows: self.metrics.iter().map(metric).collect(),
            ..UseSection::default()
        };
        vec![profiles, metrics]
    }

    fn profile(&self, profile: &UsingProfile, label: String) -> Link {
        Link::new(label, self.context.at().view(ObjectKind::Profile, profile.id))
    }

    fn metric(&self, metric: &RelyingMetric, label: String) -> Link {
        Link::new(label, self.context.at().view(ObjectKind::Metric, metric.id))
    }
}

fn relation(metric: &RelyingMetric) -> &'static str {
    match (metric.as_parent, metric.as_dependency()) {
        (true, true) => "as parent and dependency",
        (true, false) => "as parent",
        (false, _) => "as dependency",
    }
}
