//! POEM's database and the ARGO WEB-API, kept in step: saves, their failures, the clearing up, the sync.

mod failures;
mod recovery;
mod saves;
mod sync;

use std::sync::Arc;
use std::time::Duration;

use poem::argo_webapi::client::WebApiClient;
use poem::config::Config;
use poem::dev::webapi::{DemoProfileKind, DemoTokenRole, DemoWebApi, DemoWebApiOptions, DemoWebApiTenant};
use poem::domain::model::aggregation_definition::AggregationDefinition;
use poem::domain::model::aggregation_profile::AggregationProfileContent;
use poem::domain::model::policy::Viewer;
use poem::domain::model::tenant::Tenant;
use poem::domain::model::web_api_save::WebApiSave;
use poem::domain::security::keys::Keys;
use poem::registry::aggregation_profiles::{self, Begun, Edit};
use poem::registry::web_api_saves::{Locked, SaveLock};
use poem::registry::{SaveError, Saved, Transaction};
use poem::webapi_sync::access::TenantAccess;
use poem::webapi_sync::failure::SaveFailure;
use poem::webapi_sync::saving;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::runtime::Runtime;

use crate::support::Installation;
use crate::support::installation::egi;
use crate::support::sql::sql;

/// A token as the WEB-API issues them.
pub const TOKEN: &str = "e1e2e3e4e5e6e7e8e1e2e3e4e5e6e7e8e1e2e3e4e5e6e7e8e1e2e3e4e5e6e7e8";

/// The tenant EGI with a demo WEB-API of its own.
pub struct Stores {
    pub installation: Installation,
    pub api: DemoWebApi,
    /// The id of the metric profile ARGO_MON, with SRM and CREAM-CE.
    pub metric_profile: String,
    runtime: Runtime,
    config: Config,
    pool: PgPool,
    tenant: Tenant,
    client: Arc<WebApiClient>,
    keys: Keys,
}

impl Stores {
    /// With a token, a metric profile and no aggregation profile at the WEB-API, and no aggregation in POEM.
    pub fn new() -> Self {
        Self::with_timeout(1)
    }

    /// The same with this time limit of a call, in seconds.
    pub fn with_timeout(seconds: u64) -> Self {
        let installation = Installation::with_small_data();
        sql(&installation, "DELETE FROM egi.aggregation; DELETE FROM egi.api_key WHERE client = 'WEB-API'");
        installation.run("poem-token", &["-t", "WEB-API", "-s", "egi", "-o", TOKEN]).done();
        let api = start_api(None);
        let metric_profile = api.add("EGI", DemoProfileKind::Metric, &metric_profile("ARGO_MON")).unwrap();
        let keys = format!(
            "[WEBAPI]\nMetricProfile = {}\nAggregationProfile = {}\nReports = {}\nTimeout = {seconds}\n[SERVER]\n",
            api.profiles_address(DemoProfileKind::Metric),
            api.profiles_address(DemoProfileKind::Aggregation),
            api.reports_address()
        );
        installation.configure("[SERVER]\n", &keys);
        let config = Config::load(&installation.config_path()).unwrap();
        let tenant = Tenant { name: "EGI".to_owned(), schema: egi(), domain_url: Some("localhost".to_owned()) };
        let runtime = Runtime::new().unwrap();
        Self {
            pool: runtime.block_on(async { installation.pool() }),
            runtime,
            keys: installation.keys(),
            client: Arc::new(WebApiClient::default()),
            installation,
            api,
            metric_profile,
            config,
            tenant,
        }
    }

