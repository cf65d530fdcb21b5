//! Probes in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, ListTable,
    RequestContext, Restore, SaveContext, SaveOption,
};
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::probe::{self, ProbeContent};
use crate::domain::model::snapshot::VersionContent;
use crate::registry::Transaction;
use crate::registry::probes::Intent;
use crate::registry::{ExpectedRevision, SaveError, Saved, probes as registry};
use crate::store::lists::ListParams;
use crate::store::lists::probes as list;
use crate::store::references::{self, ProbeMetric};
use crate::store::{Loaded, Result, probes as store};
use crate::templates::Link;
use crate::templates::form_page::InfoLine;
use crate::templates::list_page::Cell;
use crate::templates::used_by_page::{UseRow, UseSection};

/// The entity of probes.
pub struct ProbesAdmin;

const NEW_VERSION: &str = "new_version";
const UPDATE_METRICS: &str = "update_metrics";

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::Probe,
    list: ListOptions {
        columns: &[
            ListColumn::name("name", "Name"),
            ListColumn::number("versions", "Versions"),
            ListColumn::text("description", "Description"),
            ListColumn::short("group", "Group"),
        ],
        sorts: list::SORTS,
        default_sort: "name",
        filters: &[
            ListFilter {
                name: "group",
                label: "Group",
                source: FilterSource::Grouped(Choices::Groups(GroupKind::Probes)),
            },
            ListFilter { name: "mine", label: "Mine", source: FilterSource::Mine(GroupKind::Probes) },
        ],
        searched: "names",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["name", "version", "group"], only_if: None },
        Fieldset {
            legend: "Probe metadata",
            help: "",
            fields: &["repository", "docurl", "description", "comment"],
            only_if: None,
        },
    ],
    ticks: &[
        SaveOption {
            name: NEW_VERSION,
            label: "New version",
            help: "Save as a new version (give it a new number). Untick to correct the current version.",
        },
        SaveOption {
            name: UPDATE_METRICS,
            label: "Update metrics",
            help: "Move metrics from the previous version to the new version.",
        },
    ],
    can_clone: false,
    namespaced: None,
    restore: Restore::InForm,
};

#[async_trait]
impl EntityAdmin for ProbesAdmin {
    type Content = ProbeContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<ProbeContent>] {
        &probe::FIELDS
    }

    fn name(&self, content: &ProbeContent) -> String {
        content.name.clone()
    }

    fn group<'a>(&self, content: &'a ProbeContent) -> &'a str {
        &content.group
    }

    fn version(&self, content: VersionContent) -> Option<ProbeContent> {
        match content {
            VersionContent::Probe(content) => Some(content),
            _ => None,
        }
    }

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let found = list::list(conn, params).await?;
        Ok(ListTable::of(found, |row| {
            vec![
                Cell::link(row.name, context.at().view(ObjectKind::Probe, row.id)),
                Cell::figure(row.versions, context.at().history(ObjectKind::Probe, row.id)),
                Cell::text(row.description),
                Cell::text(row.group),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ProbeContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &ProbeContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, content).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &ProbeContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        let intent = Intent { new_version: extra.has(NEW_VERSION), update_metrics: extra.has(UPDATE_METRICS) };
        registry::change(tx, viewer, target, content, intent).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, id).await
    }

    async fn facts(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProbeContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let mut facts = Vec::new();
        if let Some((username, time)) = store::last_change(conn, found.id).await? {
            let (who, when) = (context.author(&username), context.time(time).0);
            let text = if who.is_empty() { when } else { format!("{who}, {when}") };
            facts.push(InfoLine { label: "Last changed".to_owned(), text, links: Vec::new() });
        }
        let mut metrics = metrics(conn, found, context).await?;
        if metrics.len() > 1 {
            let list = context.at().filtered(ObjectKind::Metric, "probe", &found.content.name);
            metrics.insert(0, Link::new("All as a list", list));
        }
        facts.extend(InfoLine::summary(
            "Metrics that use it",
            metrics,
            context.at().used_by(ObjectKind::Probe, found.id),
        ));
        Ok(facts)
    }

    fn has_uses(&self, _: &RequestContext<'_>) -> bool {
        true
    }

    async fn uses(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProbeContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<UseSection>> {
        let metrics = references::metrics_of_probe(conn, found.id).await?;
        let mut sections: Vec<UseSection> = metrics
            .chunk_by(|a, b| a.probe_version_id == b.probe_version_id)
            .map(|of| of_version(of, context))
            .collect();
        if let Some(last) = sections.last_mut() {
            let list = context.at().filtered(ObjectKind::Metric, "probe", &found.content.name);
            last.list = Some(Link::new("All as a list", list));
        }
        Ok(sections)
    }

    async fn affected(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProbeContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        Ok(InfoLine::of("Metrics that will lose their probe", metrics(conn, found, context).await?))
    }
}

/// Returns the metrics that use one version of a probe.
fn of_version(metrics: &[ProbeMetric], context: &RequestContext<'_>) -> UseSection {
    let row = |metric: &ProbeMetric| UseRow {
        object: Link::new(metric.name.as_str(), context.at().view(ObjectKind::Metric, metric.id)),
        cells: vec![metric.tag.clone()],
    };
    let version = metrics.first().map_or("", |metric| metric.version.as_str());
    UseSection {
        label: format!("Metrics with version {version}"),
        columns: vec!["Metric", "Tag"],
        rows: metrics.iter().map(row).collect(),
        ..UseSection::default()
    }
}

/// Returns links to the metrics that use any version of the probe.
async fn metrics(
    conn: &mut PgConnection,
    found: &Loaded<ProbeContent>,
    context: &RequestContext<'_>,
) -> Result<Vec<Link>> {
    let metrics = references::metrics_of_probe(conn, found.id).await?;
    let link = |metric: ProbeMetric| {
        let label = format!("{} ({}), version {}", metric.name, metric.tag, metric.version);
        Link::new(label, context.at().view(ObjectKind::Metric, metric.id))
    };
    Ok(metrics.into_iter().map(link).collect())
}
