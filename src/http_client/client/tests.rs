//! Fetching from the test server: limits, redirects, certificates and the texts of errors.

use std::net::SocketAddr;
use std::path::Path;

use openssl::ssl::SslVersion;

use super::test_server::{Identity, authority, serve, serve_tls, server};
use super::*;

/// Creates a client that ignores the proxy settings of the environment.
fn client(trust: &CaCertificates) -> HttpClient {
    HttpClient::build(settings(trust).unwrap().no_proxy()).unwrap()
}

async fn get(url: &str) -> Result<String, String> {
    fetched(client(&CaCertificates::default()).get(url).await)
}

fn fetched(result: Result<Vec<u8>, FetchError>) -> Result<String, String> {
    result.map(|body| String::from_utf8(body).unwrap()).map_err(|error| error.to_string())
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
    for status in ["404", "500", "304"] {
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
    assert_eq!(redirect_error(std::slice::from_ref(&secure), &plain), Some(HttpError::LeavesHttps));
    assert_eq!(redirect_error(&[plain.clone(), secure.clone()], &plain), Some(HttpError::LeavesHttps));
    assert_eq!(redirect_error(std::slice::from_ref(&secure), &url("https://b/")), None);
    assert_eq!(redirect_error(std::slice::from_ref(&plain), &secure), None);
    assert_eq!(redirect_error(std::slice::from_ref(&plain), &plain), None);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_an_error() {
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_LIMIT + 1);
    let address = serve(move |_| announced.clone().into());
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error, format!("http://{address}/ responded with more than 64 MiB"));
    let address = serve(|_| {
        let mut response = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        response.resize(response.len() + BODY_LIMIT + 1, b' ');
        response
    });
    let error = get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error, format!("http://{address}/ responded with more than 64 MiB"));
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
    assert_eq!(fetched(client(&by_file).get(&url).await).as_deref(), Ok("trusted"));
    let by_path = CaCertificates { ca_file: None, ca_path: Some(directory.path().to_owned()) };
    assert_eq!(fetched(client(&by_path).get(&url).await).as_deref(), Ok("trusted"));
    let foreign = tempfile::tempdir().unwrap();
    for trust in [CaCertificates::default(), trust_in(foreign.path(), &authority())] {
        let error = fetched(client(&trust).get(&url).await).unwrap_err();
        assert!(error.contains("certificate verify failed"), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let address = secret_server("poem.example.org", &authority, None);
    let trust = trust_in(directory.path(), &authority);
    let error = fetched(client(&trust).get(&format!("https://{address}/")).await).unwrap_err();
    assert!(error.contains("certificate verify failed") && error.contains("mismatch"), "{error}");
}

#[tokio::test]
async fn tls_before_1_2_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority();
    let address = secret_server("127.0.0.1", &authority, Some(SslVersion::TLS1_1));
    let trust = trust_in(directory.path(), &authority);
    let error = fetched(client(&trust).get(&format!("https://{address}/")).await).unwrap_err();
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
    let error = fetched(client(&trust).get(&format!("https://{address}/")).await).unwrap_err();
    assert!(error.ends_with("the redirect leads from https to http"), "{error}");
}
