//! Files that an upgrade leaves: the virtualenv of POEM 2.3, its files that were replaced, and new configuration files
//! next to changed ones.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::environment;
use super::system::{SystemFiles, arguments};
use super::{Check, Findings};
use crate::config::Config;

/// The files of a virtualenv in its directory `bin`: those whose names begin so.
const IN_BIN: [&str; 7] = ["activate", "python", "pip", "easy_install", "wheel", "django-admin", "__pycache__"];
/// The other files of a virtualenv.
const IN_VENV: [&str; 5] = ["lib", "lib64", "include", "share", "pyvenv.cfg"];
/// What POEM 2.3 had in its own directory and POEM 3 does not have.
const IN_SHARE: [&str; 2] = ["usr/share/poem/apache", "usr/share/poem/static/admin"];
/// Directories of the system that may have such files for other reasons.
const NO_VENV: [&str; 3] = ["/", "/usr", "/usr/local"];

/// The profile of POEM 2.3, which prints errors at every login when its Python is gone.
const PROFILE: &str = "/etc/profile.d/venv_poem.sh";
/// The directories, in addition to that of poem.conf, with files that the package replaced.
const REPLACED_IN: [&str; 3] = ["/etc/cron.d", "/etc/httpd/conf.d", "/opt/rh/httpd24/root/etc/httpd/conf.d"];
/// A part of the names under which the package keeps files that it replaced. Some have another ending.
const REPLACED: &str = ".poem-2.3";

/// Notes the files that are left.
pub(super) fn check(findings: &mut Findings, config: &Config, system: &SystemFiles) {
    let remains = remains(&config.venv);
    if !remains.is_empty() {
        let paths = arguments(remains.iter().map(PathBuf::as_path));
        findings.note(Check::OldVirtualenv, format!("POEM 2.3 has left files that POEM 3 does not use: rm -rf{paths}"));
    }
    let profile = system.path(PROFILE);
    if profile.exists() {
        let path = arguments([profile.as_path()]);
        findings.note(Check::OldFiles, format!("POEM 2.3 has left a file that every login shell reads: rm{path}"));
    }
    let replaced = replaced(config, system);
    if !replaced.is_empty() {
        let paths = arguments(replaced.iter().map(PathBuf::as_path));
        let message = "files of POEM 2.3 were replaced; carry over what you had changed in them, then remove them";
        findings.note(Check::OldFiles, format!("{message}: rm{paths}"));
    }
    for file in [config.file().to_owned(), config.logging_path(), system.path(environment::PATH)] {
        let new = with_ending(&file, ".rpmnew");
        if new.exists() {
            let paths = arguments([file.as_path(), &new]);
            let message = format!("a new version of {} is next to it: compare with diff{paths}", file.display());
            findings.note(Check::NewConfiguration, format!("{message}, then remove the new one"));
        }
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The files of POEM 2.3 in the VENV and of its virtualenv, as far as they exist.
fn remains(venv: &Path) -> Vec<PathBuf> {
    let mut remains = Vec::new();
    if is_of_poem_2_3(venv) {
        remains.extend(names_in(&venv.join("bin"), |name| IN_BIN.iter().any(|start| name.starts_with(start))));
        remains.extend(IN_VENV.map(|name| venv.join(name)));
    }
    remains.extend(IN_SHARE.map(|name| venv.join(name)));
    remains.retain(|path| path.symlink_metadata().is_ok());
    remains
}

/// Returns whether the directory is a virtualenv with POEM 2.3 in it. Another virtualenv is in use.
fn is_of_poem_2_3(venv: &Path) -> bool {
    if NO_VENV.iter().any(|directory| venv == Path::new(directory)) {
        return false;
    }
    let has_package = |lib: &str| {
        let pythons = names_in(&venv.join(lib), |name| name.starts_with("python"));
        pythons.iter().any(|python| python.join("site-packages/Poem").is_dir())
    };
    has_package("lib") || has_package("lib64") || venv.join("usr/share/poem/apache/poem.wsgi").exists()
}

/// The files that the package replaced.
fn replaced(config: &Config, system: &SystemFiles) -> Vec<PathBuf> {
    let configuration = config.file().parent().map(Path::to_owned);
    let directories = configuration.into_iter().chain(REPLACED_IN.map(|directory| system.path(directory)));
    directories.flat_map(|directory| names_in(&directory, |name| name.contains(REPLACED))).collect()
}

/// The files of a directory whose names are accepted, in order; none if it cannot be read. Names that a shell or a
/// terminal could misread are left out: the service user could write to some of these directories.
fn names_in(directory: &Path, is_accepted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let is_accepted = |name: &OsStr| name.to_str().is_some_and(|name| name.chars().all(is_plain) && is_accepted(name));
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.filter(|entry| is_accepted(&entry.file_name())).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
