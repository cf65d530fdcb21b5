//! `poem-restore` runs a backup only if its MAC shows that this POEM wrote it, or if it is told to trust the file.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::said;
use crate::support::Installation;
use crate::support::installation::Ran;
use crate::support::sql::{everything, sql};

const CONSEQUENCE: &str = "A backup can run shell commands and change every tenant's data.";
const WAYS: [&str; 2] = ["set that key as PreviousSecretKeyPath in [SECURITY]", "use --trust"];

/// A backup of the tenant EGI of small.json.
fn backup() -> (Installation, PathBuf) {
    let installation = Installation::with_small_data();
    let directory = installation.path("backups");
    fs::create_dir(&directory).unwrap();
    let ran = installation.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    let file = PathBuf::from(ran.stdout.lines().next().unwrap());
    (installation, file)
}

/// A migrated database without tenants.
fn empty() -> Installation {
    let installation = Installation::bare();
    installation.run("poem-db", &["-c"]).done();
    installation
}

fn restore(installation: &Installation, file: &Path, more: &[&str]) -> Ran {
    installation.run("poem-restore", &[&["-f", file.to_str().unwrap()], more].concat())
}

/// The content of a backup.
fn unpacked(file: &Path) -> String {
    let mut content = String::new();
    GzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut content).unwrap();
    content
}

/// Writes a backup with this content.
fn pack(file: &Path, content: &str) {
    let mut gzip = GzEncoder::new(fs::File::create(file).unwrap(), Compression::default());
    gzip.write_all(content.as_bytes()).unwrap();
    gzip.finish().unwrap();
}

/// The backup is refused with this problem, and restored with `--trust`, without a question.
#[track_caller]
fn needs_trust(installation: &Installation, file: &Path, problem: &str) {
    let before = everything(installation);
    let refused = restore(installation, file, &[]);
    said(&refused, 1, &format!("{problem}. {CONSEQUENCE}"));
    for way in WAYS {
        said(&refused, 1, way);
    }
    assert!(refused.stderr.ends_with("; nothing was restored\n") && refused.stdout.is_empty(), "{refused:?}");
    assert_eq!(everything(installation), before);
    restore(installation, file, &["--trust"]).done();
    assert_eq!(sql(installation, "SELECT count(*) FROM egi.probe"), ["3"]);
}

fn new_key(installation: &Installation, how: &str) {
    let key = installation.path("etc/poem/secret_key");
    installation.run("poem-genseckey", &[how, "-f", key.to_str().unwrap()]).done();
}

#[test]
fn a_backup_of_the_previous_key_is_restored() {
    let (_source, file) = backup();
    let installation = empty();
    new_key(&installation, "--rotate");
    said(&restore(&installation, &file, &[]), 1, "its MAC was made with another secret key");
    let key = "SecretKeyPath = %(VENV)s/etc/poem/secret_key\n";
    installation.configure(key, &format!("{key}PreviousSecretKeyPath = %(VENV)s/etc/poem/secret_key.previous\n"));
    restore(&installation, &file, &[]).done();
}

#[test]
fn a_backup_of_a_lost_key_needs_trust() {
    let (_source, file) = backup();
    let installation = empty();
    new_key(&installation, "--force");
    needs_trust(&installation, &file, "its MAC was made with another secret key");
    let without = empty();
    fs::remove_file(without.path("etc/poem/secret_key")).unwrap();
    needs_trust(&without, &file, "its MAC was made with another secret key");
}

#[test]
fn a_backup_from_before_the_mac_needs_trust() {
    let (_source, file) = backup();
    let content = unpacked(&file);
    let (dump, mac) = content.trim_end().rsplit_once('\n').unwrap();
    assert!(mac.starts_with("-- poem-backup HMAC-SHA256 "), "{mac}");
    pack(&file, &format!("{dump}\n"));
    needs_trust(&empty(), &file, "it has no MAC");
}

#[test]
fn a_backup_made_without_a_secret_key_is_warned_of() {
    let (installation, file) = backup();
    fs::remove_file(&file).unwrap();
    fs::rename(installation.path("etc/poem/secret_key"), installation.path("away")).unwrap();
    let directory = installation.path("backups");
    let ran = installation.run("poem-backup", &["-n", "egi", "-o", directory.to_str().unwrap()]).done();
    assert!(ran.stderr.contains("the backup has no MAC: a restore needs --trust"), "{ran:?}");
    needs_trust(&empty(), Path::new(ran.stdout.lines().next().unwrap()), "it has no MAC");
}

#[test]
fn an_unpacked_backup_is_named_and_one_that_was_packed_again_is_restored() {
    let (_source, file) = backup();
    let content = unpacked(&file);
    let installation = empty();
    fs::write(&file, &content).unwrap();
    for more in [&[][..], &["--trust"]] {
        said(&restore(&installation, &file, more), 1, "it was unpacked: pack it again with gzip; nothing was restored");
    }
    pack(&file, &content);
    restore(&installation, &file, &[]).done();
}

#[test]
fn a_backup_with_bytes_after_its_end_is_refused() {
    let (_source, file) = backup();
    let installation = empty();
    let mut bytes = fs::read(&file).unwrap();
    pack(&file, "\\! touch pwned\n");
    bytes.extend(fs::read(&file).unwrap());
    fs::write(&file, bytes).unwrap();
    for more in [&[][..], &["--trust"]] {
        said(&restore(&installation, &file, more), 1, "there are other bytes after its end; nothing was restored");
    }
}

#[test]
fn a_changed_backup_runs_nothing() {
    let (installation, file) = backup();
    let content = unpacked(&file);
    let pwned = installation.path("pwned");
    let (manifest, dump) = content.split_once('\n').unwrap();
    let shell = format!("\\! touch {}\n", pwned.display());
    let changes = [
        format!("{manifest}\n{shell}{dump}"),
        format!("{content}{shell}"),
        format!("{}\n{dump}", manifest.replace("\"EGI\"", "\"EVIL\"")),
        content.replacen("ams-probe", "bms-probe", 1),
        content.replace("alice", "mallo"),
    ];
    let new = empty();
    let before = everything(&new);
    for changed in changes {
        assert_ne!(changed, content);
        pack(&file, &changed);
        let refused = restore(&new, &file, &[]);
        assert!(refused.status == 1 && refused.stderr.contains(CONSEQUENCE), "{refused:?}");
        // The same through a pipe, which cannot be read twice.
        let mut command = new.command("poem-restore");
        command.args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(&fs::read(&file).unwrap());
        let piped = child.wait_with_output().unwrap();
        assert!(!piped.status.success() && String::from_utf8_lossy(&piped.stderr).contains(CONSEQUENCE), "{piped:?}");
        assert!(!pwned.exists());
        assert_eq!(everything(&new), before);
    }
}
