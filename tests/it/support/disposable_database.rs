//! A PostgreSQL of a test's own, which is killed, stopped and started again behind a path that stays.

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

pub struct DisposableDatabase {
    /// The first to be dropped: it ends before its files are gone.
    running: Option<Cluster>,
    directory: TempDir,
    extra: Vec<(String, String)>,
}

impl DisposableDatabase {
    /// Running.
    pub fn new() -> Self {
        Self::with_settings(&[])
    }

    /// Running, with settings as in postgresql.conf.
    pub fn with_settings(extra: &[(&str, &str)]) -> Self {
        Self::within(open_directory(), extra)
    }

    /// Its data stand below the directory, which others than its owner must be allowed to enter.
    pub fn within(directory: TempDir, extra: &[(&str, &str)]) -> Self {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut database = Self { directory, extra: extra.iter().map(own).collect(), running: None };
        database.start();
        database
    }

    /// An installation over it: the tenant EGI holds small.json.
    pub fn installation(&self) -> Installation {
        let installation = Installation::bare_in(self.reach());
        installation.run("poem-db", &["-c"]).done();
        installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
        installation.load("small.json");
        installation
    }

    pub fn reach(&self) -> ConnectionInfo {
        let log = self.directory.path().join("cluster/server.log");
        ConnectionInfo { host: self.host(), port: 5432, user: "poem", log }
    }

    /// The file of its socket.
    pub fn socket(&self) -> String {
        format!("{}/.s.PGSQL.5432", self.host())
    }

    fn host(&self) -> String {
        self.directory.path().join("host").to_str().unwrap().to_owned()
    }

    pub fn start(&mut self) {
        // What was committed is in the file even where the process is killed the moment after.
        let commit = ("synchronous_commit".to_owned(), "on".to_owned());
        let extra = [vec![commit], self.extra.clone()].concat();
        let options = Options { fast: true, extra, ..Options::default() };
        let cluster = Cluster::start(&self.directory.path().join("cluster"), options).unwrap();
        let _ = fs::remove_file(self.host());
        symlink(cluster.socket_dir(), self.host()).unwrap();
        self.running = Some(cluster);
    }

    pub fn stop(&mut self) {
        self.running.take().expect("it runs").stop();
    }

    /// `kill -9`, the server and everything it started.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.stop();
    }

    /// To the server and all that it started.
    pub fn signal(&self, signal: Signal) {
        let postmaster = self.running.as_ref().expect("it runs").pid();
        let children = children_of(postmaster);
        [postmaster].into_iter().chain(children).for_each(|pid| send(pid, signal));
    }

    /// In its place something that takes connections and says nothing.
    pub fn fall_silent(&self) -> UnixListener {
        let silent = self.directory.path().join("silent");
        fs::create_dir(&silent).unwrap();
        fs::remove_file(self.host()).unwrap();
        symlink(&silent, self.host()).unwrap();
        UnixListener::bind(silent.join(".s.PGSQL.5432")).unwrap()
    }
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        // «PID (NAME) STATE PARENT …»; the name may hold anything.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let behind_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        behind_name.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    processes.filter(is_child).collect()
}

/// A process may have ended meanwhile.
pub fn send(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
}

/// A temporary directory that PostgreSQL's own user may enter.
pub fn open_directory() -> TempDir {
    open_directory_in(&std::env::temp_dir())
}

pub fn open_directory_in(parent: &Path) -> TempDir {
    let directory = tempfile::Builder::new().prefix("poem-it-").tempdir_in(parent).unwrap();
    // Whatever the umask.
    fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}
