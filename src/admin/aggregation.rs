//! Aggregation profiles in the admin without `[WEBAPI]`: name, id on the ARGO WEB-API and group. With it,
//! `aggregation_profile` is the entity.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, ListTable,
    RequestContext, Restore, SaveContext,
};
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::aggregation::{self, AggregationContent};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::error::AppError;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, aggregations as registry};
use crate::store::lists::ListParams;
use crate::store::lists::aggregations as list;
use crate::store::{Loaded, Result, aggregations as store};
use crate::templates::list_page::{Cell, RemoteLine};

/// The entity of aggregation profiles.
pub struct AggregationsAdmin;

/// The filters of the list, with and without `[WEBAPI]`.
pub(super) static FILTERS: &[ListFilter] = &[
    ListFilter {
        name: "group",
        label: "Group",
        source: FilterSource::Grouped(Choices::Groups(GroupKind::Aggregations)),
    },
    ListFilter { name: "mine", label: "Mine", source: FilterSource::Mine(GroupKind::Aggregations) },
];

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::Aggregation,
    list: ListOptions {
        columns: &[ListColumn::name("name", "Name"), ListColumn::short("group", "Group")],
        sorts: list::SORTS,
        default_sort: "name",
        filters: FILTERS,
        searched: "names",
    },
    fieldsets: &[Fieldset { legend: "", help: "", fields: &["name", "apiid", "group"], only_if: None }],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
};

#[async_trait]
impl EntityAdmin for AggregationsAdmin {
    type Content = AggregationContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<AggregationContent>] {
        &aggregation::FIELDS
    }

    fn name(&self, content: &AggregationContent) -> String {
        content.name.clone()
    }

    fn group<'a>(&self, content: &'a AggregationContent) -> &'a str {
        &content.group
    }

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let found = list::list(conn, params).await?;
        Ok(ListTable::of(found, |row| {
            vec![Cell::link(row.name, context.at().view(ObjectKind::Aggregation, row.id)), Cell::text(row.group)]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<AggregationContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &AggregationContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, content).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &AggregationContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remote_line(&self, _: &RequestContext<'_>) -> std::result::Result<Option<RemoteLine>, AppError> {
        let text = "The ARGO WEB-API is not configured: poem.conf has no [WEBAPI].".to_owned();
        Ok(Some(RemoteLine { text, take_over: None }))
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, id).await
    }
}
