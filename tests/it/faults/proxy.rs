//! A slow line to PostgreSQL.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::support::{DisposableDatabase, Installation};

/// Passes on what PostgreSQL answers, each piece after the delay. Listens as long as the process lives.
pub struct SlowLine {
    address: SocketAddr,
    delays: Arc<Delays>,
}

/// In milliseconds.
#[derive(Default)]
struct Delays {
    /// Of every answer.
    all: AtomicU64,
    /// Of the answer to the beginning of a transaction, besides.
    beginning: AtomicU64,
    /// How often the line was cut: connections from before are dead, and nobody was told.
    cuts: AtomicU64,
}

impl SlowLine {
    /// Without a delay, so far.
    pub fn to(database: &DisposableDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self { address: listener.local_addr().unwrap(), delays: Arc::default() };
        let (socket, delays) = (database.socket(), line.delays.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // The database may have ended: so does the connection.
                if let Ok(server) = UnixStream::connect(&socket) {
                    connect(client, server, delays.clone());
                }
            }
        });
        line
    }

    pub fn delay(&self, delay: Duration) {
        self.delays.all.store(milliseconds(delay), Ordering::Release);
    }

    /// Delays the answers to BEGIN alone.
    pub fn delay_beginnings(&self, delay: Duration) {
        self.delays.beginning.store(milliseconds(delay), Ordering::Release);
    }

    /// From now on the connections that there are answer nothing more, and do not end either. New ones work.
    pub fn cut(&self) {
        self.delays.cuts.fetch_add(1, Ordering::AcqRel);
    }

    /// Lets the installation reach its database over this line from now on.
    pub fn lead(&self, installation: &Installation, database: &DisposableDatabase) {
        let reach = database.reach();
        installation.configure(&format!("Host = {}\n", reach.host), &format!("Host = {}\n", self.address.ip()));
        installation.configure(&format!("Port = {}\n", reach.port), &format!("Port = {}\n", self.address.port()));
    }
}

fn milliseconds(delay: Duration) -> u64 {
    delay.as_millis().try_into().unwrap()
}

fn connect(client: TcpStream, server: UnixStream, delays: Arc<Delays>) {
    let (asks, asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let beginning = Arc::new(AtomicBool::new(false));
    let begins = beginning.clone();
    let born = delays.cuts.load(Ordering::Acquire);
    thread::spawn(move || {
        let _ = pass_on(asks, &asked, |piece| {
            if piece.windows(5).any(|word| word == b"BEGIN") {
                begins.store(true, Ordering::Release);
            }
        });
        let _ = asked.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = pass_on(server, &client, |_| {
            while delays.cuts.load(Ordering::Acquire) != born {
                thread::park();
            }
            let more = if beginning.swap(false, Ordering::AcqRel) { &delays.beginning } else { &AtomicU64::new(0) };
            sleep(Duration::from_millis(delays.all.load(Ordering::Acquire) + more.load(Ordering::Acquire)));
        });
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// Until one of them ends. Each piece is looked at before it goes on.
fn pass_on(mut from: impl Read, mut to: impl Write, look: impl Fn(&[u8])) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 20];
    loop {
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        look(&bytes[..length]);
        to.write_all(&bytes[..length])?;
    }
}
