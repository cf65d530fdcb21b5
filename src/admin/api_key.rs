//! API keys in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::core::list::ListAsk;
use super::core::{
    About, Column, Created, Declared, Extra, Fieldset, Filter, FilterSource, Listing, Restore, Table, Visit,
};
use crate::domain::form::field::Field;
use crate::domain::model::api_key::{self, ApiKeyContent};
use crate::domain::model::log_entry::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::pages::form::Fact;
use crate::pages::list::Cell;
use crate::registry::{Refusal, Saved, Target, api_keys as registry};
use crate::store::lists::api_keys as list;
use crate::store::{Loaded, Result, TenantTx, api_keys as store};

pub struct ApiKeys;

static ABOUT: About = About {
    kind: ObjectKind::ApiKey,
    one: "API key",
    many: "API keys",
    list: Listing {
        columns: &[
            Column { key: "client", label: "Client id" },
            Column { key: "created", label: "Created" },
            Column { key: "revoked", label: "Revoked" },
        ],
        sorts: list::SORTS,
        default_sort: "-created",
        filters: &[
            Filter { name: "created", label: "Created", source: FilterSource::Since },
            Filter { name: "revoked", label: "Revoked", source: FilterSource::YesOrNo },
        ],
        searched: "client id",
    },
    fieldsets: &[Fieldset { legend: "", help: "", fields: &["client", "revoked"], only_if: None }],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
    is_public: false,
};

#[async_trait]
impl Declared for ApiKeys {
    type Content = ApiKeyContent;

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fields(&self) -> &'static [Field<ApiKeyContent>] {
        &api_key::FIELDS
    }

    fn name(&self, content: &ApiKeyContent) -> String {
        content.client.clone()
    }

    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table> {
        let since = ask.filter("created").and_then(|since| since.parse().ok());
        let found = list::list(conn, ask, since).await?;
        Ok(Table::of(found, |row| {
            vec![
                Cell::link(row.client, visit.at().change(ObjectKind::ApiKey, row.id)),
                Cell::time(visit.time(row.created).0),
                Cell::flag(row.revoked),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ApiKeyContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &ApiKeyContent,
        extra: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal> {
        let (saved, token) = registry::create(tx, viewer, extra.keys, content).await?;
        Ok(Created { saved, secret: token })
    }

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &ApiKeyContent,
        _: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal> {
        registry::change(tx, viewer, target, content).await
    }

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal> {
        registry::remove(tx, viewer, id).await
    }

    async fn affected(&self, _: &mut PgConnection, _: &Loaded<ApiKeyContent>, _: &Visit<'_>) -> Result<Vec<Fact>> {
        let text = "The client's next request is refused.".to_owned();
        Ok(vec![Fact { label: "Client".to_owned(), text, links: Vec::new() }])
    }
}
