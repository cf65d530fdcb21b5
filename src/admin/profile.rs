//! Profiles in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::bulk_profiles::BulkProfiles;
use super::crud::{
    BulkStore, CellLinks, Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter,
    ListOptions, ListTable, RequestContext, Restore, SaveContext,
};
use super::metric_links::MetricLinks;
use super::metric_profile;
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{Action, Viewer};
use crate::domain::model::profile::{self, ProfileContent};
use crate::domain::model::snapshot::VersionContent;
use crate::domain::web::url_path::segment;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, profiles as registry};
use crate::store::lists::ListParams;
use crate::store::lists::profiles as list;
use crate::store::{Loaded, Result, profiles as store, vos};
use crate::templates::Link;
use crate::templates::delete_page::DeletionTick;
use crate::templates::form_page::InfoLine;
use crate::templates::list_page::Cell;
use crate::templates::used_by_page::UseSection;

/// The entity of profiles.
pub struct ProfilesAdmin;

/// What a profile can need: the needs of the view `need`.
const NEEDS: &[(&str, &str)] = &[("unconfigured", "Names metrics without configuration")];

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::Profile,
    list: ListOptions {
        columns: &[
            ListColumn::name("name", "Name"),
            ListColumn::short("vo", "Virtual organization"),
            ListColumn::text("description", "Description"),
            ListColumn::short("group", "Group"),
        ],
        sorts: list::SORTS,
        default_sort: "name",
        filters: &[
            ListFilter { name: "vo", label: "VO", source: FilterSource::OwningVos },
            ListFilter {
                name: "group",
                label: "Group",
                source: FilterSource::Grouped(Choices::Groups(GroupKind::Profiles)),
            },
            ListFilter { name: "needs", label: "Needs attention", source: FilterSource::Needs(NEEDS) },
            ListFilter { name: "mine", label: "Mine", source: FilterSource::Mine(GroupKind::Profiles) },
        ],
        searched: "names and VOs",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["name", "version", "vo", "group", "description"], only_if: None },
        Fieldset { legend: "", help: "", fields: &["tuples"], only_if: None },
    ],
    ticks: &[],
    can_clone: true,
    namespaced: Some("name"),
    restore: Restore::AtOnce,
};

#[async_trait]
impl EntityAdmin for ProfilesAdmin {
    type Content = ProfileContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<ProfileContent>] {
        &profile::FIELDS
    }

    fn blank(&self) -> ProfileContent {
        ProfileContent::to_add()
    }

    fn name(&self, content: &ProfileContent) -> String {
        content.name.clone()
    }

    fn group<'a>(&self, content: &'a ProfileContent) -> &'a str {
        &content.group
    }

    fn version(&self, content: VersionContent) -> Option<ProfileContent> {
        match content {
            VersionContent::Profile(content) => Some(content),
            _ => None,
        }
    }

    fn api_path(&self, content: &ProfileContent) -> Option<String> {
        Some(format!("/poem/api/v2/profiles/{}", segment(&content.name)))
    }

    fn bulk(&self) -> Option<&dyn BulkStore<ProfileContent>> {
        Some(&BulkProfiles)
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
                Cell::object(row.id, row.name, context.at().view(ObjectKind::Profile, row.id)),
                Cell::text(row.vo),
                Cell::text(row.description),
                Cell::text(row.group),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ProfileContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &ProfileContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, content, extra.clone_of).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &ProfileContent,
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

    fn more_tools(&self, context: &RequestContext<'_>, id: i64) -> Vec<Link> {
        let is_there = context.viewer.is_some() && context.config.webapi.is_some();
        is_there.then(|| Link::new("ARGO WEB-API", metric_profile::address(context, id))).into_iter().collect()
    }

    async fn deletion_tick(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProfileContent>,
        context: &RequestContext<'_>,
    ) -> Result<Option<DeletionTick>> {
        metric_profile::deletion_tick(conn, found, context).await
    }

    async fn facts(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProfileContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let line = |label: &str, text| InfoLine { label: label.to_owned(), text, links: Vec::new() };
        let mut facts =
            vec![InfoLine { links: table_links(context, found), ..line("Contents", found.content.size_in_words()) }];
        if !vos::exists(conn, &found.content.vo).await? {
            facts.push(line(&found.content.vo, "This VO is no longer in the list.".to_owned()));
        }
        let links = MetricLinks::find(conn, context, metrics(&found.content)).await?;
        facts.extend(links.lines("Metrics", metrics(&found.content)));
        facts.extend(metric_profile::facts(conn, found, context).await?);
        Ok(facts)
    }

    fn has_uses(&self, context: &RequestContext<'_>) -> bool {
        context.config.webapi.is_some()
    }

    async fn uses(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ProfileContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<UseSection>> {
        metric_profile::uses(conn, found, context).await
    }

    async fn links(
        &self,
        conn: &mut PgConnection,
        content: &ProfileContent,
        context: &RequestContext<'_>,
    ) -> Result<CellLinks> {
        let addresses = MetricLinks::find(conn, context, metrics(content)).await?.addresses();
        Ok(CellLinks { places: &[("tuples", "metric")], addresses })
    }
}

/// Returns the links that write the tuples to a file and read them from one; none on public pages.
fn table_links(context: &RequestContext<'_>, found: &Loaded<ProfileContent>) -> Vec<Link> {
    if context.viewer.is_none() {
        return Vec::new();
    }
    let (at, id) = (context.at(), found.id);
    let mut links = vec![Link::new("Export as CSV", at.export_of(ObjectKind::Profile, id, "csv"))];
    if context.allows(ObjectKind::Profile, Action::StartChanging { group: &found.content.group }) {
        links.push(Link::new("Import from CSV", at.import_into(ObjectKind::Profile, id)));
    }
    links
}

/// Returns the names of the metrics in its tuples.
fn metrics(content: &ProfileContent) -> impl Iterator<Item = &str> {
    content.tuples.iter().map(|tuple| tuple.metric.as_str())
}
