//! Fetching from the test server: limits, redirects, certificates and the texts of errors.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use openssl::ssl::SslVersion;

use super::test_server::{Identity, authority, expired_server, serve, serve_tls, serve_tls_to, server};
use super::*;
use crate::http_client::ca_certificates::CaCertificates;

const MIB: usize = 1024 * 1024;
/// Waits for nothing real: two more attempts at once.
const QUICK: Limits = Limits {
    connect: Duration::from_secs(10),
    attempt: Duration::from_secs(10),
    waits: &[Duration::ZERO, Duration::ZERO],
    body: MIB,
};

/// Creates a client that ignores the proxy settings of the environment.
fn client_with(trust: &CaCertificates, credentials: ClientCredentials, limits: Limits) -> HttpClient {
    let trust = trust.read();
    let settings = settings(&trust, &credentials, &limits).unwrap().no_proxy();
    HttpClient::build(settings, &trust, credentials, limits).unwrap()
}

fn client(trust: &CaCertificates) -> HttpClient {
    client_with(trust, ClientCredentials::default(), Limits { waits: &[], ..QUICK })
}

async fn get_with(client: &HttpClient, url: &str) -> Result<String, String> {
    let fetched = client.get(url, "*/*", |_, _| ()).await;
    fetched.map(|fetched| String::from_utf8(fetched.body).unwrap()).map_err(|error| error.to_string())
}

async fn get(url: &str) -> Result<String, String> {
    get_with(&client(&CaCertificates::default()), url).await
}

fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}", body.len()).into()
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_body_is_fetched() {
    let address = serve(|request| response("200 OK", "", request));
    let request = get(&format!("http://{address}/a/b/")).await.unwrap().to_lowercase();
    assert!(request.starts_with("get /a/b/ http/1.1\r\n"), "{request}");
    assert!(request.contains(concat!("user-agent: poem/", env!("CARGO_PKG_VERSION"))), "{request}");
}

#[tokio::test]
async fn another_status_is_an_error() {
    let address = serve(|request| response(&path(request)[1..4], "", "words"));
    for status in ["404", "500", "304", "204", "206"] {
        let url = format!("http://{address}/{status}");
        let error = get(&url).await.unwrap_err();
        assert!(error.starts_with(&format!("{url} responded with status {status}")), "{error}");
    }
}

/// Redirects `/N` to `/N-1`, until `/0` responds.
fn countdown(request: &str) -> Vec<u8> {
    match path(request)[1..].parse::<usize>() {
        Ok(left @ 1..) => response("302 Found", &format!("Location: /{}\r\n", left - 1), ""),
        _ => response("200 OK", "", "here"),
    }
}

#[tokio::test]
async fn five_redirects_are_followed_and_no_more() {
    let address = serve(countdown);
    assert_eq!(get(&format!("http://{address}/5")).await.as_deref(), Ok("here"));
    let error = get(&format!("http://{address}/6")).await.unwrap_err();
    assert!(error.ends_with("more than 5 redirects"), "{error}");
}

#[test]
fn a_redirect_never_leaves_https() {
    let url = |text: &str| Url::parse(text).unwrap();
    let (plain, secure) = (url("http://a/"), url("https://a/"));
    let refused = |previous: &[Url], next: &Url| redirect_error(previous, next, false);
    assert_eq!(refused(std::slice::from_ref(&secure), &plain), Some(RedirectError::LeavesHttps));
    assert_eq!(refused(&[plain.clone(), secure.clone()], &plain), Some(RedirectError::LeavesHttps));
    assert_eq!(refused(std::slice::from_ref(&secure), &url("https://b/")), None);
    assert_eq!(refused(std::slice::from_ref(&plain), &secure), None);
    assert_eq!(refused(std::slice::from_ref(&plain), &plain), None);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_an_error() {
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MIB + 1);
    let address = serve(move |_| announced.clone().into());
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error, format!("http://{address}/ responded with more than 1 MiB"));
    let address = serve(|_| {
        let mut response = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        response.resize(response.len() + MIB + 1, b' ');
        response
    });
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error, format!("http://{address}/ responded with more than 1 MiB"));
}

#[tokio::test]
async fn a_response_that_breaks_off_is_an_error() {
    for beginning in ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP/1.1 200", ""] {
        let address = serve(|_| beginning.into());
        let error = get(&format!("http://{address}/")).await.unwrap_err();
        assert!(error.starts_with(&format!("http://{address}/ could not be fetched: ")), "{error}");
        assert!(!error.contains('\n'));
    }
}

