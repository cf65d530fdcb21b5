//! The private PostgreSQL: a cluster in its own directory, with a socket that only the user of the server may open.
//!
//! Starting and stopping block; an asynchronous caller uses `spawn_blocking`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::error::{DevError, unless_missing};
use super::run_as_user::UserAccount;
use super::server::{PostgresServer, end_with_parent, processes_in, tail, wait_until};
use super::server_programs::Programs;
use super::socket::{PORT, SocketDir};

const SUPERUSER: &str = "poem";
/// A marker file, written last: data without it were left behind by an interrupted `initdb`.
const READY: &str = "poem.ready";
/// The directory for root's data if the unprivileged user may not enter the requested directory.
const ROOT_DATA: &str = "/var/lib/poem-try";
/// The time limit of a start, which may include a recovery.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The time limit for the end of a server whose parent was killed.
const PREVIOUS_TIMEOUT: Duration = Duration::from_secs(15);
const LOG_MAX_BYTES: u64 = 10 * 1024 * 1024;
const TAIL_LINES: usize = 15;

/// The options with which a cluster is created and run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The collation and character classes, used at the creation. `None`: C.UTF-8 if the system has it, else C.
    pub locale: Option<String>,
    /// Flushes nothing to the disk: for tests, whose data may be lost.
    pub fast: bool,
    /// Logs every statement.
    pub log_statements: bool,
    /// Further settings of the server: names and values as in postgresql.conf.
    pub extra: Vec<(String, String)>,
}

/// A running private PostgreSQL. Stops when it is dropped, and when this process ends or is killed.
#[derive(Debug)]
pub struct Cluster {
    server: PostgresServer,
    log: PathBuf,
    socket: SocketDir,
    /// Locked as long as this process uses the directory.
    lock: File,
}

impl Cluster {
    /// Starts the cluster in `dir` and creates it if there is none. Blocks, for about two seconds the first time.
    ///
    /// # Errors
    /// Every variant but `Database`; for example `NotInstalled`, or `InUse` by another running process.
    pub fn start(dir: &Path, options: Options) -> Result<Self, DevError> {
        make_open(dir)?;
        let dir = dir.canonicalize().map_err(DevError::file("enter", dir))?;
        let lock = lock(&dir)?;
        let account = UserAccount::for_server(&dir.join("data"))?;
        let data = data_dir(&dir, account)?;
        let programs = if data.join(READY).exists() {
            await_previous(&dir, &data)?;
            Programs::for_data(&data)?
        } else {
            let programs = Programs::newest()?;
            make_cluster(&programs, account, &data, &options)?;
            programs
        };
        let socket = SocketDir::make(&dir, account)?;
        let log = dir.join("server.log");
        let mut command = programs.postgres(account);
        command.arg("-D").arg(&data).args(settings(&socket.path, &options));
        let output = open_log(&log)?;
        command.stdout(output.try_clone().map_err(DevError::file("write", &log))?).stderr(output);
        let server = PostgresServer::spawn(command).map_err(DevError::file("start PostgreSQL over", &data))?;
        let cluster = Self { server, log, socket, lock };
        cluster.await_ready(&data)?;
        Ok(cluster)
    }

    /// The directory of the socket, which libpq takes as `host`.
    pub fn socket_dir(&self) -> &Path {
        &self.socket.path
    }

    /// The database superuser. It has no password.
    pub fn superuser(&self) -> &str {
        SUPERUSER
    }

    /// The port, which is only a part of the socket's file name.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// The server's log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// `postgres:///DATABASE?host=…&port=…&user=…`, for sqlx, psql and libpq.
    pub fn url(&self, database: &str) -> String {
        let host = self.socket.path.to_string_lossy();
        format!("postgres:///{}?host={}&port={PORT}&user={SUPERUSER}", percent(database), percent(&host))
    }

