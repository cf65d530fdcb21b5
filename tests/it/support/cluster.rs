//! The PostgreSQL of this run: started by the first test that needs it, stopped when the process ends.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use poem::dev::postgres::{Cluster, Options};

use super::disposable_database::open_directory;

/// The address of a cluster, and the path of its log.
#[derive(Clone)]
pub struct ConnectionInfo {
    /// The directory of its socket, or an address.
    pub host: String,
    pub port: u16,
    pub user: &'static str,
    pub log: PathBuf,
}

impl ConnectionInfo {
    /// The address of a database, as sqlx takes it.
    pub fn database_url(&self, name: &str) -> String {
        let Self { host, port, user, .. } = self;
        // Whatever PGSSLMODE says of other servers.
        format!("postgres:///{name}?host={host}&port={port}&user={user}&sslmode=disable")
    }

    /// Creates a database as a copy of another, which must have no connections.
    pub async fn copy_database(&self, original: &str, name: &str) {
        let url = self.database_url("postgres");
        let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.expect("the cluster answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{name}\" TEMPLATE \"{original}\""));
        sqlx::raw_sql(create).execute(&mut conn).await.expect("a database is made");
    }
}

/// Statics are never dropped: [`stop`] does it, at the end of the process.
static RUNNING: Mutex<Option<(Cluster, PathBuf)>> = Mutex::new(None);

/// POEM_TEST_LOCALE names the collation of the cluster; C.UTF-8 without it.
pub fn cluster() -> &'static ConnectionInfo {
    static REACH: OnceLock<ConnectionInfo> = OnceLock::new();
    REACH.get_or_init(|| {
        let directory = open_directory().keep();
        let locale = std::env::var("POEM_TEST_LOCALE").ok();
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let extra = [
            // Each line of the log names its database, so a test finds its own.
            ("log_line_prefix", "%d|%a|"),
            // As many tests at once as there are processors, with a few servers of ten connections each.
            ("max_connections", "500"),
            // Little WAL: temporary files may be in memory.
            ("max_wal_size", "256MB"),
        ];
        let extra = extra.map(own).into();
        let options = Options { fast: true, log_statements: true, locale, extra };
        let cluster = Cluster::start(&directory, options).expect("a private PostgreSQL starts");
        let reach = ConnectionInfo {
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

/// The queries of a request. Left out are BEGIN with its search path, COMMIT and ROLLBACK, of which each transaction has
/// one pair (the last may come after the response), the check of a connection that is released, and what runs in the
/// background: the queries of the poll loops, and the writing of the last uses of API keys.
pub fn queries(database: &str, request: impl FnOnce()) -> Vec<String> {
    let is_query = |statement: &String| {
        let brackets = ["BEGIN", "COMMIT", "ROLLBACK", "SELECT now() = statement_timestamp()"];
        let is_bracket = brackets.iter().any(|bracket| statement.starts_with(bracket));
        let background = [
            "LEFT JOIN public.tenant_stamp",
            "WHERE schema_name = 'public'",
            "FROM public.sync_status ORDER BY schema_name",
            "INSERT INTO api_key_use ",
        ];
        !is_bracket && !background.iter().any(|words| statement.contains(words))
    };
    let before = fs::metadata(&cluster().log).expect("the log is there").len();
    request();
    statements(database, before).into_iter().filter(is_query).collect()
}

/// The statements that the server of an installation has sent to its database since the log had this length, in order.
fn statements(database: &str, since: u64) -> Vec<String> {
    let mut file = fs::File::open(&cluster().log).expect("the log is readable");
    let mut log = Vec::new();
    file.seek(SeekFrom::Start(since)).and_then(|_| file.read_to_end(&mut log)).expect("the log is readable");
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
