//! An installation of POEM: a VENV with its configuration, and a database of its own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::signal::Signal;
use poem::config::{Config, secret_key};
use poem::dev::end_with_parent;
use poem::domain::model::tenant::SchemaName;
use poem::domain::security::keys::{Keys, random_hex, session_hash};
use sqlx::PgPool;
use tempfile::TempDir;

use super::cluster::{ConnectionInfo, cluster};
use super::sql::sql;
use super::{block_on, fixture};

/// The key of the API clients of tests/fixtures/small.json.
pub const EGI_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Fails the test unless the command said it was done.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

pub struct Installation {
    venv: TempDir,
    reach: ConnectionInfo,
    pub database: String,
}

impl Installation {
    /// With a configuration, a secret key and an empty database; nothing is migrated.
    pub fn bare() -> Self {
        Self::bare_in(cluster().clone())
    }

    /// The same in a cluster of the test's own.
    pub fn bare_in(reach: ConnectionInfo) -> Self {
        Self::copy_of("template1", reach)
    }

    /// Over a copy of a database to which nobody is connected: much faster than filling it again.
    pub fn with_data_of(database: &str) -> Self {
        Self::copy_of(database, cluster().clone())
    }

    fn copy_of(original: &str, reach: ConnectionInfo) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let database = format!("poem_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        block_on(reach.copy_database(original, &database));
        let installation = Self { venv: tempfile::tempdir().expect("a temporary directory"), reach, database };
        let etc = installation.path("etc/poem");
        fs::create_dir_all(&etc).unwrap();
        fs::write(etc.join("poem.conf"), installation.configuration()).unwrap();
        restrict(&etc.join("poem.conf"));
        let logging = include_str!("../../../etc/poem_logging.conf").replace("/dev/log", "{venv}/no-syslog");
        fs::write(etc.join("poem_logging.conf"), logging).unwrap();
        fs::copy(fixture("small.secret_key"), etc.join("secret_key")).unwrap();
        restrict(&etc.join("secret_key"));
        installation
    }

    /// With the tenants EGI at localhost and TWO at two.localhost, both without data.
    pub fn with_tenants() -> Self {
        static DATABASE: OnceLock<String> = OnceLock::new();
        Self::with_data_of(DATABASE.get_or_init(|| Self::make_tenants().database))
    }

    /// The tenant EGI holds small.json; TWO has a key and nothing else: what the golden exchanges were made over.
    pub fn with_small_data() -> Self {
        static DATABASE: OnceLock<String> = OnceLock::new();
        Self::with_data_of(DATABASE.get_or_init(|| Self::make_small_data().database))
    }

    /// The database of [`Installation::with_tenants`], made by the commands as an administrator would.
    fn make_tenants() -> Self {
        let installation = Self::bare();
        installation.run("poem-db", &["-c"]).done();
        installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
        installation.run("poem-tenant", &["-t", "TWO", "-d", "two.localhost"]).done();
        installation
    }

    /// The database of [`Installation::with_small_data`].
    fn make_small_data() -> Self {
        let installation = Self::make_tenants();
        installation.load("small.json");
        let token = "2222222222222222bbbbbbbbbbbbbbbb";
        installation.run("poem-token", &["-t", "TWO", "-s", "two", "-o", token]).done();
        installation
    }

    /// Makes the tenant EGI hold a dump of tests/fixtures and nothing else.
    pub fn load(&self, dump: &str) -> Ran {
        let file = fixture(dump);
        self.run("poem-db", &["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"]).done()
    }

    /// Runs a command under its name.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        let output = self.command(program).args(arguments).output().expect("the executable runs");
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("commands speak UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("commands speak UTF-8"),
        }
    }

    /// The executable under one of its names, for this installation.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_poem"));
        command.arg0(program).env_clear().env("POEM_CONF", self.config_path()).stdin(Stdio::null());
        // Where pg_dump is, is this machine's affair. (POEM_PG_BIN may name a server that came without it.)
        command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
        // Also where the test is killed.
        end_with_parent(&mut command, Signal::SIGKILL);
        command
    }

    pub fn config_path(&self) -> PathBuf {
        self.path("etc/poem/poem.conf")
    }

    pub fn path(&self, below_venv: &str) -> PathBuf {
        self.venv.path().join(below_venv)
    }

    /// Replaces a piece of poem.conf that must stand there.
    pub fn configure(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.config_path()).unwrap();
        assert!(text.contains(old), "poem.conf has no {old:?}");
        fs::write(self.config_path(), text.replace(old, new)).unwrap();
    }

    /// The log so far; '' where nothing was logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("var/log/poem/poem.log")).unwrap_or_default()
    }

    pub fn pool(&self) -> PgPool {
        let config = Config::load(&self.config_path()).expect("the configuration is readable");
        poem::app::pool_settings(&config).open()
    }

    /// Starts a session for a user of the tenant EGI and gives its id, the value of the cookie `sessionid`.
    pub fn log_in(&self, username: &str) -> String {
        self.start_session("egi", username, "1 hour")
    }

    /// The same for any tenant. It ends after the interval.
    pub fn start_session(&self, schema: &str, username: &str, interval: &str) -> String {
        let id = random_hex(32);
        let hash: String = session_hash(&id).iter().map(|byte| format!("{byte:02x}")).collect();
        let statement = format!(
            r"INSERT INTO {schema}.login_session (id_hash, user_id, expires)
              SELECT '\x{hash}', id, now() + interval '{interval}' FROM {schema}.app_user WHERE username = '{username}'
              RETURNING user_id"
        );
        assert_eq!(sql(self, &statement).len(), 1, "there is such a user");
        id
    }

    pub fn database_url(&self) -> String {
        self.reach.database_url(&self.database)
    }

    /// The host of the database in poem.conf.
    pub fn host(&self) -> &str {
        &self.reach.host
    }

    /// The port of the database in poem.conf.
    pub fn port(&self) -> u16 {
        self.reach.port
    }

    pub fn keys(&self) -> Keys {
        Keys::derive(&secret_key::read(&self.path("etc/poem/secret_key")).expect("the key is readable"))
    }

    fn configuration(&self) -> String {
        let reach = &self.reach;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let user =
            nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().map_or("root".to_owned(), |user| user.name);
        format!(
            "[DEFAULT]\nVENV = {venv}\n\
             [GENERAL]\nDebug = False\nTimeZone = Europe/Zagreb\n\
             [DATABASE]\nName = {name}\nUser = {database_user}\nPassword = database-password\nHost = {host}\nPort = {port}\n\
             [SECURITY]\nAllowedHosts = *\nSecretKeyPath = %(VENV)s/etc/poem/secret_key\n\
             [SERVER]\nUser = {user}\nPort = 8000\nTemplatesPath = {root}/templates\nStaticPath = {root}/static\n\
             [GENERAL_EGI]\nNamespace = hr.cro-ngi.TEST\n\
             [SUPERUSER_EGI]\nName = poem\nPassword = poem-secret-1\nEmail = poem@example.org\n",
            venv = self.venv.path().display(),
            name = self.database,
            database_user = reach.user,
            host = reach.host,
            port = reach.port,
            root = root.display(),
        )
    }
}

fn restrict(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The schema of the tenant EGI.
pub fn egi() -> SchemaName {
    SchemaName::parse("egi").unwrap()
}

/// The schema of the tenant TWO.
pub fn two() -> SchemaName {
    SchemaName::parse("two").unwrap()
}
