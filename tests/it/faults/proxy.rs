//! A proxy that makes the connections to PostgreSQL slow or dead.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::support::{DisposableDatabase, Installation};

/// A proxy that forwards the responses of PostgreSQL after a delay. It listens as long as the process lives.
pub struct SlowProxy {
    address: SocketAddr,
    delays: Arc<Delays>,
}

/// The delays, in milliseconds.
#[derive(Default)]
struct Delays {
    /// The delay of every response.
    all: AtomicU64,
    /// The additional delay of the response to BEGIN.
    beginning: AtomicU64,
    /// The number of cuts: older connections are dead without being closed.
    cuts: AtomicU64,
}

impl SlowProxy {
    /// Starts a proxy without a delay.
    pub fn to(database: &DisposableDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), delays: Arc::default() };
        let (socket, delays) = (database.socket(), proxy.delays.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // If the database is stopped, the connection is closed.
                if let Ok(server) = UnixStream::connect(&socket) {
                    connect(client, server, delays.clone());
                }
            }
        });
        proxy
    }

    /// Delays every response.
    pub fn delay(&self, delay: Duration) {
        self.delays.all.store(milliseconds(delay), Ordering::Release);
    }

    /// Delays the responses to BEGIN only.
    pub fn delay_begin(&self, delay: Duration) {
        self.delays.beginning.store(milliseconds(delay), Ordering::Release);
    }

    /// From now on the existing connections get no responses and are not closed either. New ones work.
    pub fn cut(&self) {
        self.delays.cuts.fetch_add(1, Ordering::AcqRel);
    }

    /// Configures the installation to connect to its database through this proxy.
    pub fn use_for(&self, installation: &Installation, database: &DisposableDatabase) {
        let reach = database.reach();
        installation.configure(&format!("Host = {}\n", reach.host), &format!("Host = {}\n", self.address.ip()));
        installation.configure(&format!("Port = {}\n", reach.port), &format!("Port = {}\n", self.address.port()));
    }
}

fn milliseconds(delay: Duration) -> u64 {
    delay.as_millis().try_into().unwrap()
}

/// Forwards in both directions, in two threads.
fn connect(client: TcpStream, server: UnixStream, delays: Arc<Delays>) {
    let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let beginning = Arc::new(AtomicBool::new(false));
    let begin_was_sent = beginning.clone();
    let cuts_before = delays.cuts.load(Ordering::Acquire);
    thread::spawn(move || {
        let _ = forward(from_client, &to_server, |piece| {
            if piece.windows(5).any(|word| word == b"BEGIN") {
                begin_was_sent.store(true, Ordering::Release);
            }
        });
        let _ = to_server.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = forward(server, &client, |_| {
            while delays.cuts.load(Ordering::Acquire) != cuts_before {
                thread::park();
            }
            let extra = if beginning.swap(false, Ordering::AcqRel) { &delays.beginning } else { &AtomicU64::new(0) };
            sleep(Duration::from_millis(delays.all.load(Ordering::Acquire) + extra.load(Ordering::Acquire)));
        });
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// Forwards bytes until one side closes. `look` sees each piece before it is forwarded.
fn forward(mut from: impl Read, mut to: impl Write, inspect: impl Fn(&[u8])) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 20];
    loop {
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        inspect(&bytes[..length]);
        to.write_all(&bytes[..length])?;
    }
}
