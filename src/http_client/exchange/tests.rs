//! Exchanges with servers that redirect, lie, break off, or have no valid certificate.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;

use super::*;
use crate::http_client::ca_certificates::{CaCertificates, TrustedCertificates};
use crate::http_client::client::test_server::{authority, expired_server, serve, serve_tls, server};

const TOKEN_TEXT: &str = "0123456789abcdef";

fn client(trust: &TrustedCertificates) -> ExchangeClient {
    ExchangeClient::new(trust, &HttpsProxy::default()).unwrap()
}

async fn send_to(client: &ExchangeClient, url: &str, within: Duration) -> Result<ExchangeResponse, ExchangeError> {
    let (url, token) = (Url::parse(url).unwrap(), Secret::new(TOKEN_TEXT));
    client.send(Exchange { method: Method::GET, url, token: &token, body: None, within, limit: 1000 }).await
}

async fn get(url: &str) -> Result<ExchangeResponse, ExchangeError> {
    send_to(&client(&TrustedCertificates::default()), url, Duration::from_secs(10)).await
}

fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}", body.len()).into()
}

/// Listens on a port without answering; connections wait until the listener is dropped.
fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Returns an address that nobody listens at.
fn unused() -> SocketAddr {
    silent().local_addr().unwrap()
}

#[tokio::test]
async fn the_headers_are_exact() {
    let address = serve(|request| response("200 OK", "", request));
    let received = get(&format!("http://{address}/a%2Fb")).await.unwrap().body.unwrap();
    let mut received = String::from_utf8(received).unwrap();
    received.make_ascii_lowercase();
    let mut lines: Vec<&str> = received.trim_end().split("\r\n").collect();
    lines.sort_unstable();
    let agent = concat!("user-agent: poem/", env!("CARGO_PKG_VERSION"));
    let (host, token) = (format!("host: {address}"), format!("x-api-key: {TOKEN_TEXT}"));
    let expected = ["accept: application/json", "get /a%2fb http/1.1", host.as_str(), agent, token.as_str()];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let (asked, was_asked) = mpsc::channel();
    let target = serve(move |_| {
        asked.send(()).unwrap();
        response("200 OK", "", "")
    });
    for status in ["301", "302", "303", "307", "308"] {
        let location = format!("Location: http://{target}/\r\n");
        let address = serve(move |_| response(status, &location, "moved"));
        let answer = get(&format!("http://{address}/")).await.unwrap();
        assert_eq!((answer.status.to_string().as_str(), answer.body.as_deref()), (status, Some(&b"moved"[..])));
    }
    assert!(was_asked.try_recv().is_err());
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit_and_no_further() {
    let of_length = |length: usize| serve(move |_| response("200 OK", "", &"x".repeat(length)));
    let body = async |address| get(&format!("http://{address}/")).await.unwrap().body;
    assert_eq!(body(of_length(1000)).await.map(|body| body.len()), Some(1000));
    assert_eq!(body(of_length(1001)).await, None);
    let endless = serve(|_| {
        let mut response = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        response.resize(response.len() + 100_000, b' ');
        response
    });
    assert_eq!(body(endless).await, None);
}

#[tokio::test]
async fn an_exchange_without_a_connection_was_not_sent() {
    let refused = get(&format!("http://{}/", unused())).await.unwrap_err();
    assert!(matches!(&refused, ExchangeError::NotSent(why) if why.contains("refused")), "{refused:?}");
    let unknown = get("http://no-such-host.invalid/").await.unwrap_err();
    assert!(matches!(unknown, ExchangeError::NotSent(_)), "{unknown:?}");
    let (url, token) = (Url::parse("http://127.0.0.1/").unwrap(), Secret::new("a\nb"));
    let within = Duration::from_secs(1);
    let exchange = Exchange { method: Method::GET, url, token: &token, body: None, within, limit: 1 };
    let unsent = client(&TrustedCertificates::default()).send(exchange).await.unwrap_err();
    assert_eq!(unsent, ExchangeError::NotSent("the token cannot be sent".to_owned()));
}

#[tokio::test]
async fn an_exchange_that_breaks_off_may_have_been_received() {
    for start in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"] {
        let address = serve(move |_| start.into());
        let error = get(&format!("http://{address}/")).await.unwrap_err();
        assert!(matches!(error, ExchangeError::CutOff(_)), "{start}: {error:?}");
    }
    let listener = silent();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = client(&TrustedCertificates::default());
    let error = send_to(&client, &url, Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error, ExchangeError::TimedOut);
}