#[tokio::test]
async fn an_error_names_its_causes() {
    // Bound and released, so that no one listens on the port.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
    assert!(get("http://a:99999/").await.unwrap_err().contains("invalid port"));
    assert!(get("nonsense").await.is_err());
}

fn trust_in(directory: &Path, authority: &Identity) -> CaCertificates {
    let file = directory.join("ca.pem");
    std::fs::write(&file, authority.certificate.to_pem().unwrap()).unwrap();
    CaCertificates { ca_file: Some(file), ca_path: None }
}

fn secret_server(host: &str, authority: &Identity, newest: Option<SslVersion>) -> SocketAddr {
    serve_tls(&server(host, authority), newest, |_| response("200 OK", "", "trusted"))
}

#[tokio::test]
async fn a_server_is_trusted_by_the_authority_that_certified_it() {
    let directory = tempfile::tempdir().unwrap();
    let ours = authority();
    let url = format!("https://{}/", secret_server("127.0.0.1", &ours, None));
    let by_file = trust_in(directory.path(), &ours);
    assert_eq!(get_with(&client(&by_file), &url).await.as_deref(), Ok("trusted"));
    let by_path = CaCertificates { ca_file: None, ca_path: Some(directory.path().to_owned()) };
    assert_eq!(get_with(&client(&by_path), &url).await.as_deref(), Ok("trusted"));
    let foreign = tempfile::tempdir().unwrap();
    for trust in [CaCertificates::default(), trust_in(foreign.path(), &authority())] {
        let error = get_with(&client(&trust), &url).await.unwrap_err();
        assert!(error.ends_with("the server's certificate is from an unknown authority: CN=Authority"), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let address = secret_server("poem.example.org", &authority, None);
    let trust = trust_in(directory.path(), &authority);
    let error = get_with(&client(&trust), &format!("https://{address}/")).await.unwrap_err();
    assert!(error.ends_with("the server's certificate is for poem.example.org, not for 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn tls_before_1_2_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let address = secret_server("127.0.0.1", &authority, Some(SslVersion::TLS1_1));
    let trust = trust_in(directory.path(), &authority);
    let error = get_with(&client(&trust), &format!("https://{address}/")).await.unwrap_err();
    assert!(error.contains("protocol"), "{error}");
}

#[tokio::test]
async fn a_redirect_out_of_https_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let plain = serve(|_| response("200 OK", "", "plain"));
    let location = format!("Location: http://{plain}/\r\n");
    let identity = server("127.0.0.1", &authority);
    let address = serve_tls(&identity, None, move |_| response("302 Found", &location, ""));
    let trust = trust_in(directory.path(), &authority);
    let error = get_with(&client(&trust), &format!("https://{address}/")).await.unwrap_err();
    assert!(error.ends_with("the redirect leads from https to http"), "{error}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let address = serve_tls(&expired_server("127.0.0.1", &authority), None, |_| response("200 OK", "", "old"));
    let trust = trust_in(directory.path(), &authority);
    let error = get_with(&client(&trust), &format!("https://{address}/")).await.unwrap_err();
    assert!(error.contains("the server's certificate expired on "), "{error}");
}

/// Returns a server whose first responses are failures, and a URL of it.
fn failing(failures: &'static [&'static str]) -> String {
    let count = AtomicUsize::new(0);
    let address = serve(move |_| match failures.get(count.fetch_add(1, Ordering::AcqRel)) {
        // A body that breaks off.
        Some(&"cut") => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".to_vec(),
        Some(&"closed") => Vec::new(),
        Some(status) => response(status, "Retry-After: 0\r\n", "failed"),
        None => response("200 OK", "", "here"),
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_temporary_failure_is_tried_again_twice() {
    let client = client_with(&CaCertificates::default(), ClientCredentials::default(), QUICK);
    for failures in [&["503", "429"][..], &["408", "425"], &["500", "502"], &["504", "cut"], &["closed", "cut"]] {
        assert_eq!(get_with(&client, &failing(failures)).await.as_deref(), Ok("here"), "{failures:?}");
    }
    let mut told = Vec::new();
    let url = failing(&["503", "503", "503"]);
    let failure = client.get(&url, "*/*", |error, wait| told.push((error.to_string(), wait))).await.unwrap_err();
    let words = format!("{url} responded with status 503 Service Unavailable");
    assert_eq!(failure.to_string(), words);
    assert_eq!(told, [(words.clone(), Duration::ZERO), (words, Duration::ZERO)]);
}

#[tokio::test]
async fn a_final_failure_is_not_tried_again() {
    let client = client_with(&CaCertificates::default(), ClientCredentials::default(), QUICK);
    for status in ["404", "403", "401", "400", "204", "501"] {
        let failures: &'static [&'static str] = vec![status].leak();
        let error = get_with(&client, &failing(failures)).await.unwrap_err();
        assert!(error.contains(&format!("responded with status {status}")), "{error}");
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    std::io::Write::write_all(&mut encoder, body).unwrap();
    encoder.finish().unwrap()
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn gzip_is_unpacked_within_the_limit() {
    let address = serve(|request| match path(request) {
        "/bomb" => encoded("gzip", &gzip(&vec![b' '; 2 * MIB])),
        "/cut" => encoded("gzip", &gzip(b"words")[..12]),
        "/br" => encoded("br", b"words"),
        _ => encoded("GZIP", &gzip(b"words")),
    });
    let url = |path: &str| format!("http://{address}/{path}");
    assert_eq!(get(&url("")).await.as_deref(), Ok("words"));
    for (path, words) in [
        ("bomb", "responded with more than 1 MiB"),
        ("cut", "responded with broken gzip: "),
        ("br", "responded with the unknown Content-Encoding \"br\""),
    ] {
        let error = get(&url(path)).await.unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_empty_body_is_an_error() {
    let address = serve(|_| response("200 OK", "", " \n"));
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error, format!("http://{address}/ responded with an empty body"));
}

#[tokio::test]
async fn the_charset_of_the_content_type_is_returned() {
    let address = serve(|_| response("200 OK", "Content-Type: text/xml; a=b; Charset=\"ISO-8859-1\"\r\n", "words"));
    let fetched = client(&CaCertificates::default()).get(&format!("http://{address}/"), "*/*", |_, _| ()).await;
    assert_eq!(fetched.unwrap().charset.as_deref(), Some("ISO-8859-1"));
}

#[tokio::test]
async fn a_server_that_drips_is_cut_off() {
    let limits = Limits { attempt: Duration::from_millis(300), waits: &[], ..QUICK };
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", address.local_addr().unwrap());
    let error = get_with(&client_with(&CaCertificates::default(), ClientCredentials::default(), limits), &url).await;
    assert!(error.unwrap_err().contains("timed out"));
}

fn basic() -> ClientCredentials {
    let basic = BasicAuth { user: "poem".to_owned(), password: Secret::new("word") };
    ClientCredentials { basic: Some(basic), certificate: None }
}

#[tokio::test]
async fn credentials_are_not_sent_to_another_server() {
    let other = serve(|request| response("200 OK", "", request));
    let address = serve(move |request| match path(request) {
        "/away" => response("302 Found", &format!("Location: http://{other}/\r\n"), ""),
        "/here" => response("302 Found", "Location: /there\r\n", ""),
        _ => response("200 OK", "", request),
    });
    let known = client_with(&CaCertificates::default(), basic(), QUICK);
    let request = get_with(&known, &format!("http://{address}/here")).await.unwrap();
    assert!(request.to_lowercase().contains("authorization: basic cg9lbtp3b3jk"), "{request}");
    let error = get_with(&known, &format!("http://{address}/away")).await.unwrap_err();
    let ports = format!("127.0.0.1:{} redirects to 127.0.0.1:{}", address.port(), other.port());
    assert!(error.ends_with(&format!("{ports}, which is not followed with credentials")), "{error}");
    let request = get(&format!("http://{address}/away")).await.unwrap();
    assert!(!request.to_lowercase().contains("authorization"), "{request}");
}

#[tokio::test]
async fn a_client_certificate_is_presented() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let own = server("poem.example.org", &authority);
    let address =
        serve_tls_to(&server("127.0.0.1", &authority), &authority, |_| response("200 OK", "", "you are known"));
    let url = format!("https://{address}/");
    let trust = trust_in(directory.path(), &authority);
    let (certificate, key) = (directory.path().join("cert"), directory.path().join("key"));
    std::fs::write(&certificate, own.certificate.to_pem().unwrap()).unwrap();
    std::fs::write(&key, own.key.ec_key().unwrap().private_key_to_pem().unwrap()).unwrap();
    let certificate = ClientCertificate::read(&certificate, &key).unwrap();
    let known = client_with(&trust, ClientCredentials { basic: None, certificate: Some(certificate) }, QUICK);
    assert_eq!(get_with(&known, &url).await.as_deref(), Ok("you are known"));
    assert!(get_with(&client(&trust), &url).await.is_err());
}
