//! A slow line to PostgreSQL.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::support::{Fleeting, Installation};

/// Passes on what PostgreSQL answers, each piece after the delay. Listens as long as the process lives.
pub struct SlowLine {
    address: SocketAddr,
    milliseconds: Arc<AtomicU64>,
}

impl SlowLine {
    /// Without a delay, so far.
    pub fn to(fleeting: &Fleeting) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self { address: listener.local_addr().unwrap(), milliseconds: Arc::default() };
        let (socket, milliseconds) = (fleeting.socket(), line.milliseconds.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // The database may have ended: so does the connection.
                if let Ok(server) = UnixStream::connect(&socket) {
                    connect(client, server, milliseconds.clone());
                }
            }
        });
        line
    }

    pub fn delay(&self, delay: Duration) {
        self.milliseconds.store(delay.as_millis().try_into().unwrap(), Ordering::Release);
    }

    /// Lets the installation reach its database over this line from now on.
    pub fn lead(&self, installation: &Installation, fleeting: &Fleeting) {
        let reach = fleeting.reach();
        installation.configure(&format!("Host = {}\n", reach.host), &format!("Host = {}\n", self.address.ip()));
        installation.configure(&format!("Port = {}\n", reach.port), &format!("Port = {}\n", self.address.port()));
    }
}

fn connect(client: TcpStream, server: UnixStream, milliseconds: Arc<AtomicU64>) {
    let (mut asks, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut asks, &mut asked);
        let _ = asked.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = answer(server, &client, &milliseconds);
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn answer(mut server: UnixStream, mut client: &TcpStream, milliseconds: &AtomicU64) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 20];
    loop {
        let length = server.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(milliseconds.load(Ordering::Acquire)));
        client.write_all(&bytes[..length])?;
    }
}
