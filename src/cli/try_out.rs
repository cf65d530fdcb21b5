//! `poem try`: POEM with a private PostgreSQL, demo data, a demo identity provider and a demo ARGO WEB-API, to try it out.

mod federated_login;
mod webapi;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use rocket::fairing::AdHoc;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use super::context::{Context, block_on};
use super::db::{Replace, load_data, run_migrations};
use super::input_file::InputFile;
use super::serve::{ignite, serve};
use super::{CommandResult, Failure};
use crate::app;
use crate::config::reload::LiveConfig;
use crate::config::{Config, secret_key};
use crate::dev::demo;
use crate::dev::postgres::{Cluster, Options};
use crate::dev::webapi::DemoWebApi;
use crate::domain::model::tenant::{Tenant, new_tenant};
use crate::domain::security::keys::random_hex;
use crate::domain::security::password;
use crate::domain::web::branding::TenantColor;
use crate::logging;
use crate::logging::Role;
use crate::output;
use crate::registry::{Transaction, api_keys, load, tenants as registry};
use crate::store::migrate::{self, MigrateError, Schema};

const DATABASE: &str = "poem";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOGGING_FILE: &str = include_str!("../../etc/poem_logging.conf");
/// The API client that is created in a tenant loaded from a dump.
const CLIENT: &str = "trial";

/// Try POEM out, with a private PostgreSQL and demo data
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The port to serve on, at the loopback interface
    #[arg(short, long, default_value_t = 8000)]
    port: u16,
    /// Start over: delete all data of the previous runs
    #[arg(long)]
    fresh: bool,
    /// Load a dump of POEM 2.3 as a tenant
    #[arg(long, value_name = "FILE", requires = "tenant")]
    load: Option<PathBuf>,
    /// The name of the loaded tenant; it is served at NAME.localhost
    #[arg(long, value_name = "NAME", requires = "load")]
    tenant: Option<String>,
    /// The directory of the database, the configuration and the log
    #[arg(long, value_name = "DIRECTORY", default_value = ".try")]
    dir: PathBuf,
}

/// The demo tenants: name, host, demo file.
const DEMO: [(&str, &str, &str); 2] = [("EGI", "localhost", demo::EGI), ("EUDAT", "eudat.localhost", demo::EUDAT)];

/// The colours of the tenants, in their order.
const COLORS: [TenantColor; 4] = [TenantColor::Teal, TenantColor::Violet, TenantColor::Brown, TenantColor::Blue];

impl Args {
    /// The names of the tenants of this start, with their addresses.
    fn tenants(&self) -> Vec<(String, String)> {
        let demo = DEMO.iter().map(|(name, host, _)| ((*name).to_owned(), (*host).to_owned()));
        let loaded = self.tenant.iter().map(|name| (name.clone(), host_of(name)));
        demo.chain(loaded).map(|(name, host)| (name, format!("http://{host}:{}", self.port))).collect()
    }
}

/// The host of a loaded tenant.
fn host_of(tenant: &str) -> String {
    format!("{}.localhost", tenant.to_lowercase())
}

/// Starts PostgreSQL, prepares the tenants and serves until Ctrl-C; then stops PostgreSQL.
pub fn run(args: Args) -> CommandResult {
    check_port(args.port)?;
    if let Some(name) = &args.tenant {
        new_tenant(name, &host_of(name))?;
    }
    fs::create_dir_all(&args.dir).map_err(|error| Failure::new(format!("{}: {error}", args.dir.display())))?;
    let directory = args.dir.canonicalize()?;
    let cluster = Cluster::start(&directory.join("postgresql"), Options::default())?;
    let webapi = webapi::start(&directory, &DEMO.map(|(name, _, data)| (name, data)), args.fresh)?;
    let path = write_configuration(&directory, (&cluster, &webapi), &args)?;
    let context = Context { config: Config::load(&path)? };
    logging::init("poem", Role::Server, &context.config)?;
    // After the log has begun: the first Rocket of a process would install a logger of its own.
    let identity_provider = federated_login::start(&directory, &args.tenants())?;
    block_on(async {
        if args.fresh {
            cluster.drop_database(DATABASE).await?;
        }
        cluster.create_database(DATABASE).await?;
        let mut token = None;
        prepare(&context).await?;
        if let (Some(file), Some(name)) = (&args.load, &args.tenant) {
            token = load_dump(&context, file, name).await?;
        }
        let banner = banner(&context, &args, &path, (token, &identity_provider.address(), &webapi)).await?;
        let keys = context.keys()?;
        let ready = AdHoc::on_liftoff("Banner", move |_| Box::pin(async move { output::line(banner) }));
        let server = app::build(LiveConfig::load(&path)?, keys).attach(ready);
        serve(ignite(server, &context.config).await?, &context.config).await
    })?;
    drop((identity_provider, webapi));
    cluster.stop();
    output::line("POEM and its PostgreSQL have stopped.");
    Ok(())
}

