//! Users in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, ListTable,
    RequestContext, Restore, SaveContext,
};
use super::{claims, waiting};
use crate::domain::form::field::Field;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::model::user::{self, UserContent};
use crate::domain::security::password;
use crate::domain::security::secret::Secret;
use crate::error::AppError;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, password_hashing, users as registry};
use crate::store::lists::ListParams;
use crate::store::lists::users as list;
use crate::store::{Loaded, Result, users as store};
use crate::templates::Link;
use crate::templates::form_page::{ClaimsView, InfoLine};
use crate::templates::list_page::Cell;
use crate::templates::waiting_line::WaitingLine;

/// The entity of users.
pub struct UsersAdmin;

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::CustUser,
    list: ListOptions {
        columns: &[
            ListColumn::name("username", "Username"),
            ListColumn::short("first_name", "First name"),
            ListColumn::short("last_name", "Last name"),
            ListColumn::short("email", "E-mail address"),
            ListColumn::short("staff", "Staff"),
            ListColumn::short("superuser", "Superuser"),
            ListColumn::short("active", "Active"),
            ListColumn::short("last_login", "Last login").optional(),
            ListColumn::text("groups", "Groups").optional(),
        ],
        sorts: list::SORTS,
        default_sort: "username",
        filters: &[
            ListFilter { name: "superuser", label: "Superuser", source: FilterSource::YesOrNo },
            ListFilter { name: "staff", label: "Staff", source: FilterSource::YesOrNo },
            ListFilter { name: "active", label: "Active", source: FilterSource::YesOrNo },
        ],
        searched: "names and e-mail addresses",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["username", "password", "password_again"], only_if: None },
        Fieldset { legend: "Personal data", help: "", fields: &["first_name", "last_name", "email"], only_if: None },
        Fieldset { legend: "Permissions", help: "", fields: &["is_active", "is_staff", "is_superuser"], only_if: None },
        Fieldset {
            legend: "Groups",
            help: "",
            fields: &["groups_of_profiles", "groups_of_probes", "groups_of_metrics", "groups_of_aggregations"],
            only_if: None,
        },
        Fieldset {
            legend: "Federated identity",
            help: "Filled in at the first federated login.",
            fields: &["distinguished_name", "egi_id", "display_name"],
            only_if: None,
        },
    ],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
};

#[async_trait]
impl EntityAdmin for UsersAdmin {
    type Content = UserContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
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

    /// Computes the hash of the password.
    async fn prepare(&self, content: &UserContent) -> String {
        match content.password.is_empty() {
            true => password::UNUSABLE.to_owned(),
            false => password_hashing::hash(&content.password).await,
        }
    }

    async fn has_secret(
        &self,
        context: &RequestContext<'_>,
        id: i64,
        content: &UserContent,
    ) -> std::result::Result<bool, AppError> {
        has_password(context, id, &content.password).await
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
                Cell::link(row.username, context.at().view(ObjectKind::CustUser, row.id)),
                Cell::text(row.first_name),
                Cell::text(row.last_name),
                Cell::text(row.email),
                Cell::flag(row.is_staff),
                Cell::flag(row.is_superuser),
                Cell::flag(row.is_active),
                Cell::time(context.time_or_never(row.last_login)),
                Cell::text(row.groups),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<UserContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &UserContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        Ok(registry::create(tx, viewer, content, (&extra.tenant.name, &extra.prepared)).await?.into())
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &UserContent,
        _: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, id).await
    }

    async fn facts(
        &self,
        _: &mut PgConnection,
        found: &Loaded<UserContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let change = Link::new(
            "Set a new password",
            context.at().list(ObjectKind::CustUser) + &format!("{}/password/", found.id),
        );
        Ok(vec![InfoLine { label: "Password".to_owned(), text: String::new(), links: vec![change] }])
    }

    async fn claims(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<UserContent>,
        context: &RequestContext<'_>,
    ) -> Result<Option<ClaimsView>> {
        claims::of_user(conn, found.id, context).await
    }

    async fn waiting(&self, conn: &mut PgConnection, context: &RequestContext<'_>) -> Result<Vec<WaitingLine>> {
        waiting::lines(conn, context).await
    }

    async fn affected(
        &self,
        _: &mut PgConnection,
        _: &Loaded<UserContent>,
        _: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let text = "Versions and log entries keep the username. The sessions of the user end.".to_owned();
        Ok(vec![InfoLine { label: "History".to_owned(), text, links: Vec::new() }])
    }
}

/// Returns whether the user has this password.
pub async fn has_password(
    context: &RequestContext<'_>,
    id: i64,
    password: &Secret,
) -> std::result::Result<bool, AppError> {
    let mut tx = context.read().await?;
    let stored = store::password(tx.conn(), id).await?;
    tx.commit().await?;
    Ok(password_hashing::verify(stored.as_deref(), password).await)
}
