//! Builds the server: the only place that mounts routes, attaches fairings and manages state.

mod catcher;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rocket::config::{Ident, LogLevel, Shutdown, Sig};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::{AdHoc, Fairing, Info, Kind};
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::http::{Method, Status};
use rocket::shield::{Frame, NoSniff, Shield};
use rocket::{Build, Ignite, Orbit, Request, Response, Rocket, catchers};
use rocket_db_pools::Database;
use sqlx::{PgConnection, PgPool};
use tokio::time::timeout;

use self::catcher::catch;
use crate::admin;
use crate::admin::crud::page_cache::PageCache;
use crate::api::{self, ApiHeaders};
use crate::argo_webapi::client::WebApiClient;
use crate::auth;
use crate::auth::federated::providers::FederatedLogins;
use crate::auth::key_uses::KeyUses;
use crate::cache::ResponseCache;
use crate::config::Config;
use crate::config::reload::LiveConfig;
use crate::domain::security::keys::Keys;
use crate::http::client_ip::TrustedProxies;
use crate::http::database::Db;
use crate::http::icons;
use crate::http::method_override::MethodOverride;
use crate::http::request_gate::{self, RequestGate};
use crate::http::request_log::RequestLog;
use crate::http::static_files;
use crate::http::timeout::{READ_TIMEOUT, RENDER_TIMEOUT, SAVE_TIMEOUT, with_timeout};
use crate::management;
use crate::management::MonitoredServer;
use crate::management::request_metrics::{CountRequests, RequestMetrics};
use crate::store::PoolSettings;
use crate::templates::page::{TemplateEngine, with_rendering};
use crate::tenants::directory::TenantDirectory;
use crate::tenants::federated_logins::FederatedLoginCounts;
use crate::tenants::sync_states::SyncStates;
use crate::webapi_sync::at_start;
use crate::webapi_sync::cache::RemoteCache;

/// The number of database connections that all requests share.
const MAX_CONNECTIONS: u32 = 10;
/// The seconds that running requests have to finish at shutdown, and then again their connections to close.
const GRACE: u32 = 2;
/// The longest time that a client is still served after the shutdown has begun.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2 * GRACE as u64);

/// Builds the server, ready to launch. The database may be unreachable.
pub fn build(config: LiveConfig, keys: Keys) -> Rocket<Build> {
    let current = config.current();
    let templates = TemplateEngine::default();
    let mut rocket = rocket::custom(figment(&current))
        .attach(Shield::new().enable(NoSniff::default()))
        .attach(FrameOptions)
        .attach(RetryAfter)
        .attach(MethodOverride)
        .attach(RequestGate)
        .attach(RequestLog)
        .attach(ApiHeaders)
        .attach(Db::init())
        .attach(caches(&current))
        .attach(InterruptedSaves)
        .attach(InvalidateAfterWrite)
        .attach(request_metrics(&current))
        .attach(templates.fairing())
        .manage(templates)
        .manage(keys)
        .manage(PageCache::default())
        .manage(FederatedLogins::default())
        .manage(Arc::new(FederatedLoginCounts::default()))
        .manage(Arc::new(WebApiClient::default()))
        .manage(RemoteCache::default())
        .manage(TrustedProxies(current.server.trusted_proxies.clone()))
        .manage(current.server.sessions)
        .manage(config)
        .mount("/", request_gate::routes())
        .mount("/", icons::routes())
        .mount("/", with_timeout(api::routes(), |_| READ_TIMEOUT))
        .mount("/", with_rendering(with_timeout(auth::routes(), |_| SAVE_TIMEOUT), RENDER_TIMEOUT))
        .mount("/", with_rendering(with_timeout(admin::routes(), admin::save_timeout), RENDER_TIMEOUT))
        .register("/", catchers![catch]);
    for (address, directory) in [("/static", static_directory(&current)), ("/poem_media", share(&current, "media"))] {
        if directory.is_dir() {
            rocket = rocket.mount(address, static_files::routes(&directory));
        }
    }
    rocket
}

