//! Connections on the loopback interface, plain and TLS, a thread each.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;

use super::error::DemoWebApiError;
use super::messages::{Delivery, ReceivedRequest};

/// Makes the TLS settings for a certificate and its key.
///
/// # Errors
/// They do not belong together.
pub fn acceptor((certificate, key): &(X509, PKey<Private>)) -> Result<SslAcceptor, ErrorStack> {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    acceptor.set_certificate(certificate)?;
    acceptor.set_private_key(key)?;
    acceptor.check_private_key()?;
    Ok(acceptor.build())
}

/// A server. When it is dropped, it stops listening and closes its connections.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    is_tls: bool,
    open: Arc<Open>,
}

/// The open connections, by number, and whether they are to end.
#[derive(Debug, Default)]
struct Open {
    streams: Mutex<HashMap<u64, TcpStream>>,
    has_ended: AtomicBool,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Listens on a port of 127.0.0.1, 0 for a free one, and answers all requests with `answer`.
    ///
    /// # Errors
    /// `Start`.
    pub fn start(
        port: u16,
        tls: Option<SslAcceptor>,
        answer: impl Fn(ReceivedRequest) -> Delivery + Send + Sync + 'static,
    ) -> Result<Self, DemoWebApiError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(DemoWebApiError::Start)?;
        let address = listener.local_addr().map_err(DemoWebApiError::Start)?;
        let (open, is_tls) = (Arc::new(Open::default()), tls.is_some());
        let shared = open.clone();
        let accept = move || accept(&listener, tls.as_ref(), &Arc::new(answer), &shared);
        thread::Builder::new().name("demo-webapi".into()).spawn(accept).map_err(DemoWebApiError::Start)?;
        Ok(Self { address, is_tls, open })
    }

    /// Its address, as `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.open.has_ended.store(true, Ordering::Release);
        // A connection wakes the thread that accepts them, so that it gives up the port.
        let _ = TcpStream::connect(self.address);
        for stream in self.open.lock().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept<A>(listener: &TcpListener, tls: Option<&SslAcceptor>, answer: &Arc<A>, open: &Arc<Open>)
where
    A: Fn(ReceivedRequest) -> Delivery + Send + Sync + 'static,
{
    for (stream, number) in listener.incoming().zip(0..) {
        let Ok(stream) = stream else { continue };
        // After its own copy is in the list, or a listener that ends now would leave the connection open.
        if let Ok(copy) = stream.try_clone() {
            open.lock().insert(number, copy);
        }
        if open.has_ended.load(Ordering::Acquire) {
            return;
        }
        let (tls, answer, open) = (tls.cloned(), answer.clone(), open.clone());
        let serve = move || {
            // Clients may end a connection at any time, which is no error here.
            let _ = serve(stream, tls.as_ref(), &*answer);
            if let Some(stream) = open.lock().remove(&number) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        };
        let _ = thread::Builder::new().name("demo-webapi-connection".into()).spawn(serve);
    }
}

fn serve(stream: TcpStream, tls: Option<&SslAcceptor>, answer: &dyn Fn(ReceivedRequest) -> Delivery) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return answer_requests(stream, answer) };
    let mut stream = tls.accept(stream).map_err(io::Error::other)?;
    answer_requests(&mut stream, answer)?;
    stream.shutdown().map(|_| ()).map_err(io::Error::other)
}

/// Answers the requests of a connection until one side closes it.
fn answer_requests(stream: impl Read + Write, answer: &dyn Fn(ReceivedRequest) -> Delivery) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = ReceivedRequest::read(&mut stream)? {
        let is_last = request.is_last();
        if !answer(request).send(stream.get_mut())? || is_last {
            break;
        }
    }
    Ok(())
}