    /// Waits for work with the pool of these stores.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The access of a server.
    pub fn access(&self) -> TenantAccess<'_> {
        TenantAccess::new((&self.pool, &self.tenant), &self.config, &self.client, &self.keys).unwrap()
    }

    /// The superuser `poem`.
    pub fn superuser(&self) -> Viewer {
        self.viewer("poem")
    }

    pub fn viewer(&self, username: &str) -> Viewer {
        let id = self.one(&format!("SELECT id FROM egi.app_user WHERE username = '{username}'")).parse().unwrap();
        self.run(async {
            let mut tx = Transaction::begin(&self.pool, &self.tenant.schema).await.unwrap();
            poem::registry::viewers::find(tx.conn(), id).await.unwrap().unwrap()
        })
    }

    /// A content that can be saved.
    pub fn content(&self, name: &str) -> AggregationProfileContent {
        let definition = json!({
            "name": name, "endpoint_group": "sites", "metric_operation": "AND", "profile_operation": "OR",
            "metric_profile": {"id": self.metric_profile, "name": "ARGO_MON"},
            "groups": [{"name": "storage", "operation": "OR", "services": [{"name": "SRM", "operation": "AND"}]}],
        });
        AggregationProfileContent {
            group: "ARGO".to_owned(),
            definition: serde_json::from_value(definition).unwrap(),
            ..AggregationProfileContent::default()
        }
    }

    /// Adds a profile, as a form does.
    pub fn add(&self, content: &AggregationProfileContent) -> Result<Saved, SaveFailure> {
        let viewer = self.superuser();
        self.save(async |tx, lifetime| aggregation_profiles::begin_add(tx, &viewer, (content, None), lifetime).await)
    }

    /// Changes a profile, as a form does that was opened with the content `opened`.
    pub fn change(
        &self,
        id: i64,
        opened: &AggregationProfileContent,
        content: &AggregationProfileContent,
    ) -> Result<Saved, SaveFailure> {
        let viewer = self.superuser();
        let edit = Edit { id, opened, content };
        self.save(async |tx, lifetime| aggregation_profiles::begin_change(tx, &viewer, edit, lifetime).await)
    }

    /// Creates a profile again that is gone at the WEB-API.
    pub fn recreate(&self, id: i64, content: &AggregationProfileContent) -> Result<Saved, SaveFailure> {
        let viewer = self.superuser();
        let edit = Edit { id, opened: content, content };
        self.save(async |tx, lifetime| aggregation_profiles::begin_recreate(tx, &viewer, edit, lifetime).await)
    }

    /// Deletes a profile.
    pub fn delete(&self, id: i64) -> Result<Saved, SaveFailure> {
        let viewer = self.superuser();
        self.save(async |tx, lifetime| aggregation_profiles::begin_delete(tx, &viewer, id, lifetime).await)
    }

    fn save(
        &self,
        begin: impl AsyncFnOnce(&mut Transaction, Duration) -> Result<Begun, SaveError>,
    ) -> Result<Saved, SaveFailure> {
        self.run(async {
            match self.begin(begin).await? {
                (Begun::Saved(saved), _) => Ok(saved),
                (Begun::Noted(save, _), Some(lock)) => saving::run(&self.access(), &save, &lock).await,
                (Begun::Noted(..), None) => Err(SaveFailure::Busy),
                (Begun::Moved(_), _) => Err(SaveError::Stale.into()),
            }
        })
    }

    /// Notes a save, as the first step of a form does, and makes no call.
    pub fn note(
        &self,
        id: Option<i64>,
        opened: &AggregationProfileContent,
        content: &AggregationProfileContent,
    ) -> (Box<WebApiSave>, SaveLock) {
        let viewer = self.superuser();
        self.run(async {
            let begun = match id {
                None => {
                    self.begin(async |tx, time| {
                        aggregation_profiles::begin_add(tx, &viewer, (content, None), time).await
                    })
                    .await
                }
                Some(id) => {
                    let edit = Edit { id, opened, content };
                    self.begin(async |tx, time| aggregation_profiles::begin_change(tx, &viewer, edit, time).await).await
                }
            };
            match begun.unwrap() {
                (Begun::Noted(save, _), Some(lock)) => (save, lock),
                begun => panic!("{begun:?}"),
            }
        })
    }

    async fn begin(
        &self,
        begin: impl AsyncFnOnce(&mut Transaction, Duration) -> Result<Begun, SaveError>,
    ) -> Result<(Begun, Option<SaveLock>), SaveFailure> {
        let mut tx = Transaction::begin(&self.pool, &self.tenant.schema).await.unwrap();
        let begun = begin(&mut tx, self.access().lifetime()).await?;
        let lock = match &begun {
            Begun::Noted(_, Locked::Mine(lock)) => Some(lock.clone()),
            _ => None,
        };
        tx.commit().await.unwrap();
        Ok((begun, lock))
    }

    /// The definitions at the WEB-API.
    pub fn remote(&self) -> Vec<Value> {
        self.api.profiles("EGI", DemoProfileKind::Aggregation)
    }

    /// The only definition at the WEB-API.
    #[track_caller]
    pub fn only(&self) -> AggregationDefinition {
        let found = self.remote();
        assert_eq!(found.len(), 1, "{found:?}");
        serde_json::from_value(found[0].clone()).unwrap()
    }

    /// What POEM has, as name, id at the WEB-API, group and whether it is missing.
    pub fn local(&self) -> Vec<String> {
        self.sql(
            "SELECT concat_ws('|', a.name, a.apiid, coalesce(g.name, ''), a.missing_since IS NOT NULL)
             FROM egi.aggregation a LEFT JOIN egi.object_group g ON g.kind = a.group_kind AND g.id = a.group_id
             ORDER BY a.id",
        )
    }

    /// The messages of all versions of aggregation profiles with their users, the oldest first.
    pub fn versions(&self) -> Vec<String> {
        self.sql("SELECT concat_ws('|', username, message) FROM egi.version WHERE kind = 'aggregation' ORDER BY id")
    }

    /// True if a note of a save is there.
    pub fn is_noted(&self) -> bool {
        self.one("SELECT count(*) FROM egi.web_api_save") == "1"
    }

    /// Makes the time of the save that is noted pass.
    pub fn expire(&self) {
        self.sql("UPDATE egi.web_api_save SET deadline = now(), started = now() - interval '1 hour'");
    }

    pub fn sql(&self, statements: &str) -> Vec<String> {
        sql(&self.installation, statements)
    }

    pub fn one(&self, statement: &str) -> String {
        self.sql(statement).pop().unwrap_or_default()
    }

    /// The methods and paths of the requests that the WEB-API got since the last call; ids are `ID`.
    pub fn requests(&self) -> Vec<String> {
        let made = self.api.requests();
        self.api.forget_requests();
        made.iter()
            .map(|request| {
                let path = request.target.trim_start_matches("/api/v2/");
                let path = path.split_once('/').map_or(path.to_owned(), |(collection, _)| format!("{collection}/ID"));
                format!("{} {path}", request.method)
            })
            .filter(|request| !request.ends_with("reports"))
            .collect()
    }
}

/// A metric profile with two service flavours.
pub fn metric_profile(name: &str) -> Value {
    json!({"name": name, "services": [
        {"service": "SRM", "metrics": ["org.sam.SRM-All"]}, {"service": "CREAM-CE", "metrics": ["emi.cream.CREAMCE-JobSubmit"]},
    ]})
}

/// Starts a WEB-API with the tenants EGI and OTHER.
pub fn start_api(today: Option<chrono::NaiveDate>) -> DemoWebApi {
    let tenant = |name: &str, tokens: &[(&str, DemoTokenRole)]| DemoWebApiTenant {
        name: name.to_owned(),
        tokens: tokens.iter().map(|(token, role)| ((*token).to_owned(), *role)).collect(),
    };
    let tenants = vec![tenant("EGI", &[(TOKEN, DemoTokenRole::Editor)]), tenant("OTHER", &[])];
    let api = DemoWebApi::start(DemoWebApiOptions { tenants, ..DemoWebApiOptions::default() }).unwrap();
    api.set_today(today);
    api
}
