//! Aggregations in the admin: what POEM keeps of them.

use rocket::async_trait;
use sqlx::PgConnection;

use super::core::list::ListAsk;
use super::core::{
    About, Column, Created, Declared, Extra, Fieldset, Filter, FilterSource, Listing, Restore, Table, Visit,
};
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::aggregation::{self, AggregationContent};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::pages::list::Cell;
use crate::registry::{Refusal, Saved, Target, aggregations as registry};
use crate::store::lists::aggregations as list;
use crate::store::{Loaded, Result, TenantTx, aggregations as store};

pub struct Aggregations;

static ABOUT: About = About {
    kind: ObjectKind::Aggregation,
    one: "aggregation",
    many: "Aggregations",
    list: Listing {
        columns: &[Column { key: "name", label: "Name" }, Column { key: "group", label: "Group" }],
        sorts: list::SORTS,
        default_sort: "name",
        filters: &[Filter {
            name: "group",
            label: "Group",
            source: FilterSource::Grouped(Choices::Groups(GroupKind::Aggregations)),
        }],
        searched: "name",
    },
    fieldsets: &[Fieldset { legend: "", help: "", fields: &["name", "apiid", "group"], only_if: None }],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
    is_public: false,
};

#[async_trait]
impl Declared for Aggregations {
    type Content = AggregationContent;

    fn about(&self) -> &'static About {
        &ABOUT
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

    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table> {
        let found = list::list(conn, ask).await?;
        Ok(Table::of(found, |row| {
            vec![Cell::link(row.name, visit.at().change(ObjectKind::Aggregation, row.id)), Cell::text(row.group)]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<AggregationContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &AggregationContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal> {
        Ok(registry::create(tx, viewer, content).await?.into())
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &AggregationContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal> {
        registry::remove(tx, viewer, id).await
    }
}
