//! A pooler in front of PostgreSQL.

use super::said;
use crate::support::installation::EGI_TOKEN;
use crate::support::pgbouncer::PgBouncer;
use crate::support::{Browser, Installation, Server, fixture};

#[test]
fn pgbouncer_in_session_mode_works_without_any_setting() {
    let installation = Installation::bare();
    let Some(pooler) = PgBouncer::start(&installation, "session") else { return };
    pooler.stand_before(&installation);
    installation.run("poem-db", &["-c"]).done();
    installation.run("poem-tenant", &["-t", "EGI", "-d", "localhost"]).done();
    let dump = fixture("small.json");
    installation.run("poem-db", &["-d", "-n", "egi", "-f", dump.to_str().unwrap()]).done();
    let server = Server::start(&installation);
    assert_eq!(server.knows(|server| server.get_with_key("/poem/api/v2/metrics/", EGI_TOKEN)).status, 200);
    let mut browser = Browser::new(&server);
    assert_eq!(browser.log_in("poem", "poem-secret-1").status, 303);
    assert_eq!(browser.post("/poem/admin/poem/groupofprobes/add/", &[("name", "pooled")]).status, 303);
    let doctor = installation.run("poem", &["doctor"]).done();
    assert!(doctor.stdout.ends_with("All is well.\n"), "{doctor:?}");
    let directory = installation.path("");
    let ran = installation.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    let file = ran.stdout.lines().next().unwrap();
    installation.run("poem-restore", &["-f", file, "--replace", "--yes"]).done();
}

#[test]
fn pgbouncer_in_transaction_mode_is_refused_in_words() {
    let installation = Installation::with_tenants();
    let Some(pooler) = PgBouncer::start(&installation, "transaction") else { return };
    pooler.stand_before(&installation);
    let words = "a pooler in transaction mode, which mixes up sessions: set pool_mode = session for this database";
    said(&installation.run("poem-tenant", &["--list"]), 1, words);
    // Its lock is of the session.
    said(&installation.run("poem-syncvo", &[]), 1, words);
    let refusal = Server::refusal(&installation);
    assert!(refusal.contains(words), "{refusal}");
}
