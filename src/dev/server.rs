//! The running server process. It ends with this process, even if this process is killed.

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

/// The signals that stop PostgreSQL, with their time limits. SIGINT is its fast shutdown (disconnects clients, writes
/// the data), SIGQUIT its immediate shutdown (the next start recovers).
const SHUTDOWNS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(10)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// A server process of ours, with the thread that waits for it.
#[derive(Debug)]
pub struct PostgresServer {
    pid: Pid,
    keeper: JoinHandle<io::Result<ExitStatus>>,
}

impl PostgresServer {
    /// Starts the server in a separate process group, so that Ctrl-C at the terminal reaches only this process.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        end_with_parent(command.process_group(0), Signal::SIGINT);
        let (sender, started) = mpsc::channel();
        // The kernel sends the signal of `end_with_parent` when the *thread* that started the process ends. So this
        // thread waits until the process has ended.
        let keeper = thread::Builder::new().name("postgres".into()).spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    let code = error.raw_os_error();
                    // The send fails only if the thread that called `spawn` is gone; then no one needs the error.
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

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    /// Checks whether the process has ended.
    pub fn has_ended(&self) -> bool {
        self.keeper.is_finished()
    }

    /// Waits until `ready` or until the server has ended. Returns false if neither happens in time.
    pub fn wait_until(&self, ready: impl Fn() -> bool, at_most: Duration) -> bool {
        wait_until(|| self.has_ended() || ready(), at_most)
    }

    /// Stops the server and waits for its end, with the mildest signal first. Does nothing if it has ended.
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

/// Polls until the condition is true. Returns false if that does not happen in time.
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

/// Makes the kernel send `signal` to the process when the thread that starts it ends, even by `kill -9`.
#[expect(unsafe_code, reason = "pre_exec is the only way to set the signal after the change of user")]
pub fn end_with_parent(command: &mut Command, signal: Signal) {
    let parent = getpid();
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: prctl and getppid are, and nothing
    // allocates. The closure runs after the change of user, which would clear the setting (prctl(2)).
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(signal)?;
            // The parent may have ended before the call above.
            if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
        });
    }
}

/// The ids of all PostgreSQL processes whose working directory is `data`, whatever user they run as.
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

/// The last lines of a log file, for an error message; `""` if it cannot be read.
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
