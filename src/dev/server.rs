//! The running server process: it ends when we end, however we end.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid};

const POLL: Duration = Duration::from_millis(20);

/// What PostgreSQL understands: SIGINT is its fast shutdown (clients are sent away, data are written), SIGQUIT its
/// immediate one (the next start recovers).
const SHUTDOWNS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(10)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// A server process that we started, with the thread that waits for it.
#[derive(Debug)]
pub struct PostgresServer {
    pid: Pid,
    keeper: JoinHandle<io::Result<ExitStatus>>,
}

impl PostgresServer {
    /// Starts it in a process group of its own, so that Ctrl-C at the terminal reaches only us.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        end_with_parent(command.process_group(0), Signal::SIGINT);
        let (sender, started) = mpsc::channel();
        // The signal of `end_with_parent` is sent when the *thread* that started the process ends: this one stays
        // until the process is gone.
        let keeper = thread::Builder::new().name("postgres".into()).spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    let code = error.raw_os_error();
                    // Nobody listens only where the starter is gone, and then nobody is left to be told.
                    let _ = sender.send(Err(error));
                    return Err(code.map_or_else(|| io::ErrorKind::Other.into(), io::Error::from_raw_os_error));
                }
            };
            let _ = sender.send(Ok(child.id()));
            child.wait()
        })?;
        let pid = started.recv().map_err(io::Error::other)??;
        Ok(Self { pid: Pid::from_raw(pid.cast_signed()), keeper })
    }

    pub fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    pub fn has_ended(&self) -> bool {
        self.keeper.is_finished()
    }

    /// Waits until `ready` or until the server has ended; false where it is neither in time.
    pub fn wait_until(&self, ready: impl Fn() -> bool, at_most: Duration) -> bool {
        wait_until(|| self.has_ended() || ready(), at_most)
    }

    /// Stops it, the gentle way first. Does nothing where it has ended.
    pub fn stop(&self) {
        for (signal, limit) in SHUTDOWNS {
            if self.has_ended() {
                return;
            }
            // An error means that it has just ended.
            let _ = kill(self.pid, signal);
            wait_until(|| self.has_ended(), limit);
        }
    }
}

/// Asks again and again; false where it was not true in time.
pub fn wait_until(condition: impl Fn() -> bool, at_most: Duration) -> bool {
    let deadline = Instant::now() + at_most;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// Makes the kernel send the process `signal` when the thread that starts it ends, be it by `kill -9`.
pub fn end_with_parent(command: &mut Command, signal: Signal) {
    let parent = getpid();
    // SAFETY: between fork and exec only calls that are safe there: prctl and getppid, no memory is allocated. It runs
    // after the change of user, which would take the setting back.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(signal)?;
            // The parent may have ended before the setting was made.
            if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
        });
    }
}

/// The PostgreSQL processes that stand in a data directory, of whoever; empty where none does.
pub fn processes_in(data: &Path) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data)
            && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.starts_with("postgres"))
    })
    .collect()
}

/// The last lines of a log file, for an error message; '' where it cannot be read.
pub fn tail(log: &Path, lines: usize) -> String {
    const BYTES: u64 = 16 * 1024;
    let text = File::open(log).and_then(|mut file| {
        use std::io::{Read, Seek, SeekFrom};
        let start = file.metadata()?.len().saturating_sub(BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    });
    let text = text.unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
