//! A PostgreSQL for a single test, which can be killed, stopped and restarted. The path of its socket stays the same.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poem::dev::postgres::{Cluster, Options};
use tempfile::TempDir;

use super::Installation;
use super::cluster::ConnectionInfo;

/// A private PostgreSQL. Stopped and removed when dropped.
pub struct DisposableDatabase {
    /// The first field, hence dropped first: the server ends before its files are removed.
    running: Option<Cluster>,
    directory: TempDir,
    /// Additional settings as in postgresql.conf.
    extra: Vec<(String, String)>,
}

impl DisposableDatabase {
    /// Starts a PostgreSQL in a temporary directory.
    pub fn new() -> Self {
        Self::with_settings(&[])
    }

    /// Starts one with additional settings as in postgresql.conf.
    pub fn with_settings(extra: &[(&str, &str)]) -> Self {
        Self::within(open_directory(), extra)
    }

    /// Starts one with its data below the directory, which other users must be allowed to enter.
    pub fn within(directory: TempDir, extra: &[(&str, &str)]) -> Self {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut database = Self { directory, extra: extra.iter().map(own).collect(), running: None };
        database.start();
        database
    }

    /// Returns an installation that uses it; the tenant EGI has the data of small.json.
    pub fn installation(&self) -> Installation {
        let installation = Installation::bare_in(self.reach());
        installation.run("poem-db", &["-c"]).done();
        installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
        installation.load("small.json");
        installation
    }

    /// Returns how to connect to it.
    pub fn reach(&self) -> ConnectionInfo {
        let log = self.directory.path().join("cluster/server.log");
        ConnectionInfo { host: self.host(), port: 5432, user: "poem", log }
    }

    /// Returns the path of its socket.
    pub fn socket(&self) -> String {
        format!("{}/.s.PGSQL.5432", self.host())
    }

    /// Returns the directory of the socket: a symbolic link, so that [`Self::fall_silent`] can replace it.
    fn host(&self) -> String {
        self.directory.path().join("host").to_str().unwrap().to_owned()
    }

    /// Starts it, also after [`Self::stop`] or [`Self::kill`].
    pub fn start(&mut self) {
        // A committed transaction must be on disk even if the process is killed a moment later.
        let commit = ("synchronous_commit".to_owned(), "on".to_owned());
        let extra = [vec![commit], self.extra.clone()].concat();
        let options = Options { fast: true, extra, ..Options::default() };
        let cluster = Cluster::start(&self.directory.path().join("cluster"), options).unwrap();
        let _ = fs::remove_file(self.host());
        symlink(cluster.socket_dir(), self.host()).unwrap();
        self.running = Some(cluster);
    }

    /// Starts it with further settings.
    pub fn start_with(&mut self, extra: &[(&str, &str)]) {
        self.extra.extend(extra.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        self.start();
    }

    /// Stops it.
    pub fn stop(&mut self) {
        self.running.take().expect("it runs").stop();
    }

    /// Makes it a standby server, which reads and does not write, from the next start on.
    pub fn become_standby(&self) {
        let data = self.directory.path().join("cluster/data");
        let version: u32 = fs::read_to_string(data.join("PG_VERSION")).unwrap().trim().parse().unwrap();
        let (name, text) = if version < 12 { ("recovery.conf", "standby_mode = on\n") } else { ("standby.signal", "") };
        fs::write(data.join(name), text).unwrap();
        // Another user than this one may run PostgreSQL.
        fs::set_permissions(data.join(name), Permissions::from_mode(0o666)).unwrap();
    }

    /// Kills the server and all its processes with SIGKILL.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.stop();
    }

    /// Sends a signal to the server and all its processes.
    pub fn signal(&self, signal: Signal) {
        let postmaster = self.running.as_ref().expect("it runs").pid();
        let children = children_of(postmaster);
        [postmaster].into_iter().chain(children).for_each(|pid| send(pid, signal));
    }

    /// Replaces its socket by one that accepts connections and never answers.
    pub fn fall_silent(&self) -> UnixListener {
        let silent = self.directory.path().join("silent");
        fs::create_dir(&silent).unwrap();
        fs::remove_file(self.host()).unwrap();
        symlink(&silent, self.host()).unwrap();
        UnixListener::bind(silent.join(".s.PGSQL.5432")).unwrap()
    }
}

/// Returns the ids of the child processes.
fn children_of(parent: u32) -> Vec<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        // The format is `PID (NAME) STATE PARENT …`; the name may contain any character.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        after_name.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    processes.filter(is_child).collect()
}

/// Sends a signal to a process, which may have ended already.
pub fn send(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
}

/// Creates a temporary directory that the user who runs PostgreSQL may enter.
pub fn open_directory() -> TempDir {
    open_directory_in(&std::env::temp_dir())
}

/// Creates such a directory in `parent`.
pub fn open_directory_in(parent: &Path) -> TempDir {
    let directory = tempfile::Builder::new().prefix("poem-it-").tempdir_in(parent).unwrap();
    // Regardless of the umask.
    fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}