/// Checks that the port is free, before PostgreSQL is started.
fn check_port(port: u16) -> CommandResult {
    match TcpListener::bind((ADDRESS, port)) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::new(format!("cannot serve on port {port}: {error}; choose another one with --port")))
        }
    }
}

/// Writes a VENV to the directory and returns the path of its poem.conf. Only the secret key is kept between starts.
fn write_configuration(
    directory: &Path,
    (cluster, webapi): (&Cluster, &DemoWebApi),
    args: &Args,
) -> Result<PathBuf, Failure> {
    let etc = directory.join("etc/poem");
    fs::create_dir_all(&etc)?;
    let key = etc.join("secret_key");
    if !key.exists() {
        secret_key::generate(&key, false)?;
    }
    fs::write(etc.join("poem_logging.conf"), LOGGING_FILE)?;
    let feeds = directory.join("feeds");
    fs::create_dir_all(&feeds)?;
    for (_, name, content) in demo::FEEDS {
        fs::write(feeds.join(name), content)?;
    }
    let path = etc.join("poem.conf");
    fs::write(&path, configuration(directory, cluster, args)? + &webapi::section(webapi))?;
    Ok(path)
}

fn configuration(venv: &Path, cluster: &Cluster, args: &Args) -> Result<String, Failure> {
    let source = std::env::current_dir()?;
    // In a value of poem.conf a percent sign is written twice.
    let shown = |path: &Path| path.display().to_string().replace('%', "%%");
    // Commands that root runs with this file stay root.
    let user_name = User::from_uid(geteuid())?.map_or_else(|| geteuid().to_string(), |user| user.name);
    let mut text = format!(
        "# Written by `poem try` at each start.\n\
         [DEFAULT]\nVENV = {venv}\n\n\
         [GENERAL]\nDebug = False\nTimeZone = UTC\n\n\
         [DATABASE]\nName = {DATABASE}\nUser = {user}\nPassword =\nHost = {host}\nPort = {port}\n\n\
         [SECURITY]\nAllowedHosts = localhost, .localhost, 127.0.0.1\nSecretKeyPath = %(VENV)s/etc/poem/secret_key\n\n\
         [SERVER]\nAddress = {ADDRESS}\nPort = {serve}\nTemplatesPath = {templates}\nStaticPath = {files}\n\
         User = {user_name}\n",
        venv = shown(venv),
        user = cluster.superuser(),
        host = shown(cluster.socket_dir()),
        port = cluster.port(),
        serve = args.port,
        templates = shown(&source.join("templates")),
        files = shown(&source.join("static")),
    );
    let tenants = args.tenants();
    for ((name, _), color) in tenants.iter().zip(COLORS.into_iter().cycle()) {
        let (upper, lower) = (name.to_uppercase(), name.to_lowercase());
        let letters: String = upper.chars().filter(|letter| letter.is_alphanumeric()).take(2).collect();
        text += &format!("\n[GENERAL_{upper}]\nNamespace = org.example.{lower}\n");
        text += &format!("Color = {}\nLetter = {letters}\n", color.name());
    }
    text += "\n[SYNC_EGI]\n";
    for (key, name, _) in demo::FEEDS {
        text += &format!("{key} = file://%(VENV)s/feeds/{name}\n");
    }
    Ok(text + &federated_login::sections(&tenants))
}

/// Applies the migrations and creates the demo tenants that do not exist yet.
async fn prepare(context: &Context) -> CommandResult {
    let mut conn = context.connection().await?;
    migrate(&mut conn, &Schema::Public).await?;
    registry::ensure_public_tenant(&mut conn).await?;
    let tenants = context.tenants().await?;
    for tenant in &tenants {
        migrate(&mut conn, &Schema::Tenant(tenant.schema.clone())).await?;
    }
    for (name, host, data) in DEMO {
        if tenants.iter().all(|tenant| tenant.name != name) {
            let tenant = new_tenant(name, host)?;
            registry::create(&mut conn, &tenant, &mut |_| ()).await?;
            let snapshot = demo::snapshot(data, &context.keys()?, &password::hash)?;
            load::load(&context.pool(), &tenant.schema, &snapshot, false).await?;
            output::line(format!("Created the tenant {name} with demo data"));
        }
    }
    Ok(conn.close().await?)
}