/// The fairing that manages the tenant directory and the response cache, and polls the state of the tenants.
fn caches(config: &Config) -> impl Fairing {
    let directory = Arc::new(TenantDirectory::new(pool_settings(config), config.server.stale_if_error));
    let memory = config.server.response_cache_size;
    AdHoc::on_ignite("Tenant directory and response cache", move |rocket| async move {
        let pool = Db::fetch(&rocket).expect("attached before").pool().clone();
        let (polling, warming) = (directory.clone(), pool.clone());
        let feeds = Arc::new(SyncStates::default());
        let (feed_states, background) = (feeds.clone(), pool.clone());
        let key_uses = Arc::new(KeyUses::default());
        let written_uses = key_uses.clone();
        let responses = ResponseCache::new(pool, directory.clone(), memory);
        let rocket = rocket.manage(directory).manage(feeds).manage(responses).manage(key_uses);
        rocket.attach(LastKeyUses).attach(AdHoc::on_liftoff("Poll loop", |rocket| {
            let shutdown = rocket.shutdown();
            // Opens a connection for the first request. An error is ignored: the request itself reports it.
            tokio::spawn(async move { drop(warming.acquire().await) });
            tokio::spawn(async move {
                tokio::select! {
                    () = polling.poll_loop() => {}
                    () = feed_states.poll_loop(&background) => {}
                    () = written_uses.write_loop(&background) => {}
                    () = shutdown => {}
                }
            });
            Box::pin(async {})
        }))
    })
}

/// The fairing that writes the last uses of API keys before the server ends.
struct LastKeyUses;

#[rocket::async_trait]
impl Fairing for LastKeyUses {
    fn info(&self) -> Info {
        Info { name: "Last uses of API keys", kind: Kind::Shutdown }
    }

    async fn on_shutdown(&self, rocket: &Rocket<Orbit>) {
        if let (Some(db), Some(uses)) = (Db::fetch(rocket), rocket.state::<Arc<KeyUses>>())
            && timeout(Duration::from_secs(1), uses.write(db.pool())).await.is_err()
        {
            log::debug!("the last uses of API keys were not written: the database does not respond");
        }
    }
}

/// The fairing that clears up saves on the ARGO WEB-API that an earlier server left unfinished.
struct InterruptedSaves;

#[rocket::async_trait]
impl Fairing for InterruptedSaves {
    fn info(&self) -> Info {
        Info { name: "Interrupted saves", kind: Kind::Liftoff }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let (Some(db), Some(config), Some(client), Some(keys)) = (
            Db::fetch(rocket),
            rocket.state::<LiveConfig>(),
            rocket.state::<Arc<WebApiClient>>(),
            rocket.state::<Keys>(),
        ) else {
            return;
        };
        let (pool, config, client, keys) = (db.pool().clone(), config.current(), client.clone(), keys.clone());
        let shutdown = rocket.shutdown();
        tokio::spawn(async move {
            tokio::select! {
                () = at_start::clear_up_all(&pool, &config, &client, &keys) => {}
                () = shutdown => {}
            }
        });
    }
}

/// Closes the connections of a server that has ended. Waits a second at most: the database may not respond.
pub async fn close_pool(pool: PgPool) {
    if timeout(Duration::from_secs(1), pool.close()).await.is_err() {
        log::warn!("connections to the database were not closed: it does not respond");
    }
}

/// The pool of connections of a server; `None` if it has no database fairing.
pub fn pool(server: &Rocket<Ignite>) -> Option<PgPool> {
    Db::fetch(server).map(|db| db.pool().clone())
}

/// Makes the server poll the state of the tenants over an open connection.
pub async fn poll_over(server: &Rocket<Ignite>, connection: PgConnection) {
    if let Some(directory) = server.state::<Arc<TenantDirectory>>() {
        directory.use_connection(connection).await;
    }
}

/// Builds the management server (health and metrics) of a server; `None` if the configuration has no port for it.
pub fn build_management(config: &Config, server: &Rocket<Ignite>) -> Option<Rocket<Build>> {
    let listen = config.server.management?;
    Some(management::build(rocket_config(listen), MonitoredServer::of(server)?))
}

/// The fairing that counts the requests, if there is a management server to report the counts.
fn request_metrics(config: &Config) -> impl Fairing {
    let metrics = config.server.management.map(|_| Arc::new(RequestMetrics::default()));
    AdHoc::on_ignite("Request metrics", |rocket| async {
        match metrics {
            Some(metrics) => rocket.attach(CountRequests(metrics.clone())).manage(metrics),
            None => rocket,
        }
    })
}

/// The fairing that invalidates the tenant directory after a write, so that the next request sees it.
struct InvalidateAfterWrite;

