//! Feeds over HTTPS, as cron fetches them: with a client certificate that only root can read, and an empty environment.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::unistd::Uid;

use super::{COMMANDS, configure, service_type_feed, status, vo_feed, vos};
use crate::support::sql::sql;
use crate::support::test_server::{Identity, authority, serve_tls, serve_tls_to, server};
use crate::support::{Installation, skipped};

fn response(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

/// Writes CA, certificate and key, and names them in poem.conf. The key can be read by its owner only.
fn install_certificates(installation: &Installation, authority: &Identity) {
    let ca_path = installation.path("certificates");
    fs::create_dir(&ca_path).unwrap();
    fs::write(ca_path.join("0a1b2c3d.0"), authority.certificate.to_pem().unwrap()).unwrap();
    fs::write(ca_path.join("0a1b2c3d.r0"), "an old revocation list").unwrap();
    let own = server("poem.example.org", authority);
    let (certificate, key) = (installation.path("hostcert.pem"), installation.path("hostkey.pem"));
    fs::write(&certificate, own.certificate.to_pem().unwrap()).unwrap();
    fs::write(&key, own.key.ec_key().unwrap().private_key_to_pem().unwrap()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    let keys = format!(
        "CAPath = {}\nHostCert = {}\nHostKey = {}\nSecretKeyPath",
        ca_path.display(),
        certificate.display(),
        key.display()
    );
    installation.configure("SecretKeyPath", &keys);
}

/// Serves the feeds over HTTPS; the service types only to clients with a certificate.
fn feeds(authority: &Identity) -> [SocketAddr; 2] {
    let identity = server("127.0.0.1", authority);
    let known = serve_tls_to(&identity, authority, |_| response(&service_type_feed(&[("CE", "a compute element")])));
    let open = serve_tls(&identity, None, |request| match request.contains("GET /vos") {
        true => response(&vo_feed(["ops", "dteam"])),
        false => response(r#"[{"id": "s1", "service_name": "One"}]"#),
    });
    [known, open]
}

#[test]
fn the_feeds_of_two_tenants_are_fetched_as_cron_does_it() {
    let installation = Installation::with_tenants();
    let authority = authority();
    install_certificates(&installation, &authority);
    let [known, open] = feeds(&authority);
    let lines = format!("ServiceType = https://{known}/\nVO = https://{open}/vos\nServices = https://{open}/services");
    configure(&installation, "EGI", &lines);
    configure(&installation, "TWO", &lines);
    if Uid::effective().is_root() {
        // The commands give up root's privileges, and could not read the key afterwards.
        reach_database_over_tcp(&installation);
        installation.configure("[SERVER]\nUser = root\n", "[SERVER]\nUser = nobody\n");
        let owned = Command::new("chown").args(["-R", "nobody"]).arg(installation.path("")).status().unwrap();
        let key = Command::new("chown").arg("root").arg(installation.path("hostkey.pem")).status().unwrap();
        assert!(owned.success() && key.success());
    } else {
        skipped("only root can read a key that the service user cannot read");
    }
    for round in 0..2 {
        for (command, _) in COMMANDS {
            let mut cron = installation.command(command);
            let output = cron.env_clear().env("POEM_CONF", installation.config_path()).output().unwrap();
            assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        }
        for schema in ["egi", "two"] {
            let select = format!(
                "SELECT (SELECT count(*) FROM {schema}.vo), (SELECT count(*) FROM {schema}.service),
                                  (SELECT count(*) FROM {schema}.service_flavour WHERE name = 'CE')"
            );
            assert_eq!(sql(&installation, &select), ["2|1|1"]);
            let result = if round == 0 { "changed" } else { "up to date" };
            for feed in ["service_types", "vos", "services"] {
                assert!(status(&installation, schema, feed).starts_with(result), "{schema} {feed}");
            }
        }
    }
}

#[test]
fn a_missing_client_certificate_fails_only_who_needs_it() {
    let installation = Installation::with_tenants();
    let authority = authority();
    install_certificates(&installation, &authority);
    let [known, _] = feeds(&authority);
    fs::remove_file(installation.path("hostcert.pem")).unwrap();
    let types = super::file_feed(&installation, "types.xml", &service_type_feed(&[("CE", "")]));
    configure(&installation, "EGI", &format!("ServiceType = https://{known}/"));
    configure(&installation, "TWO", &format!("ServiceType = {types}"));
    let ran = installation.run("poem-syncservtype", &[]);
    assert_eq!((ran.status, ran.stderr.lines().count()), (1, 1), "{ran:?}");
    assert!(ran.stderr.starts_with("EGI: Error service flavours feed - "), "{ran:?}");
    assert!(ran.stderr.contains("[SECURITY] HostCert /") && ran.stderr.contains("No such file"), "{ran:?}");
    assert!(status(&installation, "two", "service_types").starts_with("changed"));
}

#[test]
fn one_request_serves_all_tenants_that_share_an_address() {
    let installation = Installation::with_tenants();
    let authority = authority();
    install_certificates(&installation, &authority);
    let count = Arc::new(AtomicUsize::new(0));
    let asked = count.clone();
    let address = serve_tls(&server("127.0.0.1", &authority), None, move |_| {
        asked.fetch_add(1, Ordering::AcqRel);
        response(&vo_feed(["ops"]))
    });
    for tenant in ["EGI", "TWO"] {
        configure(&installation, tenant, &format!("VO = https://{address}/"));
    }
    installation.run("poem-syncvo", &[]).done();
    assert_eq!(count.load(Ordering::Acquire), 1);
    assert_eq!(vos(&installation), ["ops"]);
}

#[test]
fn an_untrusted_server_is_named_with_its_authority() {
    let installation = Installation::with_tenants();
    let address = serve_tls(&server("127.0.0.1", &authority()), None, |_| response(&vo_feed(["ops"])));
    configure(&installation, "EGI", &format!("VO = https://user:secret@{address}/?token=hidden"));
    let ran = installation.run("poem-syncvo", &[]);
    let words = format!(
        "EGI: VO card - https://{address}/?token=… could not be fetched: the server's certificate is from an unknown \
         authority: CN=Authority\n"
    );
    assert_eq!((ran.status, ran.stderr), (1, words));
    assert!(!installation.log().contains("hidden") && !installation.log().contains("secret@"));
}

/// A proxy that knows CONNECT only. Returns its address; it counts the connections.
fn proxy(count: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::AcqRel);
            thread::spawn(move || tunnel(client));
        }
    });
    address
}

