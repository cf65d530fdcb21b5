//! Commands that replace or delete data ask first, say what is lost, and never replace data by nothing.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::said;
use crate::support::installation::Ran;
use crate::support::sql::{everything, sql, tables};
use crate::support::{Installation, fixture};

const LOST: &str = "permanently deletes 3 probes, 8 metrics, 3 profiles, 2 aggregations, ";

fn load(installation: &Installation, dump: &str, more: &[&str]) -> Ran {
    let file = installation.path("dump.json");
    fs::write(&file, dump).unwrap();
    installation.run("poem-db", &[&["-d", "-n", "egi", "-f", file.to_str().unwrap()], more].concat())
}

#[test]
fn a_tenant_is_not_replaced_by_nothing() {
    let installation = Installation::with_small_data();
    let before = everything(&installation);
    let fixed = json!([{"model": "poem.tags", "pk": 1, "fields": {"name": "Production"}}]).to_string();
    let dropped = json!([{"model": "contenttypes.contenttype", "pk": 1,
                          "fields": {"app_label": "poem", "model": "probe"}}])
    .to_string();
    for dump in ["[]", "\u{feff}[]", &fixed, &dropped] {
        for more in [&["--replace"][..], &["--replace", "--yes"]] {
            said(&load(&installation, dump, more), 1, "holds nothing that could replace the data of the tenant EGI");
            assert_eq!(everything(&installation), before);
        }
    }
}

#[test]
fn replacing_asks_and_says_what_is_lost() {
    let installation = Installation::with_small_data();
    sql(&installation, "UPDATE egi.profile SET description = 'mine'");
    let before = everything(&installation);
    let dump = fs::read_to_string(fixture("small.json")).unwrap();
    let asked = load(&installation, &dump, &["--replace"]);
    said(&asked, 2, "There is no terminal to ask on: use --yes");
    assert!(asked.stderr.contains(LOST), "{asked:?}");
    assert_eq!(everything(&installation), before);
    load(&installation, &dump, &["--replace", "--yes"]).done();
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.profile WHERE description = 'mine'"), ["0"]);
    assert!(installation.log().contains("EGI: replacing 3 probes, 8 metrics"), "{}", installation.log());
    said(&load(&installation, &dump, &["--yes"]), 2, "--replace");
}

#[test]
fn there_is_no_question_if_nothing_is_lost() {
    let installation = Installation::with_tenants();
    let dump = fs::read_to_string(fixture("small.json")).unwrap();
    load(&installation, &dump, &["--replace"]).done();
    let again = load(&installation, &dump, &["--replace"]).done();
    assert!(again.stdout.contains("nothing to do"), "{again:?}");
}

#[test]
fn profiles_are_not_emptied_by_an_import() {
    let installation = Installation::with_small_data();
    let file = installation.path("profiles.json");
    let file = file.to_str().unwrap();
    installation.run("poem-exportprofiles", &[file, "egi"]).done();
    let mut profiles: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    profiles[0]["metric_instances"] = json!([]);
    fs::write(file, profiles.to_string()).unwrap();
    let before = tables(&installation);
    let refused = installation.run("poem-importprofiles", &["-t", "egi", "-f", file]);
    said(&refused, 1, "nothing was imported: it has no metric instances for ARGO_MON, which has ");
    assert_eq!(tables(&installation), before);
    installation.run("poem-importprofiles", &["-t", "two", "-f", file]).done();
    let done = installation.run("poem-importprofiles", &["-t", "egi", "-f", file, "--yes"]).done();
    assert!(done.stdout.contains("Synchronized profile ARGO_MON: version 1.0 in EGI, changed. Deleted "), "{done:?}");
    installation.run("poem-importprofiles", &["-t", "egi", "-f", file]).done();
}

#[test]
fn an_export_is_not_replaced_by_an_empty_one() {
    let installation = Installation::with_small_data();
    let file = installation.path("profiles.json");
    let path = file.to_str().unwrap();
    installation.run("poem-exportprofiles", &[path, "egi"]).done();
    let before = fs::read(&file).unwrap();
    said(&installation.run("poem-exportprofiles", &[path, "two"]), 1, "two has no profiles, but ");
    assert_eq!(fs::read(&file).unwrap(), before);
    let new = installation.path("new.json");
    for _ in 0..2 {
        installation.run("poem-exportprofiles", &[new.to_str().unwrap(), "two"]).done();
    }
}

