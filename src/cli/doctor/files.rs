//! The files: keys, permissions, logging, templates, static files.

use std::os::unix::fs::MetadataExt;

use super::{Check, Findings};
use crate::app;
use crate::config::{Config, secret_key};
use crate::logging;

pub(super) fn check(findings: &mut Findings, config: &Config) {
    for unknown in config.unknown_keys() {
        findings.note(Check::UnknownKey, unknown.to_string());
    }
    for problem in config.mode_problems() {
        findings.wrong(Check::ConfigurationMode, problem);
    }
    for problem in config.unencrypted_tokens() {
        findings.note(Check::WebApiEncryption, problem);
    }
    check_keys(findings, config);
    if let Some(management) = config.server.management.filter(|management| !management.ip().is_loopback()) {
        let message = format!("health and metrics are served at {management}, also to other machines");
        findings.note(Check::ManagementAddress, message);
    }
    findings.check(Check::Logging, "logging", logging::check(config));
    for directory in app::directories(config) {
        let what = format!("{} in {}", directory.what, directory.path.display());
        findings.check(Check::Directories, &what, directory.check());
    }
}

fn check_keys(findings: &mut Findings, config: &Config) {
    let security = &config.security;
    let key = &security.secret_key_path;
    findings.check(Check::SecretKey, &format!("secret key {}", key.display()), secret_key::read(key));
    if let Some(previous) = &security.previous_secret_key_path {
        let what = format!("previous secret key {}", previous.display());
        findings.check(Check::PreviousSecretKey, &what, secret_key::read_previous(previous));
    }
    if let Some(key) = &security.host_key
        && key.metadata().is_ok_and(|key| key.mode() & 0o006 != 0)
    {
        let key = key.display();
        findings.wrong(Check::HostKeyMode, format!("[SECURITY] HostKey: all users can use {key}: run chmod o= {key}"));
    }
    let optional = [
        ("CAFile", &security.ca_file),
        ("CAPath", &security.ca_path),
        ("HostCert", &security.host_cert),
        ("HostKey", &security.host_key),
    ];
    for (key, path) in optional {
        if let Some(path) = path.as_deref().filter(|path| !path.exists()) {
            let message = format!("{} does not exist; needed for fetching over https", path.display());
            findings.note(Check::SecurityFiles, format!("[SECURITY] {key}: {message}"));
        }
    }
}
