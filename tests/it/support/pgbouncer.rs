//! PgBouncer in front of the database of an installation, if it is installed.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use poem::dev::end_with_parent;
use tempfile::TempDir;

use super::disposable_database::open_directory;
use super::server::free_address;
use super::{Installation, missing};

/// A running PgBouncer. Ends when dropped.
pub struct PgBouncer {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl PgBouncer {
    /// Starts one with this `pool_mode`; `None` if it is not installed, which is reported.
    pub fn start(installation: &Installation, mode: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            missing("PgBouncer: it is not installed (./check installs it)");
            return None;
        };
        let directory = open_directory();
        let port = free_address().port();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let settings = format!(
            "[databases]\n* = host={host} port={to}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {users}\npool_mode = {mode}\ndefault_pool_size = 30\n",
            host = installation.host(),
            to = installation.port(),
            users = path("users.txt"),
        );
        fs::write(path("users.txt"), "\"poem\" \"\"\n").unwrap();
        fs::write(path("pgbouncer.ini"), settings).unwrap();
        let mut command = Command::new(program);
        command.arg("-q").arg(path("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            // It refuses to run as root; only the user of PostgreSQL may open the socket.
            let owner = fs::metadata(installation.host()).unwrap().uid();
            let user = nix::unistd::User::from_uid(owner.into()).unwrap().expect("the owner has a name");
            command.args(["-u", &user.name]);
            for name in ["users.txt", "pgbouncer.ini"] {
                fs::set_permissions(path(name), fs::Permissions::from_mode(0o644)).unwrap();
            }
        }
        end_with_parent(&mut command, Signal::SIGKILL);
        let process = command.spawn().expect("PgBouncer starts");
        let mut pooler = Self { process, port, _directory: directory };
        pooler.await_listening();
        Some(pooler)
    }

    /// Makes the installation connect through it.
    pub fn stand_before(&self, installation: &Installation) {
        let old = format!("Host = {}\nPort = {}\n", installation.host(), installation.port());
        installation.configure(&old, &format!("Host = 127.0.0.1\nPort = {}\n", self.port));
    }

    fn await_listening(&mut self) {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "PgBouncer ended");
            assert!(Instant::now() < end, "PgBouncer does not listen");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
