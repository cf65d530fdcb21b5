//! poem-genseckey.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::said;
use crate::support::Installation;

#[test]
fn a_key_is_made_for_the_owner_alone_and_not_overwritten() {
    let installation = Installation::bare();
    let file = installation.path("etc/poem/new_key");
    let arguments = ["-f", file.to_str().unwrap()];
    let made = installation.run("poem-genseckey", &arguments).done();
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.trim().len() >= 32 && !format!("{made:?}").contains(key.trim()), "{key}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    let again = installation.run("poem-genseckey", &arguments);
    said(&again, 1, "exists already and is not overwritten without --force");
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    installation.run("poem-genseckey", &[arguments[0], arguments[1], "--force"]).done();
    let forced = fs::read_to_string(&file).unwrap();
    assert_ne!(forced, key);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
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
