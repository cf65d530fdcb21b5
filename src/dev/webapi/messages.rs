//! HTTP/1.1 as far as the stand-in needs it: requests with a Content-Length, and replies that tests can cut short.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde_json::{Value, json};

/// The most bytes of the request line and the headers, and of a body.
const MAX_HEAD: u64 = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The Content-Type of JSON.
pub const JSON: &str = "application/json; charset=utf-8";
/// The Content-Type of text, which is also that of a reply without one.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// The Content-Type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// The method, for example `GET`.
    pub method: String,
    /// The path and the query, as they were sent.
    pub target: String,
    /// The headers, as they were sent, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// Reads a request. `None` if the client closed the connection instead.
    ///
    /// # Errors
    /// The connection fails, or it is not such a request.
    pub fn read<S: Read>(stream: &mut BufReader<S>) -> io::Result<Option<Self>> {
        let mut head = stream.by_ref().take(MAX_HEAD);
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(malformed()) };
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            head.read_line(&mut line)?;
            match line.trim_end_matches(['\r', '\n']).split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None if line.trim().is_empty() && !line.is_empty() => break,
                None => return Err(malformed()),
            }
        }
        let mut request = Self { method, target, headers, body: Vec::new() };
        request.body = vec![0; request.body_length()?];
        stream.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    fn body_length(&self) -> io::Result<usize> {
        let length = match (self.header("Transfer-Encoding"), self.header("Content-Length")) {
            (None, None) => Some(0),
            (None, Some(length)) => length.parse().ok().filter(|length| *length <= MAX_BODY),
            (Some(_), _) => None,
        };
        length.ok_or_else(malformed)
    }

    /// The first header of a name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path, as it was sent, and the query without its question mark; `""` if there is none.
    pub fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// The body as JSON; `None` if it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns true if the client closes the connection after the reply.
    pub fn is_last(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the request is malformed")
}

/// A reply. Content-Length is added when it is written.
#[derive(Debug, Clone)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// Makes a reply of a type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    /// Makes a reply of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// Makes a reply of JSON that has data.
    pub fn success(data: &Value) -> Self {
        Self::json(200, &json!({"status": {"message": "Success", "code": "200"}, "data": data}))
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Removes the headers of a name.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    fn head(&self, length: Option<usize>) -> String {
        // Clients go by the number; the words may be missing.
        let mut head = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(length) = length {
            head += &format!("Content-Length: {length}\r\n");
        }
        head + "\r\n"
    }
}

/// The way in which a reply is sent.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// As it should be.
    Reply(HttpReply),
    /// The first half of the body, then the end of the connection.
    Half(HttpReply),
    /// The body again and again, until the client closes the connection.
    Endless(HttpReply),
    /// Not at all: the connection is closed.
    Close,
}

impl Delivery {
    /// Sends the reply. Returns true if the connection can be used again.
    ///
    /// # Errors
    /// The connection fails.
    pub fn send(&self, stream: &mut impl Write) -> io::Result<bool> {
        match self {
            Self::Reply(reply) => {
                // In one piece, or the second packet waits for the acknowledgement of the first.
                stream.write_all(&[reply.head(Some(reply.body.len())).as_bytes(), &reply.body].concat())?;
            }
            Self::Half(reply) => {
                stream.write_all(reply.head(Some(reply.body.len())).as_bytes())?;
                stream.write_all(&reply.body[..reply.body.len() / 2])?;
            }
            Self::Endless(reply) => {
                stream.write_all(reply.head(None).as_bytes())?;
                let piece = reply.body.repeat(64 * 1024 / reply.body.len().max(1) + 1);
                while !piece.is_empty() {
                    stream.write_all(&piece)?;
                }
            }
            Self::Close => {}
        }
        stream.flush()?;
        Ok(matches!(self, Self::Reply(_)))
    }
}
