//! Links to metrics by their names: profiles, services and other metrics know only those.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::crud::RequestContext;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::Result;
use crate::store::references::{self, ConfiguredMetric};
use crate::templates::Link;
use crate::templates::form_page::InfoLine;

/// The metrics that have a configuration, by name; each under one or several tags.
pub struct MetricLinks<'a> {
    context: &'a RequestContext<'a>,
    metrics: BTreeMap<String, Vec<ConfiguredMetric>>,
}

impl<'a> MetricLinks<'a> {
    /// Finds the metrics with one of the names, in one query.
    pub async fn find(
        conn: &mut PgConnection,
        context: &'a RequestContext<'a>,
        names: impl Iterator<Item = &str>,
    ) -> Result<Self> {
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        let mut metrics: BTreeMap<String, Vec<ConfiguredMetric>> = BTreeMap::new();
        if !names.is_empty() {
            for metric in references::metrics_named(conn, &names).await? {
                metrics.entry(metric.name.clone()).or_default().push(metric);
            }
        }
        Ok(Self { context, metrics })
    }

    /// Returns the address of the metric with the name, or of the list of several; empty if none is configured.
    pub fn address(&self, name: &str) -> String {
        let at = self.context.at();
        match self.metrics.get(name).map(Vec::as_slice) {
            None | Some([]) => String::new(),
            Some([only]) => at.view(ObjectKind::Metric, only.id),
            Some(_) => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", name).finish();
                format!("{}?{query}", at.list(ObjectKind::Metric))
            }
        }
    }

    /// Returns a line with the metrics, each a link; those without a configuration are in a line of their own.
    pub fn lines<'n>(&self, label: &str, names: impl Iterator<Item = &'n str>) -> Vec<InfoLine> {
        let names: std::collections::BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
        let links = names.into_iter().map(|name| Link::new(name, self.address(name)));
        let (bare, configured): (Vec<Link>, Vec<Link>) = links.partition(|link| link.href.is_empty());
        let words = match bare.len() {
            1 => "1 of these has no configuration".to_owned(),
            number => format!("{number} of these have no configuration"),
        };
        let mut lines = InfoLine::of(label, configured);
        lines.extend(InfoLine::of(&words, bare));
        lines
    }

    /// Returns the addresses by name, for the cells of a read-only form.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        self.metrics.keys().map(|name| (name.clone(), self.address(name))).collect()
    }
}
