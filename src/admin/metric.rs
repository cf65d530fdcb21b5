//! Metrics in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::bulk_metrics::BulkMetrics;
use super::crud::request_context::SEARCHED;
use super::crud::{
    BulkStore, CellLinks, Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter,
    ListOptions, ListTable, RequestContext, Restore, SaveContext,
};
use super::metric_links::MetricLinks;
use super::metric_uses::MetricUses;
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::metric::{MetricContent, Section};
use crate::domain::model::metric_fields::FIELDS;
use crate::domain::model::metric_rules::{ACTIVE, PASSIVE, PASSIVE_KEY};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::snapshot::VersionContent;
use crate::domain::web::url_path::segment;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, metrics as registry};
use crate::store::lists::metrics as list;
use crate::store::lists::{ListParams, NO, YES};
use crate::store::{Loaded, Result, metrics as store, probes};
use crate::templates::Link;
use crate::templates::form_page::{InfoLine, RequiredKey};
use crate::templates::list_page::Cell;
use crate::templates::used_by_page::UseSection;

/// The entity of metrics.
pub struct MetricsAdmin;

/// The choices of the filter by parent.
const PARENT: &[(&str, &str)] = &[(YES, "With parent"), (NO, "Without parent")];
/// The choices of the filter by profiles.
const PROFILES: &[(&str, &str)] = &[(YES, "In a profile"), (NO, "In no profile")];
/// What a metric can need: the needs of the view `need`.
const NEEDS: &[(&str, &str)] = &[
    ("no-probe", "Active without probe version"),
    ("no-parent", "Passive without parent"),
    ("dangling", "Parent or dependency does not exist"),
    ("not-a-number", "Interval or timeout is no number"),
];

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::Metric,
    list: ListOptions {
        columns: &[
            ListColumn::name("name", "Name"),
            ListColumn::short("tag", "Tag"),
            ListColumn::short("probe", "Probe version"),
            ListColumn::short("group", "Group"),
            ListColumn::short("type", "Type").optional(),
            ListColumn::short("parent", "Parent").optional(),
            ListColumn::number("profiles", "Profiles").optional(),
            ListColumn::short("changed", "Last change").optional(),
        ],
        sorts: list::SORTS,
        default_sort: "name",
        filters: &[
            ListFilter { name: "tag", label: "Tag", source: FilterSource::Of(Choices::Tags) },
            ListFilter {
                name: "group",
                label: "Group",
                source: FilterSource::Grouped(Choices::Groups(GroupKind::Metrics)),
            },
            ListFilter { name: "type", label: "Type", source: FilterSource::Of(Choices::MetricTypes) },
            ListFilter { name: "probe", label: "Probe", source: FilterSource::Probes },
            ListFilter { name: "parent", label: "Parent", source: FilterSource::Fixed(PARENT) },
            ListFilter { name: "profiles", label: "Profiles", source: FilterSource::Fixed(PROFILES) },
            ListFilter { name: "needs", label: "Needs attention", source: FilterSource::Needs(NEEDS) },
            ListFilter { name: "mine", label: "Mine", source: FilterSource::Mine(GroupKind::Metrics) },
        ],
        searched: "names",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["name", "probeversion", "tag", "mtype", "group"], only_if: None },
        Fieldset {
            legend: "Metric configuration",
            help: "",
            fields: &[
                "probeexecutable",
                "config",
                "attribute",
                "dependency",
                "parameter",
                "file_attribute",
                "file_parameter",
            ],
            only_if: Some(("mtype", ACTIVE)),
        },
        Fieldset { legend: "Flags and parent", help: "", fields: &["flags", "parent"], only_if: None },
    ],
    ticks: &[],
    can_clone: true,
    namespaced: None,
    restore: Restore::AtOnce,
};

