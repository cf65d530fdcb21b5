//! What `poem doctor` says about an installation by the package: owners, remains of POEM 2.3, SELinux.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::{examined, healthy, write_system_file};
use crate::support::{Installation, skipped};

/// The user that POEM runs as in these tests.
const SERVICE_USER: &str = "nobody";

const OWNERS: &str = "can change what root runs or reads: ";

fn write(installation: &Installation, file: &str) {
    fs::create_dir_all(installation.path(file).parent().unwrap()).unwrap();
    fs::write(installation.path(file), "").unwrap();
}

/// The finding with these words; panics if there is none.
#[track_caller]
fn finding(installation: &Installation, words: &str) -> String {
    let ran = examined(installation);
    let found = ran.stdout.lines().find(|line| line.contains(words));
    found.unwrap_or_else(|| panic!("{words}: {ran:?}")).to_owned()
}

#[track_caller]
fn no_finding(installation: &Installation, words: &str) {
    let ran = examined(installation);
    assert!(!ran.stdout.contains(words), "{ran:?}");
}

/// Runs a command line of a finding, as an administrator would.
fn run(line: &str) {
    assert!(Command::new("sh").args(["-e", "-c", line]).status().unwrap().success(), "{line}");
}

/// An installation of POEM 2.3, after `chown -R apache:apache`. `None` if this user may not make one.
fn owned_by_the_service_user() -> Option<Installation> {
    if !geteuid().is_root() {
        skipped("only root can give files to another user");
        return None;
    }
    let installation = healthy();
    installation.configure("[SERVER]\nUser = root\n", &format!("[SERVER]\nUser = {SERVICE_USER}\n"));
    write(&installation, "bin/poem-db");
    write(&installation, "bin/poem");
    write(&installation, "usr/share/poem/static/poem.css");
    fs::create_dir_all(installation.path("var/log/poem")).unwrap();
    run(&format!("chown -R {SERVICE_USER}: '{}'", installation.path("").display()));
    write_system_file(&installation, "/etc/sysconfig/poem", "");
    Some(installation)
}

#[test]
fn what_root_runs_belongs_to_root_and_one_line_corrects_it() {
    let Some(installation) = owned_by_the_service_user() else { return };
    let line = finding(&installation, OWNERS);
    assert!(line.starts_with(&format!("  WRONG  {SERVICE_USER} can change what root runs or reads: ")), "{line}");
    let venv = installation.path("").canonicalize().unwrap();
    let owned = |paths: &[&str]| -> String {
        let shown = paths.iter().map(|path| venv.join(path).display().to_string());
        shown.map(|path| format!(" {}", path.trim_end_matches('/'))).collect()
    };
    let directories = ["", "bin", "bin/poem", "bin/poem-db", "etc", "usr", "usr/share", "usr/share/poem"];
    assert!(line.contains(&format!(": run chown root:root{} && chown root:", owned(&directories))), "{line}");
    assert!(line.contains(&owned(&["etc/poem", "etc/poem/poem.conf"])), "{line}");
    assert!(!line.contains("/var") && !line.contains("/static"), "{line}");
    run(line.split_once(": run ").unwrap().1);
    // The log and the secret key are still the service user's, which can still read poem.conf.
    finding(&installation, &format!("  ok     {SERVICE_USER} cannot change what root runs"));
    let uid = User::from_name(SERVICE_USER).unwrap().unwrap().uid.as_raw();
    for (file, owner) in [("var/log/poem", uid), ("etc/poem/secret_key", uid), ("etc/poem/poem.conf", 0)] {
        assert_eq!(fs::metadata(installation.path(file)).unwrap().uid(), owner, "{file}");
    }
    no_finding(&installation, "poem.conf: ");
}

#[test]
fn a_file_that_everybody_can_change_is_as_bad() {
    let Some(installation) = owned_by_the_service_user() else { return };
    run(&format!("chown -R root: '{}'", installation.path("").display()));
    no_finding(&installation, &format!("WRONG  {SERVICE_USER}"));
    let program = installation.path("bin/poem-db");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o777)).unwrap();
    let line = finding(&installation, "all users can change what root runs or reads: ");
    assert!(line.ends_with(&format!("reads: run chown root:root {0} && chmod 0755 {0}", program.display())), "{line}");
}

#[test]
fn a_program_of_roots_cron_outside_of_the_venv_counts() {
    let Some(installation) = owned_by_the_service_user() else { return };
    run(&format!("chown -R root: '{}'", installation.path("").display()));
    let program = installation.path("scripts/poem-report");
    write(&installation, "scripts/poem-report");
    chown(&program, User::from_name(SERVICE_USER).unwrap().map(|user| user.uid.as_raw()), None).unwrap();
    no_finding(&installation, "poem-report");
    write_system_file(&installation, "/etc/crontab", &format!("@daily root {} -v\n", program.display()));
    let line = finding(&installation, OWNERS);
    assert!(line.ends_with(&format!("reads: run chown root {0} && chmod go-w {0}", program.display())), "{line}");
}

#[test]
fn an_installation_whose_commands_root_does_not_run_may_belong_to_its_user() {
    let installation = healthy();
    // As root, this is a container whose only user is root; else it is that of a developer.
    fs::set_permissions(installation.path("etc"), fs::Permissions::from_mode(0o777)).unwrap();
    no_finding(&installation, OWNERS);
    write_system_file(&installation, "/etc/cron.d/other", "@daily root /usr/bin/true\n");
    no_finding(&installation, OWNERS);
}

