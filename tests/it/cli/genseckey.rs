//! `poem-genseckey`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::said;
use crate::support::Installation;

#[test]
fn a_new_key_is_private_and_not_overwritten() {
    let installation = Installation::bare();
    let file = installation.path("etc/poem/new_key");
    let arguments = ["-f", file.to_str().unwrap()];
    let made = installation.run("poem-genseckey", &arguments).done();
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.trim().len() >= 32 && !format!("{made:?}").contains(key.trim()), "{key}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    let again = installation.run("poem-genseckey", &arguments);
    said(&again, 1, "already exists and was not changed: keep it.");
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    installation.run("poem-genseckey", &[arguments[0], arguments[1], "--force"]).done();
    let forced = fs::read_to_string(&file).unwrap();
    assert_ne!(forced, key);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn a_replaced_key_keeps_its_owner_and_mode() {
    let installation = Installation::bare();
    let file = installation.path("etc/poem/secret_key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    if nix::unistd::Uid::effective().is_root() {
        std::os::unix::fs::chown(&file, Some(12345), Some(54321)).unwrap();
    }
    let rights = || fs::metadata(&file).map(|found| (found.mode() & 0o7777, found.uid(), found.gid())).unwrap();
    let before = rights();
    for option in ["--rotate", "--force"] {
        installation.run("poem-genseckey", &["-f", file.to_str().unwrap(), option]).done();
        assert_eq!(rights(), before, "{option}");
    }
}

#[test]
fn it_needs_a_file_in_a_directory_but_no_configuration() {
    let installation = Installation::bare();
    fs::remove_file(installation.config_path()).unwrap();
    said(&installation.run("poem-genseckey", &[]), 2, "Usage: poem-genseckey");
    said(&installation.run("poem-genseckey", &["-f"]), 2, "a value is required for '--file <FILE>'");
    let nowhere = installation.path("nowhere/key");
    said(&installation.run("poem-genseckey", &["-f", nowhere.to_str().unwrap()]), 1, "nowhere/key");
    let file = installation.path("key");
    installation.run("poem-genseckey", &["-f", file.to_str().unwrap()]).done();
}
