//! Groups of the four kinds in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, ListColumn, ListOptions, ListTable, RequestContext, Restore,
    SaveContext,
};
use super::metric_links::MetricLinks;
use crate::domain::form::field::Field;
use crate::domain::model::group::{self, GroupContent};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, groups as registry};
use crate::store::group_members::{self, Member};
use crate::store::lists::ListParams;
use crate::store::lists::groups as list;
use crate::store::{Loaded, Result, groups as store, users};
use crate::templates::Link;
use crate::templates::form_page::InfoLine;
use crate::templates::list_page::Cell;
use crate::templates::used_by_page::{UseRow, UseSection};

/// The columns of the list.
const COLUMNS: &[ListColumn] =
    &[ListColumn::name("name", "Name"), ListColumn::number("members", "Members"), ListColumn::number("users", "Users")];

/// The entity of the groups of one kind.
pub struct GroupsAdmin(pub GroupKind);

static OF_PROFILES: EntityOptions = options(ObjectKind::GroupOfProfiles);
static OF_PROBES: EntityOptions = options(ObjectKind::GroupOfProbes);
static OF_METRICS: EntityOptions = options(ObjectKind::GroupOfMetrics);
static OF_AGGREGATIONS: EntityOptions = options(ObjectKind::GroupOfAggregations);

const fn options(kind: ObjectKind) -> EntityOptions {
    EntityOptions {
        kind,
        list: ListOptions {
            columns: COLUMNS,
            sorts: list::SORTS,
            default_sort: "name",
            filters: &[],
            searched: "names",
        },
        fieldsets: &[Fieldset { legend: "", help: "", fields: &["name", "members", "users"], only_if: None }],
        ticks: &[],
        can_clone: false,
        namespaced: None,
        restore: Restore::Never,
    }
}

#[async_trait]
impl EntityAdmin for GroupsAdmin {
    type Content = GroupContent;

    fn options(&self) -> &'static EntityOptions {
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

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let kind = self.options().kind;
        let found = list::list(conn, self.0, params).await?;
        Ok(ListTable::of(found, |row| {
            vec![
                Cell::link(row.name, context.at().view(kind, row.id)),
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
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &GroupContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, self.0, content).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &GroupContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        registry::change(tx, viewer, self.0, target, content).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, self.0, id).await
    }

    fn has_uses(&self, _: &RequestContext<'_>) -> bool {
        true
    }

    async fn uses(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<GroupContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<UseSection>> {
        let members = self.members(conn, found, context).await?;
        let mut users = users::by_names(conn, &found.content.users).await?;
        users.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        let user = |(id, name): (i64, String)| Link::new(name, context.at().view(ObjectKind::CustUser, id));
        Ok(vec![
            section(self.0.member_kind().info().many, members),
            section("Users who can edit them", users.into_iter().map(user).collect()),
        ])
    }

    async fn affected(
        &self,
        _: &mut PgConnection,
        found: &Loaded<GroupContent>,
        _: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let names = |label: &str, names: &[String]| InfoLine {
            label: label.to_owned(),
            text: names.join(", "),
            links: Vec::new(),
        };
        let members = names("Members that will be in no group", &found.content.members);
        let users = names("Users who will no longer be able to edit them", &found.content.users);
        Ok([members, users].into_iter().filter(|fact| !fact.text.is_empty()).collect())
    }
}

impl GroupsAdmin {
    /// Returns links to the objects of a group. Those of a group of metrics are names, which may have several metrics.
    async fn members(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<GroupContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<Link>> {
        if self.0 == GroupKind::Metrics {
            let names = || found.content.members.iter().map(String::as_str);
            let metrics = MetricLinks::find(conn, context, names()).await?;
            return Ok(names().map(|name| Link::new(name, metrics.address(name))).collect());
        }
        let link = |member: Member| Link::new(member.name, context.at().view(self.0.member_kind(), member.id));
        Ok(group_members::of(conn, self.0, found.id).await?.into_iter().map(link).collect())
    }
}

fn section(label: &str, objects: Vec<Link>) -> UseSection {
    let rows = objects.into_iter().map(|object| UseRow { object, cells: Vec::new() }).collect();
    UseSection { label: label.to_owned(), columns: vec!["Name"], rows, ..UseSection::default() }
}