    /// The connection options for a pool. They ignore the environment (`PGHOST` …).
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket.path)
            .port(PORT)
            .username(SUPERUSER)
            .database(database)
            // PGSSLMODE is meant for other servers.
            .ssl_mode(PgSslMode::Disable)
    }

    /// Creates an empty database. Returns false if it already exists.
    ///
    /// # Errors
    /// `Database`.
    pub async fn create_database(&self, name: &str) -> Result<bool, DevError> {
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            let statement = format!("CREATE DATABASE {}", quoted(name));
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(!exists)
    }

    /// Removes a database with all its data, if it exists. It must have no connections.
    ///
    /// # Errors
    /// `Database`.
    pub async fn drop_database(&self, name: &str) -> Result<(), DevError> {
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let statement = format!("DROP DATABASE IF EXISTS {}", quoted(name));
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Stops the server and waits for its end. The data are kept.
    pub fn stop(self) {
        // `Drop` does it.
    }

    fn await_ready(&self, data: &Path) -> Result<(), DevError> {
        let status = data.join("postmaster.pid");
        let is_ready = || fs::read_to_string(&status).is_ok_and(|text| says_ready(&text, self.pid()));
        let in_time = self.server.wait_until(is_ready, START_TIMEOUT);
        if in_time && !self.server.has_ended() {
            return Ok(());
        }
        let what = if in_time { "it ended at once".into() } else { format!("after {START_TIMEOUT:?}") };
        Err(DevError::NotStarted { what, log: self.log.clone(), tail: tail(&self.log, TAIL_LINES) })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server.stop();
        // Closing is not enough: another thread may be starting a process, which inherits the open file.
        let _ = self.lock.unlock();
    }
}

/// Quotes an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Locks the directory. The lock file contains the process id of its holder.
fn lock(dir: &Path) -> Result<File, DevError> {
    let path = dir.join("lock");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(DevError::file("write", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            return Err(DevError::InUse { dir: dir.to_path_buf(), pid });
        }
        Err(fs::TryLockError::Error(error)) => return Err(DevError::file("lock", &path)(error)),
    }
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(DevError::file("write", &path))?;
    Ok(file)
}

/// The absolute path of the data: `dir/data`, or a directory of root's that the account may enter, to which `dir/data`
/// then links. It need not exist yet.
fn data_dir(dir: &Path, account: UserAccount) -> Result<PathBuf, DevError> {
    let data = dir.join("data");
    if let Ok(existing) = data.canonicalize() {
        return Ok(existing);
    }
    if account.can_enter(dir) {
        return Ok(data);
    }
    let place = Path::new(ROOT_DATA).join(digest(dir));
    make_open(Path::new(ROOT_DATA))?;
    fs::remove_file(&data).or_else(unless_missing).map_err(DevError::file("remove", &data))?;
    // A user who removed the link wants to start over.
    fs::remove_dir_all(&place).or_else(unless_missing).map_err(DevError::file("remove", &place))?;
    symlink(&place, &data).map_err(DevError::file("make the link", &data))?;
    Ok(place)
}

/// Makes the directory if it does not exist. Other users may enter it, whatever the umask, but not list it.
fn make_open(dir: &Path) -> Result<(), DevError> {
    if dir.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(dir).and_then(|()| fs::set_permissions(dir, Permissions::from_mode(0o711)));
    made.map_err(DevError::file("make the directory", dir))
}

