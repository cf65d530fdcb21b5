//! The short fuzz run: every parser of untrusted input over the files of tests/fuzz/corpus, intact and damaged.
//!
//! `POEM_FUZZ_CASES` is the number of damaged inputs for each parser; `make fuzz` is the long, coverage-guided run.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the output of tests")]

mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use poem::saml::redirect_binding::ReceivedMessage;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// One damage: the position (in 65536ths of the length), the number of bytes to remove, and the bytes to insert.
type Damage = (u16, u8, Vec<u8>);

fn run(name: &str, target: fn(&[u8])) {
    let seeds = corpus(name);
    seeds.iter().for_each(|seed| target(seed));
    let cases = std::env::var("POEM_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let damages = prop::collection::vec((any::<u16>(), 0..40u8, prop::collection::vec(piece(), 0..4)), 1..6);
    let input = (0..seeds.len(), damages).prop_map(|(seed, damages)| {
        let damages = damages.into_iter().map(|(at, removed, pieces)| (at, removed, pieces.concat()));
        damages.fold(seeds[seed].clone(), damage)
    });
    let outcome = TestRunner::new(config).run(&input, |input| {
        target(&input);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

/// Generates bytes that are special to one of the parsers, or any others.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "null",
        "-1",
        "9223372036854775808",
        "\\u0000",
        "%(",
        ")s",
        "%00",
        "//",
        "=",
        ":",
        ";",
        "%3D",
        "\n",
        "\r\n",
        "#",
        ".",
        "..",
        "é",
        "\u{1F600}",
        "\0",
        "true",
        "1e999",
        "<",
        ">",
        "/>",
        "&",
        "&#0;",
        "<!DOCTYPE a>",
        "<!--",
        "<![CDATA[",
        "]]>",
        "ID=\"\"",
        "+",
    ];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ]
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn damage(mut bytes: Vec<u8>, (at, removed, inserted): Damage) -> Vec<u8> {
    let start = usize::from(at) * bytes.len() / 65536;
    let end = (start + usize::from(removed)).min(bytes.len());
    bytes.splice(start..end, inserted);
    bytes
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    files(name).iter().map(|file| fs::read(file).expect("a readable file")).collect()
}

fn files(name: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a file of the corpus").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", directory.display());
    files
}

#[test]
fn ini() {
    run("ini", targets::ini);
}

#[test]
fn dump() {
    run("dump", targets::dump);
}

#[test]
fn profiles_json() {
    run("profiles_json", targets::profiles_json);
}

#[test]
fn host() {
    run("host", targets::host);
}

#[test]
fn path() {
    run("path", targets::path);
}

#[test]
fn cookies() {
    run("cookies", targets::cookies);
}

#[test]
fn vo_feed() {
    run("vo_feed", targets::vo_feed);
}

#[test]
fn service_type_feed() {
    run("service_type_feed", targets::service_type_feed);
}

#[test]
fn service_feed() {
    run("service_feed", targets::service_feed);
}

#[test]
fn saml_response() {
    run("saml_response", targets::saml_response);
}

#[test]
fn saml_metadata() {
    run("saml_metadata", targets::saml_metadata);
}

#[test]
fn saml_redirect() {
    run("saml_redirect", targets::saml_redirect);
}

/// A file whose name begins with `valid` is accepted, and no other.
#[test]
fn the_saml_corpus_is_what_its_names_say() {
    let same = |directory: &str, accepts: fn(&[u8]) -> bool| {
        for file in files(directory) {
            let is_valid = file.file_name().unwrap().to_string_lossy().starts_with("valid");
            assert_eq!(accepts(&fs::read(&file).unwrap()), is_valid, "{}", file.display());
        }
    };
    same("saml_metadata", |bytes| targets::identity_provider(bytes).is_ok());
    same("saml_response", |bytes| targets::received_response(text(bytes)).is_ok());
    same("saml_redirect", |bytes| {
        let message = ReceivedMessage::read(&text(bytes));
        message.is_ok_and(|message| message.verify(&targets::SIDES.1.certificates, "metadata.xml").is_ok())
    });
}

/// A damaged input is a useful test only if the intact one is valid.
#[test]
fn the_intact_corpus_is_valid() {
    use poem::domain::security::keys::Keys;
    use poem::domain::security::secret::Secret;
    use poem::import_export::{django, profiles};

    for dump in corpus("dump") {
        django::parse(&dump, &Keys::derive(&Secret::new("fuzz")), chrono_tz::UTC).unwrap();
    }
    for file in corpus("profiles_json") {
        profiles::parse(&file).unwrap();
    }
    for feed in corpus("vo_feed") {
        poem::sync::vos::read(&feed, None).unwrap();
    }
    for feed in corpus("service_type_feed") {
        poem::sync::xml_feed::service_types(&feed, None).unwrap();
    }
    for feed in corpus("service_feed") {
        poem::sync::services::read(&feed, false).unwrap();
    }
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/ini")).unwrap() {
        poem::config::Config::load(&file.unwrap().path()).unwrap();
    }
}
