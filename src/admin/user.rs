//! Users in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::core::list::ListAsk;
use super::core::{
    About, Column, Created, Declared, Extra, Fieldset, Filter, FilterSource, Listing, Restore, Table, Visit,
};
use crate::domain::form::field::Field;
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::user::{self, UserContent};
use crate::domain::security::password;
use crate::pages::Link;
use crate::pages::form::Fact;
use crate::pages::list::Cell;
use crate::registry::{Refusal, Saved, Target, password_hashing, users as registry};
use crate::store::lists::users as list;
use crate::store::{Loaded, Result, TenantTx, users as store};

pub struct Users;

static ABOUT: About = About {
    kind: ObjectKind::CustUser,
    one: "user",
    many: "Users",
    list: Listing {
        columns: &[
            Column { key: "username", label: "Username" },
            Column { key: "first_name", label: "First name" },
            Column { key: "last_name", label: "Last name" },
            Column { key: "email", label: "E-mail address" },
            Column { key: "staff", label: "Staff" },
            Column { key: "superuser", label: "Superuser" },
        ],
        sorts: list::SORTS,
        default_sort: "username",
        filters: &[
            Filter { name: "superuser", label: "Superuser", source: FilterSource::YesOrNo },
            Filter { name: "staff", label: "Staff", source: FilterSource::YesOrNo },
        ],
        searched: "names, e-mail address",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["username", "password", "password_again"], only_if: None },
        Fieldset { legend: "Personal data", help: "", fields: &["first_name", "last_name", "email"], only_if: None },
        Fieldset { legend: "Permissions", help: "", fields: &["is_active", "is_staff", "is_superuser"], only_if: None },
        Fieldset {
            legend: "Groups",
            help: "The user may change the objects of these groups.",
            fields: &["groups_of_profiles", "groups_of_probes", "groups_of_metrics", "groups_of_aggregations"],
            only_if: None,
        },
        Fieldset {
            legend: "Federated identity",
            help: "Filled in by the first federated login.",
            fields: &["distinguished_name", "egi_id", "display_name"],
            only_if: None,
        },
    ],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
    is_public: false,
};

#[async_trait]
impl Declared for Users {
    type Content = UserContent;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fields(&self) -> &'static [Field<UserContent>] {
        &user::FIELDS
    }

    fn blank(&self) -> UserContent {
        UserContent::to_add()
    }

    fn name(&self, content: &UserContent) -> String {
        content.username.clone()
    }

    /// The password's hash.
    async fn prepare(&self, content: &UserContent) -> String {
        match content.password.is_empty() {
            true => password::UNUSABLE.to_owned(),
            false => password_hashing::hash(&content.password).await,
        }
    }

    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table> {
        let found = list::list(conn, ask).await?;
        Ok(Table::of(found, |row| {
            vec![
                Cell::link(row.username, visit.at().change(ObjectKind::CustUser, row.id)),
                Cell::text(row.first_name),
                Cell::text(row.last_name),
                Cell::text(row.email),
                Cell::flag(row.is_staff),
                Cell::flag(row.is_superuser),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<UserContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &UserContent,
        extra: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal> {
        Ok(registry::create(tx, viewer, content, &extra.prepared).await?.into())
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &UserContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal> {
        registry::remove(tx, viewer, id).await
    }

    async fn facts(&self, _: &mut PgConnection, found: &Loaded<UserContent>, visit: &Visit<'_>) -> Result<Vec<Fact>> {
        let change =
            Link::new("Set a new password", visit.at().list(ObjectKind::CustUser) + &format!("{}/password/", found.id));
        Ok(vec![Fact { label: "Password".to_owned(), text: String::new(), links: vec![change] }])
    }

    async fn affected(&self, _: &mut PgConnection, _: &Loaded<UserContent>, _: &Visit<'_>) -> Result<Vec<Fact>> {
        let text = "Versions and log entries stay, with the username. Sessions of the user end.".to_owned();
        Ok(vec![Fact { label: "History".to_owned(), text, links: Vec::new() }])
    }
}