fn tunnel(mut client: TcpStream) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).ok()?;
    let target = request.strip_prefix("CONNECT ")?.split(' ').next()?;
    let server = TcpStream::connect(target).ok()?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    let (from_client, to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    pipe(from_client, to_server);
    pipe(server, client);
    Some(())
}

fn pipe(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) {
    thread::spawn(move || std::io::copy(&mut from, &mut to));
}

/// Makes the installation reach its database over TCP: another user may not enter the directory of the socket.
fn reach_database_over_tcp(installation: &Installation) {
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let value = |key: &str| {
        let start = format!("{key} = ");
        text.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
    };
    let (host, port) = (value("Host"), value("Port"));
    let socket = format!("{host}/.s.PGSQL.{port}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = UnixStream::connect(&socket).unwrap();
            pipe(client.try_clone().unwrap(), server.try_clone().unwrap());
            pipe(server, client);
        }
    });
    installation.configure(
        &format!("Host = {host}\nPort = {port}\n"),
        &format!("Host = 127.0.0.1\nPort = {}\n", address.port()),
    );
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let installation = Installation::with_tenants();
    let authority = authority();
    install_certificates(&installation, &authority);
    let address = serve_tls(&server("127.0.0.1", &authority), None, |_| response(&vo_feed(["ops"])));
    configure(&installation, "EGI", &format!("VO = https://{address}/"));
    let count = Arc::new(AtomicUsize::new(0));
    let proxy = format!("http://{}", proxy(count.clone()));
    let mut command = installation.command("poem-syncvo");
    let output = command.env("https_proxy", &proxy).env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((vos(&installation), count.load(Ordering::Acquire)), (vec!["ops".to_owned()], 1));
    let mut direct = installation.command("poem-syncvo");
    let output = direct.env("HTTPS_PROXY", "http://127.0.0.1:1").env("NO_PROXY", "127.0.0.1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
