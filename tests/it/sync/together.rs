//! Several commands at once, and commands that are killed.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{configure, file_feed, vo_feed, vos};
use crate::support::Installation;
use crate::support::sql::{Holder, sql, wait_until};

fn with_feed() -> Installation {
    let installation = Installation::with_tenants();
    let feed = file_feed(&installation, "vos.xml", &vo_feed(["ops"]));
    for tenant in ["EGI", "TWO"] {
        configure(&installation, tenant, &format!("VO = {feed}"));
    }
    installation
}

#[test]
fn a_feed_that_another_command_works_on_is_skipped() {
    let installation = with_feed();
    let lock = "SELECT pg_advisory_lock(hashtext('poem sync'), hashtext('egi vos'))";
    let _other = Holder::of(&installation, lock);
    let ran = installation.run("poem-syncvo", &["-v"]).done();
    assert!(ran.stdout.contains("EGI: another poem-syncvo is at work, skipped\n"), "{ran:?}");
    assert!(vos(&installation).is_empty());
    assert_eq!(sql(&installation, "SELECT name FROM two.vo"), ["ops"]);
}

#[test]
fn a_command_that_ends_in_the_middle_changes_nothing() {
    let installation = with_feed();
    for (how, status) in [(Signal::SIGTERM, Some(1)), (Signal::SIGINT, Some(1)), (Signal::SIGKILL, None)] {
        let mut holder = Holder::of(&installation, "BEGIN; LOCK TABLE egi.vo IN SHARE MODE");
        let mut command = installation.command("poem-syncvo");
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                       AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO vo%'";
        wait_until(&installation, waiting, "1");
        kill(Pid::from_raw(process.id().cast_signed()), how).unwrap();
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status, "{how} {output:?}");
        holder.run("ROLLBACK");
        wait_until(
            &installation,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'INSERT INTO vo%'",
            "0",
        );
        assert!(vos(&installation).is_empty());
        assert_eq!(sql(&installation, "SELECT count(*) FROM public.sync_status WHERE schema_name = 'egi'"), ["0"]);
    }
    installation.run("poem-syncvo", &[]).done();
    assert_eq!(vos(&installation), ["ops"]);
}
