//! Builds the server: the only place that mounts routes, attaches fairings and manages state.

mod files;
mod patience;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rocket::config::{Ident, LogLevel, Shutdown, Sig};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::{AdHoc, Fairing, Info, Kind};
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::http::Method;
use rocket::shield::{Frame, NoSniff, Shield};
use rocket::{Build, Ignite, Request, Response, Rocket, catchers};
use rocket_db_pools::Database;
use rocket_dyn_templates::Template;
use sqlx::{PgConnection, PgPool};
use tokio::time::timeout;

use self::patience::{ANSWER, SAVE, patient};
use crate::admin;
use crate::admin::core::kept::KeptPages;
use crate::answers::{Answers, World};
use crate::api::{self, ApiHeaders};
use crate::auth;
use crate::auth::front_door::{self, FrontDoor};
use crate::auth::proxy::TrustedProxies;
use crate::config::Config;
use crate::config::live::LiveConfig;
use crate::domain::security::keys::Keys;
use crate::error::caught;
use crate::operations::metrics::{Counting, Metrics};
use crate::operations::{self, Watched};
use crate::store::{Db, PoolSettings};

/// Connections to the database that the server's requests share.
const MAX_CONNECTIONS: u32 = 10;
/// Seconds that running requests have to end when the server is told to stop, and then their connections.
const GRACE: u32 = 2;
/// The longest that anybody is served after that.
pub const LAST_PATIENCE: Duration = Duration::from_secs(2 * GRACE as u64);

/// The server, ready to launch. The database may be away.
pub fn build(config: LiveConfig, keys: Keys) -> Rocket<Build> {
    let current = config.current();
    let mut rocket = rocket::custom(figment(&current))
        .attach(Shield::new().enable(NoSniff::default()))
        .attach(FramedByUs)
        .attach(FrontDoor)
        .attach(ApiHeaders)
        .attach(Db::init())
        .attach(answers(&current))
        .attach(AfterWrites)
        .attach(counting(&current))
        .attach(Template::fairing())
        .manage(keys)
        .manage(KeptPages::default())
        .manage(TrustedProxies(current.server.trusted_proxies.clone()))
        .manage(current.server.sessions)
        .manage(config)
        .mount("/", front_door::routes())
        .mount("/", patient(api::routes(), ANSWER))
        .mount("/", patient(auth::routes(), SAVE))
        .mount("/", patient(admin::routes(), SAVE))
        .register("/", catchers![caught]);
    for (address, directory) in [("/static", static_directory(&current)), ("/poem_media", share(&current, "media"))] {
        if directory.is_dir() {
            rocket = rocket.mount(address, files::routes(&directory));
        }
    }
    rocket
}

/// Manages the answers, and keeps asking for the state of the tenants as long as the server runs.
fn answers(config: &Config) -> impl Fairing {
    let world = Arc::new(World::new(pool_settings(config), config.server.stale_if_error));
    let memory = config.server.response_cache_size;
    AdHoc::on_ignite("Answers", move |rocket| async move {
        let pool = Db::fetch(&rocket).expect("attached before").pool().clone();
        let (asking, warming) = (world.clone(), pool.clone());
        rocket.manage(Answers::new(pool, world, memory)).attach(AdHoc::on_liftoff("Asking", |rocket| {
            let shutdown = rocket.shutdown();
            // The first request shall find a connection. It says itself what is wrong where there is none.
            tokio::spawn(async move { drop(warming.acquire().await) });
            tokio::spawn(async move {
                tokio::select! {
                    () = asking.keep_asking() => {}
                    () = shutdown => {}
                }
            });
            Box::pin(async {})
        }))
    })
}

/// Closes the connections of a server that has ended; one that says nothing is not waited for.
pub async fn close_pool(pool: PgPool) {
    if timeout(Duration::from_secs(1), pool.close()).await.is_err() {
        log::warn!("connections to the database were left open: it does not answer");
    }
}

