//! A server of an installation, as `poem serve` runs it.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::http::{self, HttpResponse};
use super::installation::Installation;

/// How long it may take to start, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Ends when dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it at a free port and waits until it listens.
    pub fn start(installation: &Installation) -> Self {
        let address = free_address();
        let mut server = Self { process: spawn(installation, address, Stdio::inherit()), address };
        server.await_listening();
        server
    }

    /// What it says on stderr where it does not start.
    pub fn refusal(installation: &Installation) -> String {
        let mut process = spawn(installation, free_address(), Stdio::piped());
        let end = Instant::now() + TIMEOUT;
        while process.try_wait().expect("the process can be asked").is_none() {
            if Instant::now() > end {
                let _ = process.kill();
            }
            sleep(Duration::from_millis(20));
        }
        let output = process.wait_with_output().expect("the process has ended");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).expect("the server speaks UTF-8")
    }

    /// Asks as the host `localhost`.
    pub fn get(&self, target: &str) -> HttpResponse {
        self.get_as(target, &[])
    }

    /// Asks as the host `localhost`, with further headers.
    pub fn get_as(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        self.send("GET", target, &[&[("Host", "localhost")], headers].concat(), b"")
    }

    /// Asks as the host `localhost`, with an API key.
    pub fn get_with_key(&self, target: &str, token: &str) -> HttpResponse {
        self.get_as(target, &[("X-API-KEY", token)])
    }

    /// What it knows: on a machine that stood still for a second it says that it does not know, which is right too (503).
    /// Then it is asked again.
    #[track_caller]
    pub fn knows(&self, ask: impl Fn(&Self) -> HttpResponse) -> HttpResponse {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let answer = ask(self);
            if answer.status != 503 {
                return answer;
            }
            assert!(Instant::now() < end, "{answer:?}");
        }
    }

    /// Sends the headers as they are given and no others.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        http::send(self.address, method, target, headers, body)
    }

    /// Sends bytes and reads one answer.
    pub fn send_raw(&self, request: &[u8]) -> HttpResponse {
        http::send_raw(self.address, request)
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("the process is there");
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// From now on it may have so many files and connections open.
    pub fn limit_open_files(&self, count: u64) {
        let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
        // SAFETY: the new limit is read from a place that outlives the call, the old one is not asked for.
        let set = unsafe {
            libc::prlimit(self.process.id().cast_signed(), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut())
        };
        assert_eq!(set, 0, "the limit can be lowered");
    }

    /// Whether it ends by itself in this time.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while self.process.try_wait().expect("the process can be asked").is_none() {
            if Instant::now() > end {
                return false;
            }
            sleep(Duration::from_millis(20));
        }
        true
    }

    /// Waits as long as an answer may lag behind a change that others made: a second.
    pub fn catch_up(&self) {
        sleep(Duration::from_secs(1));
    }

    fn await_listening(&mut self) {
        let end = Instant::now() + TIMEOUT;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.process.try_wait().expect("the process can be asked") {
                panic!("the server ended: {status}");
            }
            assert!(Instant::now() < end, "the server does not listen");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(installation: &Installation, address: SocketAddr, stderr: Stdio) -> Child {
    let mut command = installation.command("poem");
    command.arg("serve").env("POEM__SERVER__PORT", address.port().to_string());
    command.stdout(Stdio::null()).stderr(stderr).spawn().expect("the executable runs")
}

/// An address of the loopback interface that nobody listens at now, and that no other test was given.
pub fn free_address() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let address = free();
        if given.insert(address.port()) {
            return address;
        }
    }
}
