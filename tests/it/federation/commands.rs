//! `poem saml key`, `metadata`, `check` and `fetch`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use nix::unistd::{Uid, User};
use poem::dev::identity_provider::signer::SignerKey;

use super::{IDP, SIGNER, good, metadata_of, new_signer, write_metadata};
use crate::support::installation::Ran;
use crate::support::test_server::serve;
use crate::support::{Installation, skipped};

#[track_caller]
fn refused(ran: &Ran, words: &str) {
    assert!(ran.status == 1 && ran.stderr.contains(words), "{words:?}: {ran:?}");
}

/// Serves a text and returns its address.
fn serving(text: String) -> String {
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes();
    format!("http://{}/idp.xml", serve(move |_| response.clone()))
}

fn fetch(installation: &Installation, text: &str, more: &[&str]) -> Ran {
    let address = serving(text.to_owned());
    installation.run("poem-saml", &[&["fetch", "-n", "egi", &address], more].concat())
}

fn metadata(installation: &Installation) -> String {
    fs::read_to_string(installation.path("etc/poem/metadata-egi.xml")).unwrap_or_default()
}

fn previous(installation: &Installation) -> String {
    fs::read_to_string(installation.path("etc/poem/metadata-egi.xml.previous")).unwrap_or_default()
}

/// The names in etc/poem that the installation did not have at first.
fn new_files(installation: &Installation) -> Vec<String> {
    let entries = fs::read_dir(installation.path("etc/poem")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !["poem.conf", "poem_logging.conf", "secret_key"].contains(&name.as_str()));
    names.sort();
    names
}

#[test]
fn a_key_is_made_once() {
    let installation = Installation::with_tenants();
    let ran = installation.run("poem-saml", &["key"]).done();
    let (key, certificate) = (installation.path("etc/poem/saml.key"), installation.path("etc/poem/saml.crt"));
    let lines = format!("[SAML]\nCert = {}\nKey = {}\n", certificate.display(), key.display());
    assert!(ran.stdout.contains(&lines) && ran.stdout.contains("SHA-256 of the certificate: "), "{ran:?}");
    let mode = |path: &std::path::Path| path.metadata().unwrap().mode() & 0o7777;
    assert_eq!((mode(&key), mode(&certificate)), (0o600, 0o644));
    assert_eq!(new_files(&installation), ["saml.crt", "saml.key"]);
    let old = fs::read_to_string(&key).unwrap();
    refused(&installation.run("poem-saml", &["key"]), "already exists and was not changed; --force replaces it");
    installation.configure("[GENERAL_EGI]\n", &format!("{lines}[GENERAL_EGI]\n"));
    assert_eq!(fs::read_to_string(&key).unwrap(), old);
    let again = installation.run("poem", &["saml", "key", "--force"]).done();
    assert!(fs::read_to_string(&key).unwrap() != old && !again.stdout.contains("poem.conf"), "{again:?}");
    let fingerprint = again.stdout.lines().find_map(|line| line.strip_prefix("SHA-256 of the certificate: ")).unwrap();
    assert_eq!(fingerprint.len(), 64);
    // Key and certificate fit, and the host of the tenant is in its own.
    installation.run("poem-saml", &["metadata", "-n", "two"]).done();
    installation.run("poem-saml", &["key", "-n", "two"]).done();
    assert_eq!(new_files(&installation), ["saml-two.crt", "saml-two.key", "saml.crt", "saml.key"]);
    refused(&installation.run("poem-saml", &["key", "-n", "three"]), "there is no tenant with the schema three");
}

#[test]
fn the_metadata_are_written_to_a_file() {
    let installation = Installation::with_tenants();
    let ran = installation.run("poem-saml", &["metadata", "-n", "egi"]).done();
    assert!(ran.stdout.starts_with("<?xml ") && ran.stdout.ends_with("</md:EntityDescriptor>\n"), "{ran:?}");
    assert!(ran.stderr.contains("so there is no single logout: neither [SAML] Cert and Key nor"), "{ran:?}");
    let file = installation.path("sp.xml");
    installation.run("poem-saml", &["metadata", "-n", "egi", "-o", file.to_str().unwrap()]).done();
    assert_eq!(fs::read_to_string(file).unwrap(), ran.stdout);
    refused(&installation.run("poem-saml", &["metadata", "-n", "three"]), "there is no tenant with the schema three");
}

