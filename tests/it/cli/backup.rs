//! `poem-backup` and `poem-restore`: a tenant is restored completely or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{await_status, responses};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, sql, wait_until, without_statistics};
use crate::support::{Installation, Server, block_on};

/// Backs up the tenant. Returns the path of the file.
fn back_up(installation: &Installation, schema: &str) -> PathBuf {
    let directory = installation.path("backups");
    fs::create_dir_all(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-n", schema, "-o", directory.to_str().unwrap()]).done();
    assert!(ran.stdout.contains("secret_key and ") && ran.stdout.contains("keep copies of them as well"), "{ran:?}");
    PathBuf::from(ran.stdout.lines().next().unwrap())
}

/// A migrated database without tenants.
fn empty() -> Installation {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    installation
}

fn restore(installation: &Installation, file: &Path, more: &[&str]) -> crate::support::installation::Ran {
    installation.run("poem-restore", &[&["-f", file.to_str().unwrap()], more].concat())
}

/// The numbers of schemas, rows in the list of tenants, migrations and stamps of the tenant egi.
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
fn a_tenant_is_restored_to_an_empty_database_while_a_server_runs() {
    let old = Installation::with_small_data();
    let before = responses(&Server::start(&old), EGI_TOKEN);
    assert!(before.iter().all(|(status, body)| *status == 200 && body.len() > 2), "{before:?}");
    let file = back_up(&old, "egi");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("egi-20") && name.ends_with(".poem"), "{name}");

    let new = empty();
    let server = Server::start(&new);
    assert_eq!(server.get("/poem/api/0.2/json/profiles").status, 404);
    let ran = restore(&new, &file, &["-n", "egi"]).done();
    assert!(ran.stdout.starts_with("The tenant EGI was restored as of ") && ran.stderr.is_empty(), "{ran:?}");
    await_status(&server, EGI_TOKEN, 200);
    assert_eq!(responses(&server, EGI_TOKEN), before);
    assert_ne!(stamp(&new), stamp(&old));
    assert_eq!(traces(&new), traces(&old));
    let objects = |of: &Installation| sql(of, "SELECT kind, id, label, group_id FROM egi.object ORDER BY 1, 2");
    assert!(objects(&new).len() > 20 && objects(&new) == objects(&old), "the view shows what was restored");
    // New rows get ids above the restored ones.
    new.run("poem-token", &["-t", "another", "-s", "egi", "-o", "another-token"]).done();
    assert_eq!(restore(&new, &file, &[]).status, 1);
}

#[test]
fn a_backup_of_all_tenants_has_a_file_for_each_and_no_sessions() {
    let installation = Installation::with_small_data();
    let login = "INSERT INTO egi.login_session (id_hash, user_id, expires) \
                 SELECT '\\x00', id, now() + '1 day' FROM egi.app_user LIMIT 1; \
                 INSERT INTO egi.saml_session (id_hash, idp, name_id, session_indexes) VALUES ('\\x00', '', '', '{}'); \
                 INSERT INTO egi.saml_request (id_hash, kind, idp, expires) \
                 VALUES (decode(repeat('00', 32), 'hex'), 'login', '', now() + '1 day'); \
                 INSERT INTO egi.saml_used (id_hash, expires) SELECT id_hash, expires FROM egi.saml_request; \
                 INSERT INTO egi.saml_pending (token_hash, browser_hash, cookie, login, expires) \
                 SELECT id_hash, id_hash, '', '{}', expires FROM egi.saml_used; \
                 INSERT INTO egi.web_api_save (owner, deadline, username, action, apiid, group_name) \
                 VALUES ('', now(), 'alice', 'add', '', ''); \
                 INSERT INTO egi.saml_claim (user_id, identity, idp, display_name, mail, state) \
                 SELECT id, 'x', '', '', '', 'open' FROM egi.app_user LIMIT 1";
    block_on(async { sqlx::raw_sql(login).execute(&installation.pool()).await.map(drop) }).unwrap();
    let directory = installation.path("all");
    fs::create_dir(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-o", directory.to_str().unwrap()]).done();
    let files: Vec<_> = ran.stdout.lines().take(2).map(PathBuf::from).collect();
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "{ran:?}");
    let new = empty();
    files.iter().for_each(|file| drop(restore(&new, file, &[]).done()));
    for (table, kept) in [
        ("login_session", "0"),
        ("saml_session", "0"),
        ("saml_request", "0"),
        ("saml_used", "0"),
        ("saml_pending", "0"),
        ("web_api_save", "0"),
        ("saml_claim", "1"),
    ] {
        assert_eq!(sql(&new, &format!("SELECT count(*) FROM egi.{table}")), [kept], "{table}");
    }
    assert_eq!(installation.run("poem-backup", &["-n", "nobody"]).status, 1);
    let nowhere = installation.run("poem-backup", &["-n", "egi", "-o", "/nonexistent"]);
    assert!(nowhere.status == 1 && nowhere.stderr.contains("EGI: not backed up to /nonexistent/"), "{nowhere:?}");
}

#[test]
fn if_one_tenant_fails_the_others_are_backed_up() {
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

/// A request that has begun to read when the tables are replaced reads the old ones or the new ones, and never new ones
/// without their rows.
#[test]
fn a_restore_never_shows_an_empty_tenant() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let server = Server::start(&installation);
    // The restore waits for the table that a request reads first after the stamp.
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
        let response = asking.join().unwrap();
        assert!([200, 503].contains(&response.status), "{response:?}");
    });
    await_status(&server, EGI_TOKEN, 200);
}

#[test]
fn a_truncated_backup_changes_nothing() {
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
    assert!(ran.status == 1 && ran.stderr.contains("it is truncated or damaged"), "{ran:?}");
    assert_eq!((traces(&installation), stamp(&installation)), before);
}

#[test]
fn an_existing_tenant_is_replaced_only_on_request() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let server = Server::start(&installation);
    let before = responses(&server, EGI_TOKEN);
    installation.run("poem-token", &["-t", "later", "-s", "egi", "-o", "later-token"]).done();
    await_status(&server, "later-token", 200);

    let refused = restore(&installation, &file, &[]);
    assert!(
        refused.status == 1 && refused.stderr.contains("the tenant EGI (schema egi) already exists"),
        "{refused:?}"
    );
    let unasked = restore(&installation, &file, &["--replace"]);
    assert!(unasked.status == 2 && unasked.stderr.contains("use --yes"), "{unasked:?}");
    assert_eq!(responses(&server, "later-token"), before);
    restore(&installation, &file, &["--replace", "--yes"]).done();
    await_status(&server, "later-token", 403);
    assert_eq!(responses(&server, EGI_TOKEN), before);
}

#[test]
fn a_backup_that_does_not_fit_is_refused() {
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
fn another_secret_key_causes_a_warning() {
    let installation = Installation::with_small_data();
    let file = back_up(&installation, "egi");
    let new = empty();
    let key = new.path("etc/poem/secret_key");
    new.run("poem-genseckey", &["--force", "-f", key.to_str().unwrap()]).done();
    let ran = restore(&new, &file, &["--trust"]).done();
    assert!(ran.stderr.contains("made with another secret key"), "{ran:?}");
}

#[test]
fn the_tables_have_statistics_after_a_restore() {
    let old = Installation::with_small_data();
    let file = back_up(&old, "egi");
    let new = empty();
    restore(&new, &file, &[]).done();
    assert!(without_statistics(&new, "egi").is_empty());
    restore(&new, &file, &["--replace", "--yes"]).done();
    assert!(without_statistics(&new, "egi").is_empty());
}
