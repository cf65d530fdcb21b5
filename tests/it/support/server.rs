//! The server of an installation, started with `poem serve`.

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

/// The longest time that the server may take to start, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Ends when dropped.
pub struct Server {
    process: Child,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on a free port and waits until it listens.
    pub fn start(installation: &Installation) -> Self {
        Self::start_with(installation, &[])
    }

    /// Starts a server at this address.
    pub fn start_at(installation: &Installation, address: SocketAddr) -> Self {
        let mut server = Self { process: spawn(installation, address, Stdio::inherit(), &[]), address };
        server.await_listening();
        server
    }

    /// Starts a server with additional environment variables.
    pub fn start_with(installation: &Installation, variables: &[(&str, &str)]) -> Self {
        Self::start_with_output(installation, variables, Stdio::inherit())
    }

    /// Starts a server that writes its errors there.
    pub fn start_with_stderr(installation: &Installation, stderr: Stdio) -> Self {
        Self::start_with_output(installation, &[], stderr)
    }

    fn start_with_output(installation: &Installation, variables: &[(&str, &str)], stderr: Stdio) -> Self {
        let address = free_address();
        let mut server = Self { process: spawn(installation, address, stderr, variables), address };
        server.await_listening();
        server
    }

    /// Returns the stderr of a server that must refuse to start.
    pub fn refusal(installation: &Installation) -> String {
        Self::refusal_with(installation, 1)
    }

    /// Returns the stderr of a server that must refuse to start with this exit status.
    pub fn refusal_with(installation: &Installation, status: i32) -> String {
        let mut process = spawn(installation, free_address(), Stdio::piped(), &[]);
        let end = Instant::now() + TIMEOUT;
        while process.try_wait().expect("the process can be asked").is_none() {
            if Instant::now() > end {
                let _ = process.kill();
            }
            sleep(Duration::from_millis(20));
        }
        let output = process.wait_with_output().expect("the process has ended");
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        String::from_utf8(output.stderr).expect("stderr is UTF-8")
    }

    /// Sends a GET to the host `localhost`.
    pub fn get(&self, target: &str) -> HttpResponse {
        self.get_as(target, &[])
    }

    /// Sends a GET to the host `localhost`, with additional headers.
    pub fn get_as(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        self.send("GET", target, &[&[("Host", "localhost")], headers].concat(), b"")
    }

    /// Sends a GET to the host `localhost`, with an API key.
    pub fn get_with_key(&self, target: &str, token: &str) -> HttpResponse {
        self.get_as(target, &[("X-API-KEY", token)])
    }

    /// Returns the first response other than 503. A server on a machine that was stalled for a second correctly answers
    /// 503, because its state may be stale; then the request is repeated.
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

    /// Sends a request with these headers; see [`http::send`].
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        http::send(self.address, method, target, headers, body)
    }

    /// Sends bytes and reads one response.
    pub fn send_raw(&self, request: &[u8]) -> HttpResponse {
        http::send_raw(self.address, request)
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("the process is there");
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Limits the number of files and connections that the process may have open.
    pub fn limit_open_files(&self, count: u64) {
        let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
        // SAFETY: the new limit is read from a place that outlives the call, the old one is not asked for.
        let set = unsafe {
            libc::prlimit(self.process.id().cast_signed(), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut())
        };
        assert_eq!(set, 0, "the limit can be lowered");
    }

    /// Returns whether the process ends by itself in this time.
    pub fn ends_within(&mut self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        while self.process.try_wait().expect("the process can be asked").is_none() {
            if Instant::now() > end {
                return false;
            }
            sleep(Duration::from_millis(20));
        }
        true
    }

    /// Waits for the longest time that a response may be stale after a change by another process: a second.
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

fn spawn(installation: &Installation, address: SocketAddr, stderr: Stdio, variables: &[(&str, &str)]) -> Child {
    let mut command = installation.command("poem");
    command.arg("serve").env("POEM__SERVER__PORT", address.port().to_string());
    command.envs(variables.iter().copied());
    command.stdout(Stdio::null()).stderr(stderr).spawn().expect("the executable runs")
}

/// Returns an unused address of the loopback interface, which no other test gets.
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