#[async_trait]
impl EntityAdmin for MetricsAdmin {
    type Content = MetricContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<MetricContent>] {
        &FIELDS
    }

    fn blank(&self) -> MetricContent {
        MetricContent { tag: "Production".to_owned(), metric_type: ACTIVE.to_owned(), ..MetricContent::default() }
    }

    fn name(&self, content: &MetricContent) -> String {
        content.label()
    }

    fn heading(&self, content: &MetricContent) -> (String, String) {
        (content.name.clone(), content.tag.clone())
    }

    fn group<'a>(&self, content: &'a MetricContent) -> &'a str {
        &content.group
    }

    fn version(&self, content: VersionContent) -> Option<MetricContent> {
        match content {
            VersionContent::Metric(content) => Some(content),
            _ => None,
        }
    }

    fn needed_key(&self, field: &str) -> Option<RequiredKey> {
        (field == Section::Flags.as_str()).then(|| RequiredKey {
            field: "mtype".to_owned(),
            value: PASSIVE.to_owned(),
            key: PASSIVE_KEY.to_owned(),
            filled: "1".to_owned(),
            text: format!("A passive metric needs the flag {PASSIVE_KEY} with the value 1."),
        })
    }

    fn bulk(&self) -> Option<&dyn BulkStore<MetricContent>> {
        Some(&BulkMetrics)
    }

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let found = list::list(conn, params).await?;
        Ok(ListTable::of(found, |row| {
            let probe = match (row.probe_id, row.probe_version_id) {
                (Some(probe), Some(version)) => context.at().version(ObjectKind::Probe, probe, version),
                _ => String::new(),
            };
            let parent = match row.parent.is_empty() {
                true => String::new(),
                false => context.at().filtered(ObjectKind::Metric, SEARCHED, &row.parent),
            };
            vec![
                Cell::object(row.id, row.name, context.at().view(ObjectKind::Metric, row.id)),
                Cell::tag(row.tag),
                Cell::link(row.probe, probe),
                Cell::text(row.group),
                Cell::text(row.metric_type),
                Cell::link(row.parent, parent),
                Cell::figure(row.profiles, ""),
                Cell::time(row.changed.map_or_else(String::new, |changed| context.time(changed).0)),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<MetricContent>>> {
        store::content(conn, id).await
    }

    fn api_path(&self, content: &MetricContent) -> Option<String> {
        Some(format!("/poem/api/v2/metrics/{}", segment(&content.tag)))
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &MetricContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, content, extra.clone_of).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &MetricContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, id).await
    }

    async fn restore(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        version: i64,
    ) -> std::result::Result<Saved, SaveError> {
        registry::restore(tx, viewer, target, version).await
    }

    async fn facts(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<MetricContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let mut facts = Vec::new();
        if let Some(probe) = probes::of_label(conn, &found.content.probe).await? {
            let link = Link::new(
                found.content.probe.clone(),
                context.at().version(ObjectKind::Probe, probe.id, probe.version_id),
            );
            facts.push(InfoLine { label: "Probe".to_owned(), text: probe.description, links: vec![link] });
        }
        let MetricContent { parent, .. } = &found.content;
        let links = MetricLinks::find(conn, context, named(&found.content)).await?;
        facts.extend(InfoLine::of("Parent", configured(&links, std::iter::once(parent.as_str()))));
        facts.extend(InfoLine::of("Dependencies", configured(&links, dependencies(&found.content))));
        let uses = MetricUses::find(conn, context, &found.content.name).await?;
        let all = context.at().used_by(ObjectKind::Metric, found.id);
        facts.extend(InfoLine::summary("Metrics that depend on it", uses.metrics(), all.clone()));
        facts.extend(InfoLine::summary("Used in profiles", uses.profiles(), all));
        Ok(facts)
    }

    fn has_uses(&self, _: &RequestContext<'_>) -> bool {
        true
    }

    async fn uses(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<MetricContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<UseSection>> {
        Ok(MetricUses::find(conn, context, &found.content.name).await?.sections())
    }

    async fn links(
        &self,
        conn: &mut PgConnection,
        content: &MetricContent,
        context: &RequestContext<'_>,
    ) -> Result<CellLinks> {
        let addresses = MetricLinks::find(conn, context, named(content)).await?.addresses();
        Ok(CellLinks { places: &[("dependency", "key"), ("parent", "")], addresses })
    }

    async fn affected(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<MetricContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let uses = MetricUses::find(conn, context, &found.content.name).await?;
        let mut affected = InfoLine::of("Profiles that will keep the name without a configuration", uses.profiles());
        affected.extend(InfoLine::of("Metrics that depend on it", uses.metrics()));
        Ok(affected)
    }
}

fn dependencies(content: &MetricContent) -> impl Iterator<Item = &str> {
    content.settings.of(Section::Dependency).iter().map(|setting| setting.0.as_str())
}

/// Returns the names of its parent and its dependencies.
fn named(content: &MetricContent) -> impl Iterator<Item = &str> {
    dependencies(content).chain(std::iter::once(content.parent.as_str()))
}

/// Returns links to those of the metrics that have a configuration.
fn configured<'a>(links: &MetricLinks<'_>, names: impl Iterator<Item = &'a str>) -> Vec<Link> {
    names.map(|name| Link::new(name, links.address(name))).filter(|link| !link.href.is_empty()).collect()
}