fn digest(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let sum = openssl::sha::sha256(path.as_os_str().as_bytes());
    sum[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits for the server of a killed process, which may still be writing its data. Then removes its `postmaster.pid`: if
/// another process has got the process id in it by now, PostgreSQL would not start.
fn await_previous(dir: &Path, data: &Path) -> Result<(), DevError> {
    if !wait_until(|| processes_in(data).is_empty(), PREVIOUS_TIMEOUT) {
        let pid = processes_in(data).iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        return Err(DevError::InUse { dir: dir.to_path_buf(), pid });
    }
    let stale = data.join("postmaster.pid");
    fs::remove_file(&stale).or_else(unless_missing).map_err(DevError::file("remove", &stale))
}

/// Creates the cluster. Removes what an interrupted `initdb` has left.
fn make_cluster(programs: &Programs, account: UserAccount, data: &Path, options: &Options) -> Result<(), DevError> {
    fs::remove_dir_all(data).or_else(unless_missing).map_err(DevError::file("remove", data))?;
    account.private_dir(data)?;
    let mut command = programs.initdb(account);
    command.arg("-D").arg(data).args(["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"]);
    command.arg(format!("--locale={}", options.locale.clone().unwrap_or_else(default_locale)));
    // Messages are matched by programs, and looked up by people.
    command.arg("--lc-messages=C");
    if options.fast {
        command.arg("--nosync");
    }
    end_with_parent(&mut command, Signal::SIGKILL);
    let output = command.output().map_err(DevError::file("run initdb for", data))?;
    if !output.status.success() {
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let output_text = String::from_utf8_lossy(&text).trim().to_owned();
        return Err(DevError::Initdb { status: output.status.to_string(), output: output_text });
    }
    fs::write(data.join(READY), "").map_err(DevError::file("write", &data.join(READY)))
}

/// C.UTF-8, or C on systems without it, such as CentOS 7.
fn default_locale() -> String {
    let known = Command::new("locale").arg("-a").output().map(|output| output.stdout).unwrap_or_default();
    let known = String::from_utf8_lossy(&known).to_lowercase();
    if known.lines().any(|name| matches!(name, "c.utf8" | "c.utf-8")) { "C.UTF-8".into() } else { "C".into() }
}

fn settings(socket_dir: &Path, options: &Options) -> Vec<String> {
    let socket_dir = format!("unix_socket_directories={}", socket_dir.display());
    let mut settings: Vec<String> = vec!["listen_addresses=".into(), format!("port={PORT}"), socket_dir];
    if options.fast {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
    }
    if options.log_statements {
        settings.push("log_statement=all".into());
    }
    settings.extend(options.extra.iter().map(|(key, value)| format!("{key}={value}")));
    settings.into_iter().flat_map(|setting| ["-c".into(), setting]).collect()
}

fn open_log(log: &Path) -> Result<File, DevError> {
    if log.metadata().is_ok_and(|log| log.len() > LOG_MAX_BYTES) {
        fs::remove_file(log).map_err(DevError::file("remove", log))?;
    }
    OpenOptions::new().append(true).create(true).open(log).map_err(DevError::file("write", log))
}

/// Checks that `postmaster.pid` is from this server and that its eighth line reports it ready for connections.
fn says_ready(text: &str, pid: u32) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
}

fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    use nix::sys::signal::kill;
    use nix::unistd::Pid;
    use tempfile::TempDir;

    use super::*;
    use crate::dev::socket::fits_a_socket;

    const VICTIM_DIR: &str = "POEM_TEST_VICTIM_DIR";

    fn fast() -> Options {
        Options { fast: true, ..Options::default() }
    }

    /// A directory that the server's account may enter, also if this process is root.
    fn open_dir() -> TempDir {
        tempfile::Builder::new().permissions(Permissions::from_mode(0o711)).tempdir().unwrap()
    }

    #[tokio::test]
    async fn data_survive_a_restart() {
        let dir = open_dir();
        let cluster = Cluster::start(dir.path(), fast()).unwrap();
        assert!(cluster.create_database("kept \"here\"").await.unwrap());
        let pid = cluster.pid();
        cluster.stop();
        assert!(!Path::new(&format!("/proc/{pid}")).exists());

        let cluster = Cluster::start(dir.path(), fast()).unwrap();
        assert!(!cluster.create_database("kept \"here\"").await.unwrap());
        let mut connection = PgConnection::connect(&cluster.url("kept \"here\"")).await.unwrap();
        let addresses: String = sqlx::query_scalar("SHOW listen_addresses").fetch_one(&mut connection).await.unwrap();
        assert_eq!(addresses, "");
    }

    #[test]
    fn a_directory_has_one_cluster_at_a_time() {
        let (dir, other) = (open_dir(), open_dir());
        let _cluster = Cluster::start(dir.path(), fast()).unwrap();
        let _another = Cluster::start(other.path(), fast()).unwrap();
        let second = Cluster::start(dir.path(), fast()).unwrap_err();
        assert!(matches!(&second, DevError::InUse { pid, .. } if *pid == std::process::id().to_string()), "{second}");
    }

    #[tokio::test]
    async fn an_incomplete_cluster_is_created_again() {
        let dir = open_dir();
        fs::create_dir_all(dir.path().join("data/base")).unwrap();
        fs::write(dir.path().join("data/PG_VERSION"), "15\n").unwrap();
        let cluster = Cluster::start(dir.path(), fast()).unwrap();
        let mut conn = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
        let answer: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&mut conn).await.unwrap();
        assert_eq!(answer, 1);
    }

    #[test]
    fn a_path_too_long_or_too_odd_for_a_socket_gets_a_short_one() {
        let dir = open_dir();
        let odd = dir.path().join("it's, well, odd").join("x".repeat(100));
        let cluster = Cluster::start(&odd, fast()).unwrap();
        let socket = cluster.socket_dir().to_path_buf();
        assert!(fits_a_socket(&socket) && socket.exists());
        drop(cluster);
        assert!(!socket.exists());
    }

    #[test]
    fn a_directory_that_only_root_may_enter_works_too() {
        let dir = open_dir();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let cluster = Cluster::start(dir.path(), fast()).unwrap();
        let data = dir.path().join("data").canonicalize().unwrap();
        cluster.stop();
        Cluster::start(dir.path(), fast()).unwrap();
        assert_eq!(dir.path().join("data").canonicalize().unwrap(), data);
        fs::remove_dir_all(data).unwrap();
        // Only the link is left: the data are created again.
        let cluster = Cluster::start(dir.path(), fast()).unwrap();
        cluster.stop();
        fs::remove_dir_all(dir.path().join("data").canonicalize().unwrap()).unwrap();
    }

    #[test]
    fn an_error_quotes_postgres() {
        let dir = open_dir();
        let extra = vec![("no_such_setting".into(), "1".into())];
        let error = Cluster::start(dir.path(), Options { extra, ..fast() }).unwrap_err();
        assert!(error.to_string().contains("no_such_setting"), "{error}");
        let locale = Some("xx_XX.none".into());
        let error = Cluster::start(&dir.path().join("other"), Options { locale, ..fast() }).unwrap_err();
        assert!(error.to_string().contains("xx_XX.none"), "{error}");
    }

    #[test]
    fn the_server_ends_with_a_killed_process_and_starts_again() {
        let dir = open_dir();
        let mut victim = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "dev::postgres::tests::killed_process", "--nocapture"])
            .env(VICTIM_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
        let server: u32 = lines.find_map(|line| line.strip_prefix("server ")?.parse().ok()).unwrap();
        kill(Pid::from_raw(victim.id().cast_signed()), Signal::SIGKILL).unwrap();
        victim.wait().unwrap();
        let is_gone = || !Path::new(&format!("/proc/{server}")).exists();
        assert!(wait_until(is_gone, Duration::from_secs(30)));
        Cluster::start(dir.path(), fast()).unwrap();
    }

    #[test]
    #[ignore = "the process that the test above starts and kills"]
    fn killed_process() {
        let dir = env::var_os(VICTIM_DIR).expect("started by the test above");
        let cluster = Cluster::start(Path::new(&dir), fast()).unwrap();
        println!("\nserver {}", cluster.pid());
        std::thread::sleep(Duration::from_secs(60));
    }

    #[test]
    fn readiness_is_read_from_the_eighth_line() {
        let text = "42\n/data\n1700000000\n5432\n/socket\n\n  1 2\nready   \n";
        assert!(says_ready(text, 42));
        assert!(!says_ready(text, 43));
        assert!(!says_ready(&text.replace("ready", "starting"), 42));
        assert!(!says_ready("", 42));
    }
}
