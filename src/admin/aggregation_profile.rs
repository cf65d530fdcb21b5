//! Aggregation profiles in the admin, if `[WEBAPI]` is configured: their definitions are on the ARGO WEB-API.
//!
//! Without it, `aggregation` is the entity. What the generic pages ask of the WEB-API is in `aggregation_remote`.

use rocket::async_trait;
use sqlx::PgConnection;

use super::aggregation::FILTERS;
use super::aggregation_remote::AggregationRemote;
use super::aggregation_take_over;
use super::crud::remote_store::RemoteStore;
use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, ListColumn, ListOptions, ListTable, RequestContext, Restore,
    SaveContext,
};
use crate::domain::form::field::Field;
use crate::domain::model::aggregation_profile::{self, AggregationProfileContent};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::snapshot::VersionContent;
use crate::error::AppError;
use crate::registry::{ExpectedRevision, SaveError, Saved, Transaction};
use crate::store::aggregation_definitions;
use crate::store::lists::ListParams;
use crate::store::lists::aggregations as list;
use crate::store::{Loaded, Result};
use crate::templates::Link;
use crate::templates::list_page::{Cell, RemoteLine};

/// The entity of aggregation profiles whose definitions are on the WEB-API.
pub struct AggregationProfilesAdmin;

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::Aggregation,
    list: ListOptions {
        columns: &[
            ListColumn::short("name", "Name"),
            ListColumn::short("group", "Group"),
            ListColumn::short("", "ARGO WEB-API"),
        ],
        sorts: list::SORTS,
        default_sort: "name",
        filters: FILTERS,
        searched: "names",
    },
    fieldsets: &[
        Fieldset {
            legend: "",
            help: "",
            fields: &[
                "name",
                "metric_operation",
                "profile_operation",
                "metric_profile",
                "endpoint_group",
                "group",
                "namespace",
                "apiid",
            ],
            only_if: None,
        },
        Fieldset { legend: "", help: "", fields: &["groups"], only_if: None },
    ],
    ticks: &[],
    can_clone: true,
    namespaced: None,
    restore: Restore::InForm,
};

#[async_trait]
impl EntityAdmin for AggregationProfilesAdmin {
    type Content = AggregationProfileContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<AggregationProfileContent>] {
        &aggregation_profile::FIELDS
    }

    fn name(&self, content: &AggregationProfileContent) -> String {
        content.definition.name.clone()
    }

    fn group<'a>(&self, content: &'a AggregationProfileContent) -> &'a str {
        &content.group
    }

    fn version(&self, content: VersionContent) -> Option<AggregationProfileContent> {
        match content {
            VersionContent::Aggregation(content) => Some(*content),
            _ => None,
        }
    }

    fn remote(&self) -> Option<&dyn RemoteStore<AggregationProfileContent>> {
        Some(&AggregationRemote)
    }

    fn more_tools(&self, context: &RequestContext<'_>, id: i64) -> Vec<Link> {
        vec![Link::new("Export", format!("{}export/", context.at().change(ObjectKind::Aggregation, id)))]
    }

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let found = list::list(conn, params).await?;
        Ok(ListTable::of(found, |row| {
            let missing = row.missing_since.map(|since| format!("not there since {}", context.day(since)));
            vec![
                Cell::link(row.name, context.at().view(ObjectKind::Aggregation, row.id)),
                Cell::text(row.group),
                Cell::text(missing.unwrap_or_default()),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<AggregationProfileContent>>> {
        let stored = aggregation_definitions::of(conn, id).await?;
        Ok(stored.map(|stored| Loaded { id, revision: stored.revision, content: stored.content() }))
    }

    // The other store decides: the core calls `remote` instead.
    async fn create(
        &self,
        _: &mut Transaction,
        _: &Viewer,
        _: &AggregationProfileContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Err(SaveError::Gone)
    }

    async fn change(
        &self,
        _: &mut Transaction,
        _: &Viewer,
        _: ExpectedRevision,
        _: &AggregationProfileContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        Err(SaveError::Gone)
    }

    async fn remove(&self, _: &mut Transaction, _: &Viewer, _: i64) -> std::result::Result<Saved, SaveError> {
        Err(SaveError::Gone)
    }

    async fn remote_line(&self, context: &RequestContext<'_>) -> std::result::Result<Option<RemoteLine>, AppError> {
        aggregation_take_over::line(context).await
    }
}