#[tokio::test]
async fn a_certificate_is_checked_and_its_problem_is_named() {
    let issuer = authority();
    let trust = TrustedCertificates { certificates: vec![issuer.certificate.to_der().unwrap()], ..Default::default() };
    let (trusting, strict) = (client(&trust), client(&CaCertificates::default().read()));
    let at = |identity| serve_tls(&identity, None, |_| response("200 OK", "", "here"));
    let good = at(server("127.0.0.1", &issuer));
    let within = Duration::from_secs(10);
    let answer = send_to(&trusting, &format!("https://{good}/"), within).await.unwrap();
    assert_eq!(answer.body.as_deref(), Some(&b"here"[..]));
    let (other, expired) = (at(server("other.example.org", &issuer)), at(expired_server("127.0.0.1", &issuer)));
    for (client, address, words) in [
        (&strict, good, "unknown authority"),
        (&trusting, expired, "expired on"),
        (&trusting, other, "is for other.example.org"),
    ] {
        let error = send_to(client, &format!("https://{address}/"), within).await.unwrap_err();
        assert!(matches!(&error, ExchangeError::Tls(why) if why.contains(words)), "{words}: {error:?}");
    }
    // A server without TLS, which speaks first.
    let listener = silent();
    let plain = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(&response("400 Bad Request", "", ""));
            let _ = stream.read(&mut [0; 1000]);
        }
    });
    let error = send_to(&trusting, &format!("https://{plain}/"), within).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Tls(_)), "{error:?}");
}

/// A proxy that refuses; returns its address, and the first line of each request.
fn proxy() -> (SocketAddr, mpsc::Receiver<String>) {
    let (seen, lines) = mpsc::channel();
    let address = serve(move |request| {
        seen.send(request.lines().next().unwrap_or_default().to_owned()).unwrap();
        response("403 Forbidden", "", "")
    });
    (address, lines)
}

#[tokio::test]
async fn a_proxy_is_used_for_https_only() {
    let (address, lines) = proxy();
    let of = |except: &str| {
        let proxy = HttpsProxy { address: format!("http://{address}"), except: except.to_owned() };
        ExchangeClient::new(&TrustedCertificates::default(), &proxy).unwrap()
    };
    let within = Duration::from_secs(10);
    let refused = send_to(&of(""), "https://api.invalid/a", within).await.unwrap_err();
    assert!(matches!(refused, ExchangeError::NotSent(_)), "{refused:?}");
    assert_eq!(lines.try_recv().as_deref(), Ok("CONNECT api.invalid:443 HTTP/1.1"));
    assert!(send_to(&of("a.org,api.invalid"), "https://api.invalid/a", within).await.is_err());
    let direct = serve(|_| response("200 OK", "", "direct"));
    assert!(send_to(&of(""), &format!("http://{direct}/"), within).await.is_ok());
    assert!(lines.try_recv().is_err(), "neither goes through the proxy");
}

#[tokio::test]
async fn connections_are_kept() {
    let listener = silent();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut requests = 0;
        let mut received = Vec::new();
        let mut buffer = [0; 1024];
        while requests < 2 {
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "the connection was closed");
            received.extend_from_slice(&buffer[..length]);
            if received.ends_with(b"\r\n\r\n") {
                received.clear();
                requests += 1;
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        }
    });
    let client = client(&TrustedCertificates::default());
    for _ in 0..2 {
        assert_eq!(send_to(&client, &format!("http://{address}/"), Duration::from_secs(10)).await.unwrap().status, 200);
    }
    server.join().unwrap();
}