/// Applies the migrations. If another version of POEM created the data, the message says how to start over: until the
/// first release migrations may still be edited.
async fn migrate(conn: &mut PgConnection, schema: &Schema) -> CommandResult {
    let cause = match migrate::state(conn, schema).await {
        Ok(steps) if steps.iter().any(|step| step.changed) => "its migrations have changed since".to_owned(),
        Err(MigrateError::Newer { .. }) => "it is newer than this POEM".to_owned(),
        Ok(_) => return run_migrations(conn, schema, false).await,
        Err(error) => return Err(error.into()),
    };
    let schema = schema.as_str();
    Err(Failure::new(format!(
        "another version of POEM created the schema {schema}: {cause}. Start over with --fresh, which deletes all data of \
         this trial"
    )))
}

/// Creates the tenant and loads the dump. Returns the token of a new API key; `None` if the tenant already exists,
/// which changes nothing.
async fn load_dump(context: &Context, file: &Path, name: &str) -> Result<Option<String>, Failure> {
    let tenant = new_tenant(name, &host_of(name))?;
    if context.tenants().await?.iter().any(|known| known.schema == tenant.schema) {
        output::line(format!("The tenant {name} already exists and keeps its data; --fresh starts over"));
        return Ok(None);
    }
    let mut conn = context.connection().await?;
    registry::create(&mut conn, &tenant, &mut |_| ()).await?;
    if let Err(failure) = load_data(context, tenant.schema.as_str(), &InputFile::new(file), Replace::No).await {
        registry::delete(&mut conn, &tenant.schema).await?;
        return Err(failure);
    }
    conn.close().await?;
    let token = random_hex(16);
    let mut tx = Transaction::begin(&context.pool(), &tenant.schema).await?;
    api_keys::put(&mut tx, &context.keys()?, (CLIENT, &token), "poem try").await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// The text that is printed when the server is ready: addresses, `curl` lines, logins.
async fn banner(
    context: &Context,
    args: &Args,
    conf: &Path,
    (token, identity_provider, webapi): (Option<String>, &str, &DemoWebApi),
) -> Result<String, Failure> {
    let port = args.port;
    let mut text = format!("\nPOEM is ready. Ctrl-C stops it; the data stay in {}.\n\n", args.dir.display());
    text += "Tenants:\n\n";
    for Tenant { name, domain_url, .. } in context.tenants().await? {
        text += &format!("  {name:<8} http://{}:{port}/poem/\n", domain_url.unwrap_or_default());
    }
    text += "\nRequests of monitoring instances:\n\n";
    text += &format!(
        "  curl -H 'X-API-KEY: demo-egi-ncg' http://localhost:{port}/poem/api/v2/metrics/Production\n\
        \x20 curl 'http://localhost:{port}/poem/api/0.2/json/profiles'\n"
    );
    if let (Some(token), Some(name)) = (token, &args.tenant) {
        let host = host_of(name);
        text += &format!("  curl -H 'X-API-KEY: {token}' http://{host}:{port}/poem/api/v2/metrics/\n");
    }
    text += &format!("\nThe API is described at http://localhost:{port}/poem/api/v2/openapi.json\n");
    text += "\nLogins of the demo tenants:\n\n";
    for (name, _, data) in DEMO {
        text += &format!("  {name:<8} {}\n", logins(data));
    }
    text += &format!("\nFederated login, without passwords: the demo identity provider is at {identity_provider}/\n");
    text += &format!("\nThe demo ARGO WEB-API, where the aggregation profiles are, is at {}\n", webapi.address());
    let command = format!("POEM_CONF={} {}", conf.display(), std::env::current_exe()?.display());
    text += "\nFill the lists of EGI from outside, as cron does every hour (add --dry-run to look first at the first three):\n\n";
    for name in ["syncservtype", "syncvo", "syncservices", "syncaggregations"] {
        text += &format!("  {command} {name}\n");
    }
    text += &format!("\nCommands: {command} help\n");
    Ok(text)
}

/// The users of a demo file: `ada / demo-ada (superuser), bruno / demo-bruno, …`.
fn logins(data: &str) -> String {
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let login = |user: &Value| {
        let (name, password) = (user["username"].as_str()?, user["password"].as_str()?);
        let role = if user["superuser"] == true { " (superuser)" } else { "" };
        Some(format!("{name} / {password}{role}"))
    };
    let users = data["users"].as_array().into_iter().flatten();
    users.filter_map(login).collect::<Vec<_>>().join(", ")
}
