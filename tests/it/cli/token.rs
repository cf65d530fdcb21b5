//! `poem-token`.

use super::said;
use crate::support::sql::{everything, sql};
use crate::support::{Installation, Server};

const PROFILES: &str = "/poem/api/v2/profiles/";

fn token(installation: &Installation, arguments: &[&str]) -> String {
    let ran = installation.run("poem-token", arguments).done();
    let token = ran.stdout.strip_suffix('\n').expect("the token is followed by a newline");
    assert!(!token.contains('\n'));
    token.to_owned()
}

#[test]
fn a_token_is_created_replaced_and_revoked() {
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    let status = |token: &str| server.knows(|server| server.get_with_key(PROFILES, token)).status;
    let later = |token: &str| {
        server.catch_up();
        status(token)
    };
    let first = token(&installation, &["-t", "NCG", "-s", "egi"]);
    assert!(first.len() == 32 && first.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{first}");
    assert_eq!(later(&first), 200);
    sql(&installation, "UPDATE egi.api_key SET created = created - interval '1 day'");
    let created = "SELECT created > now() - interval '1 hour' FROM egi.api_key WHERE client = 'NCG'";
    assert_eq!(sql(&installation, created), ["f"]);
    let replaced = installation.run("poem-token", &["-t", "NCG", "-s", "egi"]).done();
    assert_eq!(replaced.stderr, "poem-token: the token of NCG was replaced; the old one no longer works\n");
    let second = replaced.stdout.trim();
    assert_ne!(first, second);
    assert_eq!((later(&first), status(second)), (403, 200));
    assert_eq!(sql(&installation, created), ["t"]);
    let revoked = installation.run("poem-token", &["-s", "egi", "--revoke", "NCG"]).done();
    assert_eq!(revoked.stdout, "The API key of NCG has been revoked, which cannot be undone.\n");
    assert_eq!(later(second), 403);
    let again = installation.run("poem-token", &["-s", "egi", "--revoke", "NCG"]).done();
    assert_eq!(again.stdout, "The API key of NCG was already revoked.\n");
    let third = installation.run("poem-token", &["-t", "NCG", "-s", "egi"]).done();
    assert!(third.stderr.contains("is revoked, which cannot be undone"), "{third:?}");
    assert_eq!(later(third.stdout.trim()), 403);
    assert_eq!(sql(&installation, "SELECT client, revoked FROM egi.api_key"), ["NCG|t"]);
}

#[test]
fn a_token_is_valid_only_for_its_tenant() {
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    let token = token(&installation, &["-t", "NCG", "-s", "two"]);
    server.catch_up();
    assert_eq!(server.knows(|server| server.get_with_key(PROFILES, &token)).status, 403);
    let headers = [("Host", "two.localhost"), ("X-API-KEY", token.as_str())];
    assert_eq!(server.knows(|server| server.send("GET", PROFILES, &headers, b"")).status, 200);
}

#[test]
fn a_chosen_token_has_1_to_128_printable_characters() {
    let installation = Installation::with_tenants();
    let server = Server::start(&installation);
    let longest = "x".repeat(128);
    for chosen in ["t", "~!+/=", &longest] {
        assert_eq!(token(&installation, &["-t", "NCG", "-s", "egi", "-o", chosen]), chosen);
        server.catch_up();
        assert_eq!(server.knows(|server| server.get_with_key(PROFILES, chosen)).status, 200);
    }
    // Spaces at the ends are dropped, as in forms: no client could send them.
    assert_eq!(token(&installation, &["-t", " NCG\u{200b}", "-s", "egi", "-o", " trimmed "]), "trimmed");
    assert_eq!(sql(&installation, "SELECT client FROM egi.api_key"), ["NCG"]);
    server.catch_up();
    assert_eq!(server.knows(|server| server.get_with_key(PROFILES, "trimmed")).status, 200);
    let before = everything(&installation);
    let (long, longer) = ("x".repeat(129), "x".repeat(51));
    for (chosen, problem) in [
        ("", "must have 1 to 128 characters"),
        (" \u{200b}", "must have 1 to 128 characters"),
        (&long, "must have 1 to 128 characters"),
        ("a\tb", "must not contain U+0009 in line 1, column 2"),
        ("a\u{200b}b", "must not contain U+200B in line 1, column 2"),
        ("with space", "must be printable ASCII characters without blanks"),
        ("\u{e9}", "must be printable ASCII characters without blanks"),
    ] {
        let ran = installation.run("poem-token", &["-t", "NCG", "-s", "egi", "-o", chosen]);
        said(&ran, 2, &format!("-o: {problem}"));
        assert_eq!(ran.stdout, "");
    }
    for (client, problem) in [
        ("", "must have 1 to 50 characters"),
        (&longer, "must have 1 to 50 characters"),
        ("a\tb", "must not contain U+0009 in line 1, column 2"),
    ] {
        said(&installation.run("poem-token", &["-t", client, "-s", "egi"]), 2, &format!("-t: {problem}"));
    }
    assert_eq!(everything(&installation), before);
    token(&installation, &["-t", &"é".repeat(50), "-s", "egi"]);
}

#[test]
fn only_the_token_that_poem_presents_is_stored_and_only_sealed() {
    let installation = Installation::with_tenants();
    let web_api = token(&installation, &["-t", "WEB-API", "-s", "egi"]);
    let other = token(&installation, &["-t", "NCG", "-s", "egi"]);
    let lower = token(&installation, &["-t", "web-api", "-s", "egi"]);
    let keys = "SELECT client, token_sealed IS NULL FROM egi.api_key ORDER BY id";
    assert_eq!(sql(&installation, keys), ["WEB-API|f", "NCG|t", "web-api|t"]);
    let sealed = || sql(&installation, "SELECT encode(token_sealed, 'hex') FROM egi.api_key WHERE id = 1").remove(0);
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    assert_eq!(installation.keys().unseal(&bytes(&sealed())).as_deref(), Some(web_api.as_str()));
    let renewed = token(&installation, &["-t", "WEB-API", "-s", "egi"]);
    assert_eq!(installation.keys().unseal(&bytes(&sealed())).as_deref(), Some(renewed.as_str()));
    let text = everything(&installation);
    assert!(text.contains("WEB-API"));
    for token in [web_api, other, lower, renewed] {
        let hex: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!text.contains(&token) && !text.contains(&hex), "{token} is in the database");
    }
}

