//! Groups of the four kinds in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::core::list::ListAsk;
use super::core::{About, Column, Created, Declared, Extra, Fieldset, Listing, Restore, Table, Visit};
use crate::domain::form::field::Field;
use crate::domain::model::group::{self, GroupContent};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::pages::form::Fact;
use crate::pages::list::Cell;
use crate::registry::{Refusal, Saved, Target, groups as registry};
use crate::store::lists::groups as list;
use crate::store::{Loaded, Result, TenantTx, groups as store};

/// The groups of one kind.
pub struct Groups(pub GroupKind);

static OF_PROFILES: About = about(ObjectKind::GroupOfProfiles, "group of profiles", "Groups of profiles");
static OF_PROBES: About = about(ObjectKind::GroupOfProbes, "group of probes", "Groups of probes");
static OF_METRICS: About = about(ObjectKind::GroupOfMetrics, "group of metrics", "Groups of metrics");
static OF_AGGREGATIONS: About =
    about(ObjectKind::GroupOfAggregations, "group of aggregations", "Groups of aggregations");

const fn about(kind: ObjectKind, one: &'static str, many: &'static str) -> About {
    About {
        kind,
        one,
        many,
        list: Listing {
            columns: &[
                Column { key: "name", label: "Name" },
                Column { key: "members", label: "Members" },
                Column { key: "users", label: "Users" },
            ],
            sorts: list::SORTS,
            default_sort: "name",
            filters: &[],
            searched: "name",
        },
        fieldsets: &[Fieldset { legend: "", help: "", fields: &["name", "members", "users"], only_if: None }],
        ticks: &[],
        can_clone: false,
        namespaced: None,
        restore: Restore::Never,
        is_public: false,
    }
}

#[async_trait]
impl Declared for Groups {
    type Content = GroupContent;

    fn about(&self) -> &'static About {
        match self.0 {
            GroupKind::Profiles => &OF_PROFILES,
            GroupKind::Probes => &OF_PROBES,
            GroupKind::Metrics => &OF_METRICS,
            GroupKind::Aggregations => &OF_AGGREGATIONS,
        }
    }

    fn fields(&self) -> &'static [Field<GroupContent>] {
        group::fields(self.0)
    }

    fn name(&self, content: &GroupContent) -> String {
        content.name.clone()
    }

    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table> {
        let kind = self.about().kind;
        let found = list::list(conn, self.0, ask).await?;
        Ok(Table::of(found, |row| {
            vec![
                Cell::link(row.name, visit.at().change(kind, row.id)),
                Cell::figure(row.members, ""),
                Cell::figure(row.users, ""),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<GroupContent>>> {
        store::content(conn, self.0, id).await
    }

    async fn create(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &GroupContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal> {
        Ok(registry::create(tx, viewer, self.0, content).await?.into())
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &GroupContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal> {
        registry::change(tx, viewer, self.0, target, content).await
    }

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal> {
        registry::remove(tx, viewer, self.0, id).await
    }

    async fn affected(&self, _: &mut PgConnection, found: &Loaded<GroupContent>, _: &Visit<'_>) -> Result<Vec<Fact>> {
        let names =
            |label: &str, names: &[String]| Fact { label: label.to_owned(), text: names.join(", "), links: Vec::new() };
        let members = names("Members that stay, but without a group", &found.content.members);
        let users = names("Users who lose their rights on them", &found.content.users);
        Ok([members, users].into_iter().filter(|fact| !fact.text.is_empty()).collect())
    }
}