#[test]
fn the_virtualenv_of_poem_2_3_is_removed_by_one_line_which_keeps_poem_3() {
    let installation = healthy();
    let old = [
        "bin/python3.6",
        "bin/pip3",
        "bin/activate.csh",
        "bin/activate_this.py",
        "lib/python3.6/site-packages/Poem/settings.py",
        "include/python3.6m/Python.h",
        "share/python-wheels/x.whl",
        "usr/share/poem/apache/poem.wsgi",
        "usr/share/poem/static/admin/css/base.css",
    ];
    let own = ["bin/poem-db", "bin/poem", "bin/report.sh", "usr/share/poem/static/poem.css", "etc/poem/secret_key"];
    for file in old.iter().chain(own[..4].iter()) {
        write(&installation, file);
    }
    symlink("python3.6", installation.path("bin/python")).unwrap();
    symlink("lib", installation.path("lib64")).unwrap();
    let line = finding(&installation, "POEM 2.3 has left files that POEM 3 does not use: rm -rf ");
    assert!(line.starts_with("  note   "), "{line}");
    run(line.split_once("use: ").unwrap().1);
    for gone in old.iter().chain(&["bin/python", "lib64", "lib"]) {
        assert!(installation.path(gone).symlink_metadata().is_err(), "{gone}: {line}");
    }
    for file in own {
        assert!(installation.path(file).exists(), "{file}: {line}");
    }
    no_finding(&installation, "POEM 2.3 has left");
}

#[test]
fn another_virtualenv_is_left_alone() {
    let installation = healthy();
    for file in ["bin/python", "bin/activate", "lib/python3.11/site-packages/other.py"] {
        write(&installation, file);
    }
    no_finding(&installation, "POEM 2.3 has left");
}

#[test]
fn files_that_the_package_replaced_or_did_not_replace_are_named() {
    let installation = healthy();
    write(&installation, "etc/poem/poem_logging.conf.poem-2.3");
    write(&installation, "etc/poem/poem.conf.rpmnew");
    for path in ["/opt/rh/httpd24/root/etc/httpd/conf.d/poem.conf.poem-2.3", "/etc/profile.d/venv_poem.sh"] {
        write_system_file(&installation, path, "");
    }
    let line = finding(&installation, "files of POEM 2.3 were replaced");
    for path in
        ["etc/poem/poem_logging.conf.poem-2.3", "system/opt/rh/httpd24/root/etc/httpd/conf.d/poem.conf.poem-2.3"]
    {
        assert!(line.contains(&installation.path(path).display().to_string()), "{line}");
    }
    finding(&installation, "POEM 2.3 has left a file that every login shell reads: rm ");
    let conf = installation.config_path().display().to_string();
    let line = finding(&installation, "a new version of ");
    assert!(line.contains(&format!("compare with diff {conf} {conf}.rpmnew, then remove the new one")), "{line}");
}

#[test]
fn selinux_is_not_mentioned_unless_it_is_enforcing() {
    let installation = healthy();
    no_finding(&installation, "SELinux");
    write_system_file(&installation, "/etc/selinux/config", "# SELINUX=enforcing\nSELINUX=permissive\n");
    no_finding(&installation, "SELinux");
    write_system_file(&installation, "/etc/selinux/config", "SELINUX=enforcing\n");
    finding(&installation, "SELinux: httpd may not connect to port 8000");
    write_system_file(&installation, "/sys/fs/selinux/enforce", "0");
    no_finding(&installation, "SELinux");
    write_system_file(&installation, "/sys/fs/selinux/enforce", "1");
    finding(&installation, "setsebool -P httpd_can_network_relay on; setsebool -P httpd_can_network_connect on allows");
    write_system_file(&installation, "/sys/fs/selinux/booleans/httpd_can_network_connect", "1 1");
    no_finding(&installation, "SELinux");
    fs::remove_file(installation.path("system/sys/fs/selinux/booleans/httpd_can_network_connect")).unwrap();
    installation.configure("Port = 8000\n", "");
    no_finding(&installation, "SELinux");
}

#[test]
fn the_environment_of_the_service_is_read_alike_by_systemd_and_the_shell() {
    let installation = healthy();
    no_finding(&installation, "sysconfig");
    write_system_file(&installation, "/etc/sysconfig/poem", "#A=$b\nPOEM__DATABASE__PASSWORD=\"a b\"\n");
    finding(&installation, "  ok     environment /");
    write_system_file(&installation, "/etc/sysconfig/poem", "export A=1\nPASSWORD=s3cr3t word\nB=`id`\n");
    let ran = examined(&installation);
    for words in ["poem, line 1: it is neither", "poem, line 2: a value with blanks", "poem, line 3: a value cannot"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    assert!(ran.status == 1 && !ran.stdout.contains("s3cr3t"), "{ran:?}");
}

#[test]
fn a_look_that_cannot_be_used_is_named_with_the_values_that_can() {
    let installation = super::healthy();
    installation.configure("[GENERAL_EGI]\n", "[GENERAL_EGI]\nColor = navy\nLetter = EGI\n");
    for (words, allowed) in [
        ("[GENERAL_EGI] Color is not", "one of teal, green, olive, brown, pink, violet, blue and slate"),
        ("[GENERAL_EGI] Letter is not", "one or two letters or digits"),
    ] {
        let found = finding(&installation, words);
        assert!(found.contains(allowed) && found.contains("poem.conf, line "), "{found}");
    }
}