#[test]
fn keys_are_listed_the_newest_first() {
    let installation = Installation::with_tenants();
    assert_eq!(installation.run("poem-token", &["-s", "egi", "--list"]).done().stdout, "");
    for client in ["A", "B"] {
        token(&installation, &["-t", client, "-s", "egi"]);
    }
    installation.run("poem-token", &["-s", "egi", "--revoke", "A"]).done();
    sql(&installation, "UPDATE egi.api_key SET created = '2020-07-01 10:00Z' WHERE client = 'A'");
    sql(&installation, "UPDATE egi.api_key SET created = '2021-01-01 10:00Z' WHERE client = 'B'");
    let list = installation.run("poem-token", &["-s", "egi", "--list"]).done();
    assert_eq!(list.stdout, "2021-01-01 11:00  active   B\n2020-07-01 12:00  revoked  A\n");
}

#[test]
fn an_unknown_client_or_schema_is_named() {
    let installation = Installation::with_tenants();
    let before = everything(&installation);
    said(&installation.run("poem-token", &["-s", "egi", "--revoke", "NCG"]), 1, "tenant EGI has no client NCG");
    for schema in ["nowhere", "public", "EGI"] {
        let words = format!("there is no tenant with the schema {schema}");
        said(&installation.run("poem-token", &["-t", "NCG", "-s", schema]), 1, &words);
        said(&installation.run("poem-token", &["-s", schema, "--list"]), 1, &words);
    }
    let wrong: [&[&str]; 6] = [
        &["-t", "NCG"],
        &["-s", "egi"],
        &["-s", "egi", "--list", "-t", "A"],
        &["-s", "egi", "-o", "t"],
        &["-s", "egi", "--list", "-o", "t"],
        &["-s", "egi", "--revoke", "EGI", "-o", "t"],
    ];
    for arguments in wrong {
        said(&installation.run("poem-token", arguments), 2, "Usage: poem-token");
    }
    std::fs::remove_file(installation.path("etc/poem/secret_key")).unwrap();
    said(&installation.run("poem-token", &["-t", "NCG", "-s", "egi"]), 1, "create one with poem-genseckey -f");
    assert_eq!(everything(&installation), before);
}