#[test]
fn a_check_says_what_was_read_and_what_will_be_done() {
    let installation = Installation::with_tenants();
    let ran = installation.run("poem-saml", &["check"]).done();
    assert!(ran.stdout.contains("EGI: no federated login, because there is no /"), "{ran:?}");
    refused(&installation.run("poem-saml", &["check", "-n", "egi"]), "there is no /");
    let rsa = new_signer(SignerKey::Rsa2048);
    write_metadata(&installation, &metadata_of(IDP, "validUntil=\"2999-01-01T00:00:00Z\"", &[&SIGNER, &rsa]));
    let ran = installation.run("poem-saml", &["check"]).done();
    for line in [
        "  identity provider  https://idp.example.org/metadata\n",
        "  name               idp.example.org\n",
        "  login              https://idp.example.org/sso\n",
        "  logout             only here",
        "  certificate        EC P-256, until ",
        "  certificate        RSA 2048, until ",
        "  valid until        2999-01-01\n",
        "  requests           not signed\n",
        "  single logout      no\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    let other = installation.path("other.xml");
    fs::write(&other, "<html/>").unwrap();
    for arguments in [&["check", other.to_str().unwrap()][..], &["check", "-n", "egi", other.to_str().unwrap()]] {
        refused(&installation.run("poem-saml", arguments), "other.xml: it is not SAML metadata");
    }
    fs::write(&other, good()).unwrap();
    let ran = installation.run("poem-saml", &["check", other.to_str().unwrap()]).done();
    assert!(ran.stdout.contains("  requests           must be signed\n"), "{ran:?}");
}

#[test]
fn metadata_are_fetched_and_the_last_ones_kept() {
    let installation = Installation::with_tenants();
    let ran = fetch(&installation, &good(), &[]).done();
    assert!(ran.stdout.ends_with("was replaced: https://idp.example.org/metadata, 1 certificate\n"), "{ran:?}");
    assert_eq!((metadata(&installation), previous(&installation)), (good(), String::new()));
    assert!(fetch(&installation, &good(), &[]).done().stdout.contains("is unchanged"));
    let both = metadata_of(IDP, "", &[&SIGNER, &new_signer(SignerKey::EcP256)]);
    fetch(&installation, &both, &[]).done();
    assert_eq!((metadata(&installation), previous(&installation)), (both.clone(), good()));
    let expired = metadata_of(IDP, "validUntil=\"2020-01-01T00:00:00Z\"", &[&SIGNER]);
    for (text, words) in [
        (
            metadata_of("https://other.example.org/", "", &[&SIGNER]),
            "the identity provider is https://other.example.org/, and was https://idp",
        ),
        (expired.clone(), "it expired on 2020-01-01"),
        ("<html/>".to_owned(), "it is not SAML metadata"),
        (good()[..300].to_owned(), "it is not well-formed XML"),
        (" ".repeat(21 * 1024 * 1024), "more than 20 MiB"),
    ] {
        refused(&fetch(&installation, &text, &[]), words);
    }
    assert_eq!((metadata(&installation), previous(&installation)), (both, good()));
    assert_eq!(new_files(&installation), ["metadata-egi.xml", "metadata-egi.xml.previous"]);
    // Expired ones are renewed, and only by those of the same identity provider.
    write_metadata(&installation, &expired);
    refused(
        &fetch(&installation, &metadata_of("https://other.example.org/", "", &[&SIGNER]), &[]),
        "and was https://idp",
    );
    fetch(&installation, &good(), &[]).done();
    let unknown = installation.run("poem-saml", &["fetch", "-n", "three", &serving(good())]);
    refused(&unknown, "there is no tenant with the schema three");
    let ran = installation.run("poem-saml", &["fetch", "-n", "egi", "http://idp.example.org/"]);
    assert!(ran.status == 2 && ran.stderr.contains("must be an https address"), "{ran:?}");
}

#[test]
fn a_signature_is_checked_and_only_what_is_signed_is_kept() {
    let installation = Installation::with_tenants();
    let federation = new_signer(SignerKey::Rsa2048);
    let directory = tempfile::tempdir().unwrap();
    let certificate = directory.path().join("federation.crt");
    federation.save(&certificate, &directory.path().join("federation.key")).unwrap();
    let cert = ["--cert", certificate.to_str().unwrap()];
    let with_id = metadata_of(IDP, "ID=\"_1\"", &[&SIGNER]);
    let signed = federation.sign(&with_id, "_1").unwrap();
    let forged = signed.replace("https://idp.example.org/sso", "https://evil.example.org/sso");
    let by_other = new_signer(SignerKey::Rsa2048).sign(&with_id, "_1").unwrap();
    let inner = signed.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").trim();
    let wrapped =
        format!("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}</EntitiesDescriptor>");
    for (text, words) in [
        (&good(), "it is not signed"),
        (&forged, "its signature is not accepted"),
        (&by_other, "its signature is not accepted"),
        (&wrapped, "its signature is not accepted"),
        (&signed.replace("#_1", "#_2"), "its signature is not accepted"),
        (
            &signed
                .replace("xmldsig-more#rsa-sha256", "xmldsig#rsa-sha1")
                .replace("2001/04/xmldsig#", "2000/09/xmldsig#"),
            "its signature is not accepted",
        ),
    ] {
        refused(&fetch(&installation, text, &cert), words);
    }
    assert_eq!(metadata(&installation), "");
    fetch(&installation, &signed, &cert).done();
    assert!(metadata(&installation).contains("https://idp.example.org/sso"));
    installation.run("poem-saml", &["check"]).done();
}

/// The work is done by a user who cannot write there; root only writes the result.
#[test]
fn root_writes_into_a_directory_of_root_and_does_the_rest_as_the_service_user() {
    if !Uid::effective().is_root() {
        return skipped("only root has a directory of root");
    }
    let installation = Installation::with_tenants();
    installation.configure("[SERVER]\nUser = root\n", "[SERVER]\nUser = nobody\n");
    for path in ["", "etc", "etc/poem"] {
        let path = installation.path(path);
        assert!(Command::new("chmod").arg("0755").arg(path).status().unwrap().success());
    }
    let nobody = User::from_name("nobody").unwrap().unwrap();
    installation.run("poem-saml", &["key"]).done();
    let owner = |name: &str| installation.path(name).metadata().unwrap().uid();
    assert_eq!((owner("etc/poem"), owner("etc/poem/saml.key")), (0, nobody.uid.as_raw()));
    refused(&fetch(&installation, "<html/>", &[]), "it is not SAML metadata");
    fetch(&installation, &good(), &[]).done();
    assert_eq!((metadata(&installation), owner("etc/poem/metadata-egi.xml")), (good(), 0));
    assert_eq!(new_files(&installation), ["metadata-egi.xml", "saml.crt", "saml.key"]);
}
