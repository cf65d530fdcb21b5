//! HTTP over raw sockets, with or without TLS: the tests send requests that no well-behaved client would send.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream};
use serde_json::Value;
use tokio::net::TcpSocket;

use super::block_on;

/// A place to which requests are sent.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The address that a server listens on.
    pub address: SocketAddr,
    /// Uses TLS, and accepts every certificate.
    pub tls: bool,
    /// The name that the client sends as SNI; `None` for an old client, which sends none.
    pub server_name: Option<&'static str>,
    /// The address that the client connects from; `None` for that of the system's choice.
    pub client: Option<IpAddr>,
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: false, server_name: None, client: None }
    }
}

impl From<&SocketAddr> for Endpoint {
    fn from(address: &SocketAddr) -> Self {
        Self::from(*address)
    }
}

impl Endpoint {
    /// Opens a connection without TLS.
    pub fn connect(self) -> TcpStream {
        let stream = match self.client {
            None => TcpStream::connect(self.address),
            Some(client) => block_on(async {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::new(client, 0))?;
                socket.connect(self.address).await?.into_std()
            }),
        };
        let stream = stream.expect("the server listens");
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        stream
    }

    /// Opens a connection with TLS.
    pub fn connect_tls(self) -> SslStream<TcpStream> {
        // Without the authorities of the system, whose certificates take long to read.
        let mut ssl = Ssl::new(&SslContext::builder(SslMethod::tls_client()).unwrap().build()).unwrap();
        if let Some(name) = self.server_name {
            ssl.set_hostname(name).unwrap();
        }
        ssl.connect(self.connect()).expect("the server speaks TLS")
    }
}

/// A response as it was received; only chunks are joined.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, without the chunked encoding.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Returns the first header with this name, case-insensitively.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns all headers with this name, case-insensitively.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("responses are UTF-8")
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request with these headers, to which it adds `Connection: close` and the length of the body.
pub fn send(
    endpoint: impl Into<Endpoint>,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HttpResponse {
    let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    send_raw(endpoint, &[request.as_bytes(), b"\r\n", body].concat())
}

/// Sends bytes and reads one response to its end.
pub fn send_raw(endpoint: impl Into<Endpoint>, request: &[u8]) -> HttpResponse {
    let endpoint = endpoint.into();
    let bytes = match endpoint.tls {
        true => exchange(endpoint.connect_tls(), request),
        false => exchange(endpoint.connect(), request),
    };
    parse(&bytes).unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(&bytes)))
}

/// Sends bytes; returns all that comes back.
pub fn exchange(mut stream: impl Read + Write, request: &[u8]) -> Vec<u8> {
    // A server that refuses early may close the connection before it has read the whole request.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// Parses a response; `None` if it is not one.
fn parse(bytes: &[u8]) -> Option<HttpResponse> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let answer = HttpResponse { status, headers, body: bytes[end + 4..].to_vec() };
    let chunked = answer.header("Transfer-Encoding").is_some_and(|encoding| encoding == "chunked");
    let body = if chunked { unchunk(&answer.body)? } else { answer.body.clone() };
    Some(HttpResponse { body, ..answer })
}

/// Joins the chunks of a body; `None` if they are malformed.
fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(end + 2..end + 2 + size)?);
        bytes = bytes.get(end + 4 + size..)?;
    }
}
