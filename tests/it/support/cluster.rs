//! The PostgreSQL of this run: started by the first test that needs it, stopped when the process ends.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use poem::trial::postgres::{Cluster, Options};

/// How a cluster is reached, and where its log is.
#[derive(Clone)]
pub struct Reach {
    /// The directory of its socket, or an address.
    pub host: String,
    pub port: u16,
    pub user: &'static str,
    pub log: PathBuf,
}

impl Reach {
    /// The address of a database, as sqlx takes it.
    pub fn database_url(&self, name: &str) -> String {
        let Self { host, port, user, .. } = self;
        format!("postgres:///{name}?host={host}&port={port}&user={user}")
    }

    /// Makes a database in it.
    pub async fn create_database(&self, name: &str) {
        let url = self.database_url("postgres");
        let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.expect("the cluster answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{name}\""));
        sqlx::raw_sql(create).execute(&mut conn).await.expect("a database is made");
    }
}

/// Statics are never dropped: [`stop`] does it, at the end of the process.
static RUNNING: Mutex<Option<(Cluster, PathBuf)>> = Mutex::new(None);

/// POEM_TEST_LOCALE names the collation of the cluster; C.UTF-8 without it.
pub fn cluster() -> &'static Reach {
    static REACH: OnceLock<Reach> = OnceLock::new();
    REACH.get_or_init(|| {
        let directory = tempfile::Builder::new().prefix("poem-it-").tempdir().expect("a temporary directory").keep();
        let locale = std::env::var("POEM_TEST_LOCALE").ok();
        // Each line of the log tells its database: that is the test's own.
        let extra = vec![("log_line_prefix".to_owned(), "%d|%a|".to_owned())];
        let options = Options { fast: true, log_statements: true, locale, extra };
        let cluster = Cluster::start(&directory, options).expect("a private PostgreSQL starts");
        let reach = Reach {
            host: cluster.socket_dir().to_str().expect("a plain name").to_owned(),
            port: cluster.port(),
            user: "poem",
            log: cluster.log().to_owned(),
        };
        *RUNNING.lock().unwrap() = Some((cluster, directory));
        // SAFETY: the function is extern "C", takes nothing and does not unwind.
        unsafe { libc::atexit(stop) };
        reach
    })
}

/// What the server of an installation has sent to its database so far: a statement each, in order.
pub fn statements(database: &str) -> Vec<String> {
    let log = fs::read(&cluster().log).expect("the log is readable");
    let prefix = format!("{database}|poem|LOG:  ");
    let mut statements: Vec<String> = Vec::new();
    let mut is_own = false;
    for line in String::from_utf8_lossy(&log).lines() {
        // The further lines of a statement are indented.
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = statements.last_mut().filter(|_| is_own) {
                *last += more;
            }
            continue;
        }
        let statement = line.strip_prefix(&prefix).and_then(text_of_statement);
        is_own = statement.is_some();
        statements.extend(statement.map(str::to_owned));
    }
    statements
}

/// "statement: …" in the simple protocol, "execute NAME: …" in the extended one.
fn text_of_statement(event: &str) -> Option<&str> {
    let (kind, text) = event.split_once(": ")?;
    (kind == "statement" || kind.starts_with("execute ")).then_some(text)
}

extern "C" fn stop() {
    if let Some((cluster, directory)) = RUNNING.lock().ok().and_then(|mut running| running.take()) {
        cluster.stop();
        let _ = fs::remove_dir_all(directory);
    }
}
