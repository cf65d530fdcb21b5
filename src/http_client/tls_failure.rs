//! The reason why the certificate of a server is not trusted, in words.
//!
//! The TLS library of the client only names the kind of failure. So the handshake is repeated, without a request, to
//! read the certificate.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssl::nid::Nid;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use openssl::x509::{X509, X509NameRef, X509Ref, X509StoreContextRef, X509VerifyResult};
use reqwest::Url;

/// `X509_V_ERR_…` of `openssl/x509_vfy.h`.
const NOT_YET_VALID: i32 = 9;
const HAS_EXPIRED: i32 = 10;
const HOSTNAME_MISMATCH: i32 = 62;
const IP_ADDRESS_MISMATCH: i32 = 64;
/// An authority that is not known: the certificate signs itself, its issuer was not found or has another key.
const UNKNOWN_AUTHORITY: [i32; 6] = [2, 7, 18, 19, 20, 21];

/// Returns what is wrong with the certificate of the server of `url`; `None` if that cannot be found out.
///
/// Blocks for at most `timeout` per step. `authorities`: the certificates that are trusted besides the system's.
pub(super) fn describe(url: &Url, authorities: &[Vec<u8>], timeout: Duration) -> Option<String> {
    let host = url.host_str()?.trim_matches(['[', ']']);
    let address = (host, url.port_or_known_default()?).to_socket_addrs().ok()?.next()?;
    let stream = TcpStream::connect_timeout(&address, timeout).ok()?;
    stream.set_read_timeout(Some(timeout)).ok()?;
    stream.set_write_timeout(Some(timeout)).ok()?;
    let found = Arc::new(Mutex::new(None));
    let first = found.clone();
    let wanted = host.to_owned();
    let mut connector = SslConnector::builder(SslMethod::tls_client()).ok()?;
    for certificate in authorities.iter().filter_map(|der| X509::from_der(der).ok()) {
        connector.cert_store_mut().add_cert(certificate).ok()?;
    }
    connector.set_verify_callback(SslVerifyMode::PEER, move |is_trusted, context| {
        if !is_trusted {
            first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| problem(context, &wanted));
        }
        is_trusted
    });
    let _ = connector.build().connect(host, stream);
    found.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn problem(context: &X509StoreContextRef, host: &str) -> String {
    let error: X509VerifyResult = context.error();
    let Some(certificate) = context.current_cert() else { return error.error_string().to_owned() };
    match error.as_raw() {
        NOT_YET_VALID => format!("the server's certificate is valid only from {}", certificate.not_before()),
        HAS_EXPIRED => format!("the server's certificate expired on {}", certificate.not_after()),
        HOSTNAME_MISMATCH | IP_ADDRESS_MISMATCH => {
            format!("the server's certificate is for {}, not for {host}", names(certificate))
        }
        code if UNKNOWN_AUTHORITY.contains(&code) => {
            format!("the server's certificate is from an unknown authority: {}", text(certificate.issuer_name()))
        }
        _ => format!("the server's certificate is not trusted: {}", error.error_string()),
    }
}

/// The names that the certificate is for, separated by commas.
fn names(certificate: &X509Ref) -> String {
    let names = certificate.subject_alt_names().into_iter().flatten();
    let name = |name: openssl::x509::GeneralName| {
        let address = name.ipaddress().and_then(|bytes| match bytes.len() {
            4 => <[u8; 4]>::try_from(bytes).ok().map(|octets| std::net::IpAddr::from(octets).to_string()),
            _ => <[u8; 16]>::try_from(bytes).ok().map(|octets| std::net::IpAddr::from(octets).to_string()),
        });
        name.dnsname().map(str::to_owned).or(address)
    };
    let names: Vec<String> = names.filter_map(name).collect();
    match names.is_empty() {
        true => text(certificate.subject_name()),
        false => names.join(", "),
    }
}

/// `CN=GEANT CA, O=GEANT`: the parts of a distinguished name, the most specific first.
fn text(name: &X509NameRef) -> String {
    let parts = name.entries().map(|entry| {
        let key = entry.object().nid();
        let key = if key == Nid::UNDEF { "?" } else { key.short_name().unwrap_or("?") };
        let value = entry.data().to_string().unwrap_or_default();
        format!("{key}={}", value.replace(char::is_control, " "))
    });
    let mut parts: Vec<String> = parts.collect();
    parts.reverse();
    parts.join(", ")
}
