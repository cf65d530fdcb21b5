//! Root's part of a command, and the part that has given up root's rights.
//!
//! The files of the federated login are usually in a directory of root. So root starts a child that gives up its rights
//! and does the work: it talks to the network and the database, and reads what came from there. Root itself only writes
//! the result to its place.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::PROGRAM;
use crate::cli::Failure;
use crate::cli::context::{CommonArgs, Context};
use crate::config::Config;
use crate::config::server::SERVICE_USER;
use crate::domain::security::keys::random_hex;
use crate::output;

/// The environment variable by which the child knows that it is one.
const CHILD: &str = "POEM_SAML_CHILD";
/// The longest result of a child, in bytes: metadata of 20 MiB in JSON.
const MAX_RESULT: u64 = 64 * 1024 * 1024;

/// The user that files get which only POEM may read; `None` for the user of this process.
pub fn service_user(config: &Config) -> Result<Option<User>, Failure> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    Ok(User::from_name(config.server.user.as_deref().unwrap_or(SERVICE_USER))?)
}

/// Does the work without root's rights: in a child if root runs the command. Returns its result; `None` in the child,
/// which only prints it for its parent.
///
/// # Errors
/// Those of the work; `Reported` if the child has reported them.
pub fn without_rights<T: Serialize + DeserializeOwned>(
    common: &CommonArgs,
    config: &Config,
    work: impl FnOnce(&Context) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let is_child = std::env::var_os(CHILD).is_some();
    let stays_root = service_user(config)?.is_some_and(|user| user.uid.is_root());
    if Uid::effective().is_root() && !is_child && !stays_root {
        return result_of_child().map(Some);
    }
    let result = work(&Context::open(common, PROGRAM)?)?;
    if !is_child {
        return Ok(Some(result));
    }
    let text = serde_json::to_string(&result)?;
    output::show(text).map_err(|error| Failure::new(format!("the result could not be passed on: {error}")))?;
    Ok(None)
}

/// Starts this command again, as a child, and reads its result.
fn result_of_child<T: DeserializeOwned>() -> Result<T, Failure> {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| PROGRAM.into());
    let mut child = Command::new(std::env::current_exe()?)
        .arg0(name)
        .args(arguments)
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut text = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(MAX_RESULT).read_to_end(&mut text)?;
    }
    if !child.wait()?.success() {
        return Err(Failure::Reported);
    }
    Ok(serde_json::from_slice(&text)?)
}

/// A file to write, under a temporary name until it is put in its place.
pub struct NewFile {
    temporary: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// Writes a file next to its place. `owner`: the user that it is given to, if root writes it.
    ///
    /// # Errors
    /// `Failed`, with the path of the place.
    pub fn write(path: &Path, content: &[u8], mode: u32, owner: Option<&User>) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", random_hex(8)));
        let new = Self { temporary: path.with_file_name(name), path: path.to_owned() };
        let written = write_new(&new.temporary, content, mode, owner);
        written.map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        Ok(new)
    }

    /// Puts the file in its place, where it replaces another one.
    ///
    /// # Errors
    /// `Failed`, with the path of the place.
    pub fn put_in_place(self) -> Result<(), Failure> {
        let moved = std::fs::rename(&self.temporary, &self.path).and_then(|()| {
            let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
        });
        moved.map_err(|error| Failure::new(format!("{}: {error}", self.path.display())))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After it was put in its place there is nothing to remove.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn write_new(path: &Path, content: &[u8], mode: u32, owner: Option<&User>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(owner) = owner {
        fchown(&file, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
    }
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.sync_all()
}

/// Keeps the file under the name `FILE.previous`, without taking it from its place.
///
/// # Errors
/// `Failed`, with the path.
pub fn keep_previous(path: &Path) -> Result<PathBuf, Failure> {
    let mut previous = path.as_os_str().to_owned();
    previous.push(".previous");
    let previous = PathBuf::from(previous);
    let kept = match std::fs::remove_file(&previous) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::fs::hard_link(path, &previous),
    };
    kept.map_err(|error| Failure::new(format!("{}: {error}", previous.display())))?;
    Ok(previous)
}

/// The owner of a file; `None` if it does not exist or this process is not root.
pub fn owner_of(path: &Path) -> Option<User> {
    let owner = path.metadata().ok()?.uid();
    Uid::effective().is_root().then(|| User::from_uid(Uid::from_raw(owner)).ok().flatten()).flatten()
}