#[rocket::async_trait]
impl Fairing for InvalidateAfterWrite {
    fn info(&self) -> Info {
        Info { name: "Invalidate after write", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let writes = matches!(request.method(), Method::Post | Method::Put | Method::Patch | Method::Delete);
        // A refused request has written nothing.
        if writes && response.status().code < 400 {
            TenantDirectory::of(request).invalidate();
        }
    }
}

/// The fairing that forbids framing of pages (`X-Frame-Options`). API responses are left alone: an extra header takes a
/// fortieth of their time.
struct FrameOptions;

#[rocket::async_trait]
impl Fairing for FrameOptions {
    fn info(&self) -> Info {
        Info { name: "Frame options", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !request.uri().path().starts_with("/poem/api/") {
            response.set_header(&Frame::SameOrigin);
        }
    }
}

/// The fairing that tells clients when to repeat a request that got 503.
struct RetryAfter;

/// The value of `Retry-After` in a 503, in seconds.
const RETRY_AFTER: &str = "5";

#[rocket::async_trait]
impl Fairing for RetryAfter {
    fn info(&self) -> Info {
        Info { name: "Retry after", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        if response.status() == Status::ServiceUnavailable && !response.headers().contains("Retry-After") {
            response.set_raw_header("Retry-After", RETRY_AFTER);
        }
    }
}

/// The settings of the database connections, from the configuration.
pub fn pool_settings(config: &Config) -> PoolSettings {
    let database = &config.database;
    PoolSettings {
        host: database.host.clone(),
        port: database.port,
        user: database.user.clone(),
        password: database.password.clone(),
        name: database.name.clone(),
        ssl_mode: database.ssl_mode,
        ca_file: database.ca_file.clone(),
        max_connections: MAX_CONNECTIONS,
    }
}

/// The settings for Rocket. All come from poem.conf, none from Rocket's own files and environment variables.
fn figment(config: &Config) -> Figment {
    let rocket = rocket_config(SocketAddr::new(config.server.address, config.server.port));
    let pool = pool_settings(config);
    Figment::from(rocket)
        .merge(Serialized::default("template_dir", templates_directory(config)))
        .merge(Serialized::default("databases.poem.host", pool.host))
        .merge(Serialized::default("databases.poem.port", pool.port))
        .merge(Serialized::default("databases.poem.user", pool.user))
        .merge(Serialized::default("databases.poem.password", pool.password.expose()))
        .merge(Serialized::default("databases.poem.name", pool.name))
        .merge(Serialized::default("databases.poem.ssl_mode", pool.ssl_mode))
        .merge(Serialized::default("databases.poem.ca_file", pool.ca_file))
        .merge(Serialized::default("databases.poem.max_connections", pool.max_connections))
}

/// The settings that the server and the management server share: address, limits and shutdown.
fn rocket_config(listen: SocketAddr) -> rocket::Config {
    rocket::Config {
        address: listen.ip(),
        port: listen.port(),
        // The client's address comes from trusted proxies only (`http::client_ip`), never from a client's own header.
        ip_header: None,
        ident: Ident::none(),
        limits: Limits::default().limit("form", 1.mebibytes()).limit("data-form", 1.mebibytes()),
        log_level: LogLevel::Off,
        cli_colors: false,
        shutdown: Shutdown {
            ctrlc: true,
            signals: [Sig::Term].into(),
            grace: GRACE,
            mercy: GRACE,
            ..Shutdown::default()
        },
        ..rocket::Config::release_default()
    }
}

/// A directory that the server needs.
pub struct Directory {
    /// The name of its contents, in the plural: `templates`.
    pub what: &'static str,
    /// The place of the directory.
    pub path: PathBuf,
    /// The key of `[SERVER]` that sets another place.
    key: &'static str,
}

impl Directory {
    /// Checks that the directory exists.
    ///
    /// # Errors
    /// A message that names the missing directory and says how to fix that.
    pub fn check(&self) -> Result<(), String> {
        let Self { what, path, key } = self;
        let missing =
            || format!("there is no directory {} with the {what}: install it, or set [SERVER] {key}", path.display());
        path.is_dir().then_some(()).ok_or_else(missing)
    }
}

/// The directories that must be installed: templates and static files.
pub fn directories(config: &Config) -> [Directory; 2] {
    [
        Directory { what: "templates", path: templates_directory(config), key: "TemplatesPath" },
        Directory { what: "static files", path: static_directory(config), key: "StaticPath" },
    ]
}

/// A directory of POEM's package in the VENV.
fn share(config: &Config, name: &str) -> PathBuf {
    config.venv.join("usr/share/poem").join(name)
}

fn templates_directory(config: &Config) -> PathBuf {
    config.server.templates_path.clone().unwrap_or_else(|| share(config, "templates"))
}

fn static_directory(config: &Config) -> PathBuf {
    config.server.static_path.clone().unwrap_or_else(|| share(config, "static"))
}