/// Runs a command with this text as standard input.
fn run_with_input(installation: &Installation, program: &str, arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = installation.command(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the executable runs");
    // A command that refuses the arguments does not read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A new command with -f needs its line here: the list of commands is that of the help.
#[test]
fn a_dash_is_standard_input_or_output_for_every_f() {
    let installation = Installation::with_small_data();
    let dump = fs::read(fixture("small.json")).unwrap();
    let exported = installation.run("poem-exportprofiles", &["-", "egi"]).done().stdout;
    let backups = installation.path("backups");
    fs::create_dir(&backups).unwrap();
    let backup = installation.run("poem-backup", &["-n", "egi", "-o", backups.to_str().unwrap()]).done().stdout;
    let backup = fs::read(backup.lines().next().unwrap()).unwrap();
    for name in super::NAMES.map(|(name, _)| name) {
        if !installation.run(name, &["-h"]).done().stdout.contains("-f, --") {
            continue;
        }
        let (arguments, input): (&[&str], &[u8]) = match name {
            "poem-db" => (&["-d", "-n", "egi", "-f", "-"], &dump),
            "poem-importprofiles" => (&["-t", "two", "-f", "-"], exported.as_bytes()),
            "poem-restore" => (&["--replace", "--yes", "-f", "-"], &backup),
            "poem-genseckey" => (&["-f", "-"], b""),
            other => panic!("{other}: -f - of it is not tested"),
        };
        let ran = run_with_input(&installation, name, arguments, input).done();
        assert!(!std::path::Path::new("-").exists(), "{name} made a file");
        assert_eq!(name == "poem-genseckey", ran.stdout.trim().len() == 64, "{ran:?}");
    }
    said(&installation.run("poem-genseckey", &["--rotate", "-f", "-"]), 2, "-f -");
}

#[test]
fn a_file_is_read_as_it_was_saved() {
    use flate2::write::GzEncoder;

    let installation = Installation::with_small_data();
    let exported = installation.run("poem-exportprofiles", &["-", "egi"]).done().stdout;
    let pack = |text: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    let dump = fs::read(fixture("small.json")).unwrap();
    for (dump, profiles) in [
        (pack(&dump), pack(exported.as_bytes())),
        ([b"\xef\xbb\xbf", &dump[..]].concat(), format!("\u{feff}{exported}").into_bytes()),
    ] {
        let ran = run_with_input(&installation, "poem-db", &["-d", "-n", "egi", "-f", "-"], &dump).done();
        assert!(ran.stdout.contains("nothing to do"), "{ran:?}");
        run_with_input(&installation, "poem-importprofiles", &["-t", "egi", "-f", "-"], &profiles).done();
    }
    let cut = run_with_input(&installation, "poem-db", &["-d", "-n", "egi", "-f", "-"], &pack(&dump)[..900]);
    said(&cut, 1, "standard input: the gzip file is truncated or damaged");
}

#[test]
fn users_with_unknown_password_hashes_are_named() {
    let installation = Installation::with_tenants();
    let mut rows: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(fixture("small.json")).unwrap()).unwrap();
    for row in &mut rows {
        match row["fields"]["username"].as_str() {
            Some("alice") => row["fields"]["password"] = json!("pbkdf2_sha1$1$salt$aaaa"),
            Some("bob") => row["fields"]["password"] = json!("bcrypt_sha256$$2b$12$aaaa"),
            Some("carol") => row["fields"]["password"] = json!("!unusable"),
            Some("dave") => row["fields"]["password"] = json!("pbkdf2_sha1$1$salt$bbbb"),
            _ => {}
        }
    }
    let ran = load(&installation, &json!(rows).to_string(), &[]).done();
    let words = |count, kind: &str, names: &str| {
        format!(
            "{count} user(s) cannot log in until a superuser sets a new password, because POEM does not know their kind of \
             password hash, \"{kind}\": {names}\n"
        )
    };
    assert!(ran.stderr.contains(&words(2, "pbkdf2_sha1", "alice, dave")), "{ran:?}");
    assert!(ran.stderr.contains(&words(1, "bcrypt_sha256", "bob")), "{ran:?}");
    assert!(!ran.stderr.contains("carol"), "{ran:?}");
}
