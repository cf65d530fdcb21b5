//! Profiles in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::core::list::ListAsk;
use super::core::{
    About, Column, Created, Declared, Extra, Fieldset, Filter, FilterSource, Listing, Restore, Table, Visit,
};
use crate::domain::form::field::{Choices, Field};
use crate::domain::model::group_kind::GroupKind;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::profile::{self, ProfileContent};
use crate::pages::form::Fact;
use crate::pages::list::Cell;
use crate::registry::{Refusal, Saved, Target, profiles as registry};
use crate::store::lists::profiles as list;
use crate::store::{Loaded, Result, TenantTx, profiles as store};

pub struct Profiles;

static ABOUT: About = About {
    kind: ObjectKind::Profile,
    one: "profile",
    many: "Profiles",
    list: Listing {
        columns: &[
            Column { key: "name", label: "Name" },
            Column { key: "vo", label: "Virtual organization" },
            Column { key: "description", label: "Description" },
            Column { key: "group", label: "Group" },
        ],
        sorts: list::SORTS,
        default_sort: "name",
        filters: &[
            Filter { name: "vo", label: "VO", source: FilterSource::OwningVos },
            Filter {
                name: "group",
                label: "Group",
                source: FilterSource::Grouped(Choices::Groups(GroupKind::Profiles)),
            },
        ],
        searched: "name, VO",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["name", "version", "vo", "group", "description"], only_if: None },
        Fieldset { legend: "", help: "", fields: &["tuples"], only_if: None },
    ],
    ticks: &[],
    can_clone: true,
    namespaced: Some("name"),
    restore: Restore::Never,
    is_public: true,
};

#[async_trait]
impl Declared for Profiles {
    type Content = ProfileContent;

    fn about(&self) -> &'static About {
        &ABOUT
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

    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table> {
        let found = list::list(conn, ask).await?;
        Ok(Table::of(found, |row| {
            vec![
                Cell::link(row.name, visit.at().change(ObjectKind::Profile, row.id)),
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
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &ProfileContent,
        extra: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal> {
        Ok(registry::create(tx, viewer, content, extra.clone_of).await?.into())
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &ProfileContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal> {
        registry::remove(tx, viewer, id).await
    }

    async fn facts(&self, _: &mut PgConnection, found: &Loaded<ProfileContent>, _: &Visit<'_>) -> Result<Vec<Fact>> {
        Ok(vec![Fact { label: "Size".to_owned(), text: found.content.size_in_words(), links: Vec::new() }])
    }
}
