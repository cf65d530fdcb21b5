//! A test server on loopback with scripted responses, and the certificates for TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name};

/// A certificate with its key.
pub struct Identity {
    /// The X.509 certificate, valid for one day.
    pub certificate: X509,
    /// The private key of the certificate.
    pub key: PKey<Private>,
}

/// Creates a certificate authority (self-signed).
pub fn authority() -> Identity {
    identity_of(new_key())
}

/// Creates a self-signed certificate for the key.
pub fn identity_of(key: PKey<Private>) -> Identity {
    identity("Authority", None, key, [0, 1])
}

/// Creates a server certificate for the name or address `host`, signed by `issuer`.
pub fn server(host: &str, issuer: &Identity) -> Identity {
    identity(host, Some(issuer), new_key(), [0, 1])
}

/// Creates a server certificate that expired yesterday.
pub fn expired_server(host: &str, issuer: &Identity) -> Identity {
    identity(host, Some(issuer), new_key(), [-2, -1])
}

fn new_key() -> PKey<Private> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap()
}

/// Creates a certificate. `days`: the first and the last day of its validity, counted from today.
fn identity(name: &str, issuer: Option<&Identity>, key: PKey<Private>, days: [i64; 2]) -> Identity {
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, openssl::bn::MsbOption::MAYBE_ZERO, false).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_pubkey(&key).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let [first, last] = days.map(|days| Asn1Time::from_unix(now + days * 24 * 60 * 60).unwrap());
    builder.set_not_before(&first).unwrap();
    builder.set_not_after(&last).unwrap();
    match issuer {
        None => self_signed(&mut builder, &subject),
        Some(issuer) => for_host(&mut builder, name, issuer),
    }
    let signer = issuer.map_or(&key, |issuer| &issuer.key);
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    Identity { certificate: builder.build(), key }
}

fn self_signed(builder: &mut X509Builder, subject: &X509Name) {
    builder.set_issuer_name(subject).unwrap();
    builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
}

fn for_host(builder: &mut X509Builder, host: &str, issuer: &Identity) {
    builder.set_issuer_name(issuer.certificate.subject_name()).unwrap();
    let mut names = SubjectAlternativeName::new();
    let names = if host.parse::<std::net::IpAddr>().is_ok() { names.ip(host) } else { names.dns(host) };
    let names = names.build(&builder.x509v3_context(Some(&issuer.certificate), None)).unwrap();
    builder.append_extension(names).unwrap();
}

/// Serves until the process ends. `response` builds the response from the request; then the connection is closed.
pub fn serve(response: impl Fn(&str) -> Vec<u8> + Send + 'static) -> SocketAddr {
    listen(move |mut stream| respond(&mut stream, &response))
}

/// The same over TLS, of at most the version `newest`. A failed handshake is ignored: the client reports it.
pub fn serve_tls(
    identity: &Identity,
    newest: Option<SslVersion>,
    response: impl Fn(&str) -> Vec<u8> + Send + 'static,
) -> SocketAddr {
    let mut acceptor = acceptor(identity);
    acceptor.set_max_proto_version(newest).unwrap();
    serve_with(acceptor, response)
}

/// The same over TLS, for clients with a certificate of this authority only.
pub fn serve_tls_to(
    identity: &Identity,
    clients: &Identity,
    response: impl Fn(&str) -> Vec<u8> + Send + 'static,
) -> SocketAddr {
    let mut acceptor = acceptor(identity);
    acceptor.cert_store_mut().add_cert(clients.certificate.clone()).unwrap();
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    serve_with(acceptor, response)
}

fn acceptor(identity: &Identity) -> SslAcceptorBuilder {
    let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    acceptor.set_min_proto_version(None).unwrap();
    acceptor
}

fn serve_with(acceptor: SslAcceptorBuilder, response: impl Fn(&str) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let acceptor = Arc::new(acceptor.build());
    listen(move |stream| {
        if let Ok(mut stream) = acceptor.accept(stream) {
            respond(&mut stream, &response);
            let _ = stream.shutdown();
        }
    })
}

fn listen(handle: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(handle));
    address
}

/// Reads a request and responds. Errors are ignored: a client may close the connection early.
fn respond(stream: &mut (impl Read + Write), response: &impl Fn(&str) -> Vec<u8>) {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let _ = stream.write_all(&response(&request));
}
