//! Rotation of the secret key: old tokens go on working.

use super::{await_status, responses};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Installation, Server};

#[test]
fn tokens_of_the_previous_key_work_as_long_as_it_is_configured() {
    let installation = Installation::with_small_data();
    let key = installation.path("etc/poem/secret_key");
    let ran = installation.run("poem-genseckey", &["--rotate", "-f", key.to_str().unwrap()]).done();
    let line = ran.stdout.lines().find(|line| line.starts_with("PreviousSecretKeyPath = ")).unwrap().to_owned();
    assert!(line.ends_with("/etc/poem/secret_key.previous"), "{ran:?}");
    assert_eq!(installation.run("poem-genseckey", &["--rotate", "-f", key.to_str().unwrap()]).status, 1);

    // Without the previous key, its tokens do not work.
    assert_eq!(responses(&Server::start(&installation), EGI_TOKEN)[0].0, 403);
    installation.configure("AllowedHosts = *\n", &format!("AllowedHosts = *\n{line}\n"));
    let server = Server::start(&installation);
    assert_eq!(responses(&server, EGI_TOKEN)[0].0, 200);
    assert_eq!(responses(&server, "wrong-token")[0].0, 403);
    installation.run("poem-token", &["-t", "new", "-s", "egi", "-o", "new-token"]).done();
    await_status(&server, "new-token", 200);
    drop(server);

    installation.configure(&line, "");
    let server = Server::start(&installation);
    assert_eq!(responses(&server, EGI_TOKEN)[0].0, 403);
    assert_eq!(responses(&server, "new-token")[0].0, 200);
}

#[test]
fn a_missing_previous_key_is_named() {
    let installation = Installation::with_tenants();
    installation.configure("AllowedHosts = *\n", "AllowedHosts = *\nPreviousSecretKeyPath = /nonexistent/key\n");
    let ran = installation.run("poem", &["doctor"]);
    assert!(ran.stdout.contains("WRONG") && ran.stdout.contains("/nonexistent/key is missing"), "{ran:?}");
    let ran = installation.run("poem", &["serve"]);
    assert!(ran.status == 1 && ran.stderr.contains("remove PreviousSecretKeyPath from poem.conf"), "{ran:?}");
}