/// The connections that a server's requests share.
pub fn pool(server: &Rocket<Ignite>) -> Option<PgPool> {
    Db::fetch(server).map(|db| db.pool().clone())
}

/// Has the server ask for the state of the tenants over a connection that is there already.
pub async fn ask_over(server: &Rocket<Ignite>, connection: PgConnection) {
    if let Some(answers) = server.state::<Answers>() {
        answers.world.ask_over(connection).await;
    }
}

/// The second server, for whoever watches the first, where the configuration says where it listens.
pub fn build_operations(config: &Config, server: &Rocket<Ignite>) -> Option<Rocket<Build>> {
    let listen = config.server.operations?;
    Some(operations::build(rocket_config(listen), Watched::of(server)?))
}

/// Counts the requests, where somebody may ask for the count.
fn counting(config: &Config) -> impl Fairing {
    let metrics = config.server.operations.map(|_| Arc::new(Metrics::default()));
    AdHoc::on_ignite("Operations", |rocket| async {
        match metrics {
            Some(metrics) => rocket.attach(Counting(metrics.clone())).manage(metrics),
            None => rocket,
        }
    })
}

/// The fairing: what this server wrote is seen by its next request.
struct AfterWrites;

#[rocket::async_trait]
impl Fairing for AfterWrites {
    fn info(&self) -> Info {
        Info { name: "After writes", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let writes = matches!(request.method(), Method::Post | Method::Put | Method::Patch | Method::Delete);
        // What was refused wrote nothing.
        if writes && response.status().code < 400 {
            Answers::of(request).world.distrust();
        }
    }
}

/// The fairing: no foreign page shows ours within itself. What machines fetch is no page, and each header more costs it
/// a fortieth of its time.
struct FramedByUs;

#[rocket::async_trait]
impl Fairing for FramedByUs {
    fn info(&self) -> Info {
        Info { name: "Framed by us", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !request.uri().path().starts_with("/poem/api/") {
            response.set_header(&Frame::SameOrigin);
        }
    }
}

/// How the database is reached, as the configuration has it.
pub fn pool_settings(config: &Config) -> PoolSettings {
    let database = &config.database;
    PoolSettings {
        host: database.host.clone(),
        port: database.port,
        user: database.user.clone(),
        password: database.password.clone(),
        name: database.name.clone(),
        max_connections: MAX_CONNECTIONS,
    }
}

/// Rocket's own settings: all of them from poem.conf, none from files or variables of Rocket's.
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
        .merge(Serialized::default("databases.poem.max_connections", pool.max_connections))
}

/// How a server listens, and how it ends.
fn rocket_config(listen: SocketAddr) -> rocket::Config {
    rocket::Config {
        address: listen.ip(),
        port: listen.port(),
        // The client's address is what the proxy says, where a proxy is trusted; never what a client says.
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

/// A directory that POEM reads while it serves.
pub struct Directory {
    pub what: &'static str,
    pub path: PathBuf,
    /// The key of `[SERVER]` that names another.
    key: &'static str,
}

impl Directory {
    /// # Errors
    /// The directory is missing; the words say how to mend that.
    pub fn check(&self) -> Result<(), String> {
        let Self { what, path, key } = self;
        let missing =
            || format!("there is no directory {} with the {what}: install it, or set [SERVER] {key}", path.display());
        path.is_dir().then_some(()).ok_or_else(missing)
    }
}

/// The directories that have to be installed.
pub fn directories(config: &Config) -> [Directory; 2] {
    [
        Directory { what: "templates", path: templates_directory(config), key: "TemplatesPath" },
        Directory { what: "static files", path: static_directory(config), key: "StaticPath" },
    ]
}

fn share(config: &Config, name: &str) -> PathBuf {
    config.venv.join("usr/share/poem").join(name)
}

fn templates_directory(config: &Config) -> PathBuf {
    config.server.templates_path.clone().unwrap_or_else(|| share(config, "templates"))
}

fn static_directory(config: &Config) -> PathBuf {
    config.server.static_path.clone().unwrap_or_else(|| share(config, "static"))
}
