//! API keys in the admin.

use rocket::async_trait;
use sqlx::PgConnection;

use super::crud::request_context::refused;
use super::crud::{
    Created, EntityAdmin, EntityOptions, Fieldset, FilterSource, ListColumn, ListFilter, ListOptions, ListTable,
    PageResult, RequestContext, Restore, SaveContext, form,
};
use crate::auth::posted::Posted;
use crate::domain::form::field::Field;
use crate::domain::model::api_key::{self, ApiKeyContent, WEB_API_CLIENT};
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::Viewer;
use crate::domain::web::api_description::curl_line;
use crate::error::NOT_FOUND;
use crate::http::redirect::RedirectTo;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved, api_keys as registry};
use crate::store::lists::ListParams;
use crate::store::lists::api_keys as list;
use crate::store::{Loaded, Result, api_keys as store};
use crate::templates::form_page::{InfoLine, RENEWED, Renewal};
use crate::templates::list_page::Cell;
use crate::templates::urls::REST_API;
use crate::templates::{Addresses, Link};

/// The addresses of the pages for users who are logged in.
const AT: Addresses = Addresses { is_public: false };

/// The address of the API with which a new token can be tried.
const TRIED: &str = "/poem/api/v2/metrics/";

/// The entity of API keys.
pub struct ApiKeysAdmin;

/// What an API key can need: the needs of the view `need`.
const NEEDS: &[(&str, &str)] = &[("unused", "Not used for 90 days")];

static OPTIONS: EntityOptions = EntityOptions {
    kind: ObjectKind::ApiKey,
    list: ListOptions {
        columns: &[
            ListColumn::name("client", "Client id"),
            ListColumn::short("created", "Created"),
            ListColumn::short("revoked", "Revoked"),
            ListColumn::short("used", "Last used"),
            ListColumn::short("creator", "Created by"),
        ],
        sorts: list::SORTS,
        default_sort: "-created",
        filters: &[
            ListFilter { name: "created", label: "Created", source: FilterSource::Since },
            ListFilter { name: "revoked", label: "Revoked", source: FilterSource::YesOrNo },
            ListFilter { name: "needs", label: "Needs attention", source: FilterSource::Needs(NEEDS) },
        ],
        searched: "client ids",
    },
    fieldsets: &[
        Fieldset { legend: "", help: "", fields: &["client", "revoked"], only_if: None },
        Fieldset {
            legend: "ARGO WEB-API",
            help: "Only for the client WEB-API. The tokens of other clients are generated.",
            fields: &[api_key::TOKEN],
            only_if: Some(("client", WEB_API_CLIENT)),
        },
    ],
    ticks: &[],
    can_clone: false,
    namespaced: None,
    restore: Restore::Never,
};

#[async_trait]
impl EntityAdmin for ApiKeysAdmin {
    type Content = ApiKeyContent;

    fn options(&self) -> &'static EntityOptions {
        &OPTIONS
    }

    fn fields(&self) -> &'static [Field<ApiKeyContent>] {
        &api_key::FIELDS
    }

    fn name(&self, content: &ApiKeyContent) -> String {
        content.client.clone()
    }

    fn use_of_secret(&self, context: &RequestContext<'_>, secret: &str) -> String {
        curl_line(&context.origin, TRIED, Some(secret))
    }

    fn can_add_another(&self) -> bool {
        false
    }

    fn list_tools(&self, _: &RequestContext<'_>) -> Vec<Link> {
        vec![Link::new("How to use the API", REST_API)]
    }

    fn more_tools(&self, context: &RequestContext<'_>, _: i64) -> Vec<Link> {
        self.list_tools(context)
    }

    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable> {
        let since = params.filter("created").and_then(|since| since.parse().ok());
        let found = list::list(conn, params, since).await?;
        Ok(ListTable::of(found, |row| {
            vec![
                Cell::link(row.client, context.at().view(ObjectKind::ApiKey, row.id)),
                Cell::moment(context.time(row.created)),
                Cell::flag(row.revoked),
                Cell::time(context.time_or_never(row.last_used)),
                Cell::text(row.creator),
            ]
        }))
    }

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<ApiKeyContent>>> {
        store::content(conn, id).await
    }

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &ApiKeyContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError> {
        let (saved, token) = registry::create(tx, viewer, extra.keys, content).await?;
        Ok(Created { saved, secret: token.expose().to_owned() })
    }

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &ApiKeyContent,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError> {
        registry::change(tx, viewer, extra.keys, target, content).await
    }

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError> {
        registry::remove(tx, viewer, id).await
    }

    async fn renewal(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Renewal>> {
        let Some(key) = store::content(&mut *conn, id).await? else { return Ok(None) };
        if key.content.client == WEB_API_CLIENT {
            return Ok(None);
        }
        let action = format!("{}{id}/token/", AT.list(ObjectKind::ApiKey));
        let made = store::by_client(conn, &key.content.client).await?.filter(|key| !key.revoked);
        Ok(made.map(|key| Renewal { action, made: key.created.timestamp_micros().to_string() }))
    }

    async fn facts(
        &self,
        conn: &mut PgConnection,
        found: &Loaded<ApiKeyContent>,
        context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let (last_used, creator) = store::origin(conn, found.id).await?;
        let line = |label: &str, text| InfoLine { label: label.to_owned(), text, links: Vec::new() };
        let mut facts = vec![line("Last used", context.time_or_never(last_used))];
        if !creator.is_empty() {
            facts.push(line("Created by", creator));
        }
        Ok(facts)
    }

    async fn affected(
        &self,
        _: &mut PgConnection,
        _: &Loaded<ApiKeyContent>,
        _: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        let text = "The next request of the client is refused.".to_owned();
        Ok(vec![InfoLine { label: "Client".to_owned(), text, links: Vec::new() }])
    }
}

/// Makes a new token for a key, and shows it.
///
/// If the key has another token than when the form was opened, nothing is made: the form was sent twice.
pub async fn renew(context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let made = posted.get(RENEWED).unwrap_or_default();
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let renewal = ApiKeysAdmin.renewal(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    if renewal.made != made {
        return form::with_renewal(tx.conn(), &ApiKeysAdmin, context, id, renewal).await;
    }
    let token = registry::renew(&mut tx, &viewer, context.keys, id).await.map_err(refused)?;
    tx.commit().await?;
    form::with_secret(&ApiKeysAdmin, context, id, token).await
}

/// Redirects to the form of the key: the address of a new token has no page, but a browser may reload it.
pub fn after_renewal(id: i64) -> RedirectTo {
    RedirectTo::found(AT.change(ObjectKind::ApiKey, id))
}
