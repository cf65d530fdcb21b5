//! The PostgreSQL of this run: started by the first test that needs it, stopped when the process ends.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use poem::trial::postgres::{Cluster, Options};

/// How the cluster is reached, and where its log is.
pub struct Reach {
    pub socket_dir: PathBuf,
    pub port: u16,
    pub user: &'static str,
    pub log: PathBuf,
}

/// Statics are never dropped: [`stop`] does it, at the end of the process.
static RUNNING: Mutex<Option<(Cluster, PathBuf)>> = Mutex::new(None);

/// POEM_TEST_LOCALE names the collation of the cluster; C.UTF-8 without it.
pub fn cluster() -> &'static Reach {
    static REACH: OnceLock<Reach> = OnceLock::new();
    REACH.get_or_init(|| {
        let directory = tempfile::Builder::new().prefix("poem-it-").tempdir().expect("a temporary directory").keep();
        let locale = std::env::var("POEM_TEST_LOCALE").ok();
        let options = Options { fast: true, log_statements: true, locale, ..Options::default() };
        let cluster = Cluster::start(&directory, options).expect("a private PostgreSQL starts");
        let reach = Reach {
            socket_dir: cluster.socket_dir().to_owned(),
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

/// Makes a database in it.
pub async fn create_database(name: &str) {
    let url = database_url("postgres");
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.expect("the cluster answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{name}\""));
    sqlx::raw_sql(create).execute(&mut conn).await.expect("a database is made");
}

/// The address of a database, as sqlx takes it.
pub fn database_url(name: &str) -> String {
    let Reach { socket_dir, port, user, .. } = cluster();
    format!("postgres:///{name}?host={}&port={port}&user={user}", socket_dir.display())
}

extern "C" fn stop() {
    if let Some((cluster, directory)) = RUNNING.lock().ok().and_then(|mut running| running.take()) {
        cluster.stop();
        let _ = std::fs::remove_dir_all(directory);
    }
}
