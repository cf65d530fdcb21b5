//! A new secret key, without a moment in which old tokens do not work.

use super::{answers, await_status};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Installation, Server};

#[test]
fn tokens_of_the_previous_key_work_as_long_as_the_configuration_names_it() {
    let installation = Installation::with_small_data();
    let key = installation.path("etc/poem/secret_key");
    let ran = installation.run("poem-genseckey", &["--rotate", "-f", key.to_str().unwrap()]).done();
    let line = ran.stdout.lines().find(|line| line.starts_with("PreviousSecretKeyPath = ")).unwrap().to_owned();
    assert!(line.ends_with("/etc/poem/secret_key.previous"), "{ran:?}");
    assert_eq!(installation.run("poem-genseckey", &["--rotate", "-f", key.to_str().unwrap()]).status, 1);

    // Without the key before it, its tokens have ended.
    assert_eq!(answers(&Server::start(&installation), EGI_TOKEN)[0].0, 403);
    installation.configure("AllowedHosts = *\n", &format!("AllowedHosts = *\n{line}\n"));
    let server = Server::start(&installation);
    assert_eq!(answers(&server, EGI_TOKEN)[0].0, 200);
    assert_eq!(answers(&server, "wrong-token")[0].0, 403);
    installation.run("poem-token", &["-t", "new", "-s", "egi", "-o", "new-token"]).done();
    await_status(&server, "new-token", 200);
    drop(server);

    installation.configure(&line, "");
    let server = Server::start(&installation);
    assert_eq!(answers(&server, EGI_TOKEN)[0].0, 403);
    assert_eq!(answers(&server, "new-token")[0].0, 200);
}

#[test]
fn a_previous_key_that_is_not_there_is_named() {
    let installation = Installation::with_tenants();
    installation.configure("AllowedHosts = *\n", "AllowedHosts = *\nPreviousSecretKeyPath = /nonexistent/key\n");
    let ran = installation.run("poem", &["doctor"]);
    assert!(ran.stdout.contains("WRONG") && ran.stdout.contains("/nonexistent/key is missing"), "{ran:?}");
    let ran = installation.run("poem", &["serve"]);
    assert!(ran.status == 1 && ran.stderr.contains("remove PreviousSecretKeyPath from poem.conf"), "{ran:?}");
}
