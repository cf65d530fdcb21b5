//! A take-over that fails or is killed in the middle has changed nothing, and nothing is written in between.

use std::process::Stdio;
use std::time::{Duration, Instant};

use poem::registry::take_over::TakeOver;
use sqlx::PgConnection;

use super::{installation, said, schema, state, take_over, with_two_tenants};
use crate::support::installation::egi;
use crate::support::sql::{Holder, connect, run, sql};
use crate::support::{Installation, block_on};

/// A name for the sessions of tests: one without a name looks like POEM 2.3.
const NAMED: &str = "SET application_name = 'test'";

#[test]
fn a_statement_that_fails_in_the_middle_changes_nothing_and_the_next_tenant_is_taken_over() {
    let installation = with_two_tenants();
    installation.run("poem-db", &["-c"]).done();
    // Every statement that changes data of the tenant replaces its stamp. The old schema is renamed by then.
    sql(
        &installation,
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.schema_name = 'egi' THEN
                 IF EXISTS (SELECT FROM egi.probe) THEN RAISE EXCEPTION 'no stamp'; END IF;
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON public.tenant_stamp FOR EACH ROW EXECUTE PROCEDURE public.refuse()",
    );
    let before = schema(&installation, "egi");
    let ran = take_over(&installation, &[]);
    said(&ran, 1, "poem-db: EGI: the database reported: no stamp; nothing of it was changed\n");
    assert!(ran.stdout.contains("Took over TWO "), "{ran:?}");
    assert_eq!(schema(&installation, "egi"), before);
    let traces = "SELECT schema_name FROM public.tenant UNION ALL SELECT schema_name FROM public.migration UNION ALL
                  SELECT schema_name FROM public.tenant_stamp UNION ALL SELECT nspname FROM pg_namespace";
    assert_eq!(sql(&installation, &format!("SELECT t.* FROM ({traces}) t WHERE schema_name LIKE 'egi%'")), ["egi"]);
    sql(&installation, "DROP FUNCTION public.refuse() CASCADE");
    take_over(&installation, &[]).done();
}

#[test]
fn a_take_over_that_is_killed_changes_nothing() {
    let installation = installation();
    installation.run("poem-db", &["-c"]).done();
    let before = state(&installation);
    let mut holder =
        Holder::of(&installation, &format!("{NAMED}; BEGIN; LOCK TABLE public.tenant_stamp IN SHARE MODE"));
    let mut command = installation.command("poem-db");
    let mut child = command.arg("--take-over").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_waiting(&installation);
    child.kill().unwrap();
    child.wait().unwrap();
    holder.run("COMMIT");
    await_end(&installation);
    assert_eq!(state(&installation), before);
    take_over(&installation, &[]).done();
}

/// Polls over one connection that has a name.
fn await_count(installation: &Installation, condition: &str, count: &str) {
    block_on(async {
        let mut conn = connect(installation).await;
        run(&mut conn, NAMED).await;
        let query = format!(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'poem' AND {condition}"
        );
        let end = Instant::now() + Duration::from_secs(30);
        while run(&mut conn, &query).await != [count] {
            assert!(Instant::now() < end, "it never became {count}: {condition}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

fn await_waiting(installation: &Installation) {
    await_count(installation, "wait_event_type = 'Lock'", "1");
}

fn await_end(installation: &Installation) {
    await_count(installation, "true", "0");
}

#[test]
fn nothing_is_written_to_the_old_tables_after_they_were_read() {
    let installation = installation();
    installation.run("poem-db", &["-c"]).done();
    let write = "SET lock_timeout = '50ms'; UPDATE egi.poem_probe SET comment = 'late'";
    block_on(async {
        let mut conn: PgConnection = connect(&installation).await;
        let mut work = TakeOver::begin(&mut conn, &egi()).await.unwrap();
        let read = work.read().await.unwrap();
        let probes = read.iter().find(|(table, _)| *table == "poem_probe").map(|(_, rows)| rows.len());
        assert_eq!(probes, Some(3));
        let mut other = connect(&installation).await;
        let refused = sqlx::raw_sql(write).execute(&mut other).await.unwrap_err();
        assert!(refused.to_string().contains("lock timeout"), "{refused}");
        // Those who only read, such as a backup, need not wait.
        assert_eq!(run(&mut other, "SELECT count(*) FROM egi.poem_probe").await, ["3"]);
    });
    sql(&installation, write);
}

#[test]
fn sessions_that_use_the_old_tables_are_named() {
    let installation = installation();
    let before = schema(&installation, "egi");
    let stop = "Stop POEM 2.3 (systemctl stop httpd24-httpd), and close other sessions; nothing was changed\n";
    for (statements, words) in [
        ("SET application_name = 'psql'; BEGIN; UPDATE egi.poem_probe SET comment = 'late'", "(role poem, psql)"),
        ("SET application_name = 'report'; BEGIN; SELECT * FROM egi.poem_vo", "(role poem, report)"),
        // POEM 2.3 gives itself no name. It may be about to begin.
        ("SELECT 1", "(role poem)"),
    ] {
        let holder = Holder::of(&installation, statements);
        let ran = take_over(&installation, &[]);
        said(&ran, 1, "poem-db: POEM 2.3 or another program uses the database: process ");
        said(&ran, 1, &format!("{words}. {stop}"));
        take_over(&installation, &["--dry-run"]).done();
        drop(holder);
    }
    // An idle session with a name is not in the way.
    let _idle = Holder::of(&installation, "SET application_name = 'psql'; SELECT * FROM egi.poem_vo");
    assert_eq!(schema(&installation, "egi"), before);
    take_over(&installation, &[]).done();
}

#[test]
fn only_one_take_over_is_at_work() {
    let installation = installation();
    let lock = "SELECT pg_advisory_lock(hashtext('poem take-over'))";
    let _holder = Holder::of(&installation, &format!("{NAMED}; {lock}"));
    said(&take_over(&installation, &[]), 1, "another poem-db --take-over is at work; nothing was changed");
}
