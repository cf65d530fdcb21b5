//! What was backed up comes back, or nothing does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{answers, await_status};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, sql, wait_until};
use crate::support::{Installation, Server, block_on};

/// Backs the tenant up; gives the file.
fn back_up(installation: &Installation, schema: &str) -> PathBuf {
    let directory = installation.path("backups");
    fs::create_dir_all(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-n", schema, "-o", directory.to_str().unwrap()]).done();
    assert!(ran.stdout.contains("secret_key and ") && ran.stdout.contains("keep copies of them as well"), "{ran:?}");
    PathBuf::from(ran.stdout.lines().next().unwrap())
}

/// A database with the list of tenants, and nobody in it.
fn empty() -> Installation {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    installation
}

fn restore(installation: &Installation, file: &Path, more: &[&str]) -> crate::support::installation::Ran {
    installation.run("poem-restore", &[&["-f", file.to_str().unwrap()], more].concat())
}

/// Schemas, rows of the list, of migrations and of stamps that the tenant egi has.
fn traces(installation: &Installation) -> [i64; 4] {
    block_on(async {
        let pool = installation.pool();
        let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool);
        [
            count("SELECT count(*) FROM pg_namespace WHERE nspname = 'egi'").await.unwrap(),
            count("SELECT count(*) FROM public.tenant WHERE schema_name = 'egi'").await.unwrap(),
            count("SELECT count(*) FROM public.migration WHERE schema_name = 'egi'").await.unwrap(),
            count("SELECT count(*) FROM public.tenant_stamp WHERE schema_name = 'egi'").await.unwrap(),
        ]
    })
}

fn stamp(installation: &Installation) -> String {
    let stamp = "SELECT stamp FROM public.tenant_stamp WHERE schema_name = 'egi'";
    block_on(async { sqlx::query_scalar(stamp).fetch_one(&installation.pool()).await }).unwrap()
}

#[test]
fn a_tenant_comes_back_in_an_empty_database_while_a_server_runs_over_it() {
    let old = Installation::with_small_data();
    let before = answers(&Server::start(&old), EGI_TOKEN);
    assert!(before.iter().all(|(status, body)| *status == 200 && body.len() > 2), "{before:?}");
    let file = back_up(&old, "egi");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("egi-20") && name.ends_with(".poem"), "{name}");

    let new = empty();
    let server = Server::start(&new);
    assert_eq!(server.get("/poem/api/0.2/json/profiles").status, 404);
    let ran = restore(&new, &file, &["-n", "egi"]).done();
    assert!(ran.stdout.starts_with("The tenant EGI is back") && ran.stderr.is_empty(), "{ran:?}");
    await_status(&server, EGI_TOKEN, 200);
    assert_eq!(answers(&server, EGI_TOKEN), before);
    assert_ne!(stamp(&new), stamp(&old));
    assert_eq!(traces(&new), traces(&old));
    let objects = |of: &Installation| sql(of, "SELECT kind, id, label, group_id FROM egi.object ORDER BY 1, 2");
    assert!(objects(&new).len() > 20 && objects(&new) == objects(&old), "the view shows what was restored");
    // What is written now finds its place behind what was restored.
    new.run("poem-token", &["-t", "another", "-s", "egi", "-o", "another-token"]).done();
    assert_eq!(restore(&new, &file, &[]).status, 1);
}

#[test]
fn a_backup_of_all_has_a_file_for_each_and_no_logins() {
    let installation = Installation::with_small_data();
    let login = "INSERT INTO egi.login_session (id_hash, user_id, expires) \
                 SELECT '\\x00', id, now() + '1 day' FROM egi.app_user LIMIT 1";
    block_on(async { sqlx::raw_sql(login).execute(&installation.pool()).await.map(drop) }).unwrap();
    let directory = installation.path("all");
    fs::create_dir(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-o", directory.to_str().unwrap()]).done();
    let files: Vec<_> = ran.stdout.lines().take(2).map(PathBuf::from).collect();
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "{ran:?}");
    let new = empty();
    files.iter().for_each(|file| drop(restore(&new, file, &[]).done()));
    let count = "SELECT count(*) FROM egi.login_session";
    let logins: i64 = block_on(async { sqlx::query_scalar(count).fetch_one(&new.pool()).await }).unwrap();
    assert_eq!(logins, 0);
    assert_eq!(installation.run("poem-backup", &["-n", "nobody"]).status, 1);
    let nowhere = installation.run("poem-backup", &["-n", "egi", "-o", "/nonexistent"]);
    assert!(nowhere.status == 1 && nowhere.stderr.contains("EGI: not backed up to /nonexistent/"), "{nowhere:?}");
}

#[test]
fn what_goes_wrong_with_one_tenant_is_no_reason_to_have_no_backup_of_the_others() {
    let installation = Installation::with_tenants();
    sql(&installation, "DROP SCHEMA egi CASCADE");
    let directory = installation.path("all");
    fs::create_dir(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-o", directory.to_str().unwrap()]);
    assert!(ran.status == 1 && ran.stderr.contains("EGI: not backed up to "), "{ran:?}");
    assert!(ran.stderr.ends_with("poem-backup: 1 tenant was not backed up\n"), "{ran:?}");
    let file = PathBuf::from(ran.stdout.lines().next().unwrap());
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "{ran:?}");
    restore(&empty(), &file, &["-n", "two"]).done();
}

/// Whoever has begun to read when the tables are replaced reads the old ones or the new ones, and never new ones without
/// their rows.
#[test]
fn a_restore_shows_nobody_an_empty_tenant() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let server = Server::start(&installation);
    // The restore waits for the table that a request reads first behind its stamp.
    let mut holder = Holder::of(&installation, "BEGIN; LOCK TABLE egi.api_key IN ACCESS SHARE MODE");
    std::thread::scope(|scope| {
        let restoring = scope.spawn(|| restore(&installation, &file, &["--replace", "--yes"]).done());
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        wait_until(&installation, waiting, "1");
        let asking = scope.spawn(|| server.get_with_key("/poem/api/v2/profiles/ARGO_MON", EGI_TOKEN));
        wait_until(&installation, waiting, "2");
        holder.run("ROLLBACK");
        restoring.join().unwrap();
        let answer = asking.join().unwrap();
        assert!([200, 503].contains(&answer.status), "{answer:?}");
    });
    await_status(&server, EGI_TOKEN, 200);
}

#[test]
fn a_backup_that_is_cut_off_leaves_nothing_and_takes_nothing_away() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let bytes = fs::read(&file).unwrap();
    let new = empty();
    for kept in [0, 20, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..kept]).unwrap();
        let ran = restore(&new, &file, &[]);
        assert!(ran.status == 1 && ran.stderr.contains("; nothing was restored"), "{kept}: {ran:?}");
        assert_eq!(traces(&new), [0; 4], "{kept}");
    }
    let before = (traces(&installation), stamp(&installation));
    let ran = restore(&installation, &file, &["--replace", "--yes"]);
    assert!(ran.status == 1 && ran.stderr.contains("it is cut off or damaged"), "{ran:?}");
    assert_eq!((traces(&installation), stamp(&installation)), before);
}

#[test]
fn a_tenant_that_is_there_is_replaced_only_where_that_was_said() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let server = Server::start(&installation);
    let before = answers(&server, EGI_TOKEN);
    installation.run("poem-token", &["-t", "later", "-s", "egi", "-o", "later-token"]).done();
    await_status(&server, "later-token", 200);

    let refused = restore(&installation, &file, &[]);
    assert!(refused.status == 1 && refused.stderr.contains("the tenant EGI (schema egi) is there"), "{refused:?}");
    let unasked = restore(&installation, &file, &["--replace"]);
    assert!(unasked.status == 2 && unasked.stderr.contains("say --yes"), "{unasked:?}");
    assert_eq!(answers(&server, "later-token"), before);
    restore(&installation, &file, &["--replace", "--yes"]).done();
    await_status(&server, "later-token", 403);
    assert_eq!(answers(&server, EGI_TOKEN), before);
}

#[test]
fn a_backup_that_does_not_fit_is_refused_in_words() {
    let installation = Installation::with_tenants();
    let file = back_up(&installation, "two");
    let other = restore(&installation, &file, &["-n", "egi"]);
    assert!(other.status == 1 && other.stderr.contains("of the schema two, not egi"), "{other:?}");
    let unprepared = restore(&Installation::bare(), &file, &[]);
    assert!(unprepared.status == 1 && unprepared.stderr.contains("run poem-db -c first"), "{unprepared:?}");
    let taken = empty();
    taken.run("poem-tenant", &["-t", "THREE", "-d", "two.localhost"]).done();
    let host = restore(&taken, &file, &[]);
    assert!(host.status == 1 && host.stderr.contains("the tenant THREE (schema three) has the name or"), "{host:?}");
    let newer = "INSERT INTO public.migration (schema_name, version, name, checksum) VALUES ('two', 9999, 'n', '')";
    block_on(async { sqlx::raw_sql(newer).execute(&installation.pool()).await.map(drop) }).unwrap();
    let file = match fs::remove_file(&file) {
        Ok(()) => back_up(&installation, "two"),
        Err(error) => panic!("{error}"),
    };
    let newer = restore(&empty(), &file, &[]);
    assert!(newer.status == 1 && newer.stderr.contains("is at migration 9999, newer than"), "{newer:?}");
}

#[test]
fn another_secret_key_is_told_of() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let new = empty();
    let key = new.path("etc/poem/secret_key");
    new.run("poem-genseckey", &["--force", "-f", key.to_str().unwrap()]).done();
    let ran = restore(&new, &file, &[]).done();
    assert!(ran.stderr.contains("made with another secret key"), "{ran:?}");
}
