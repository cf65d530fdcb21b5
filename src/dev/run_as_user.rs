//! The user that the server runs as, because PostgreSQL refuses to run as root.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User, geteuid};

use super::error::DevError;

/// The user that runs `initdb` and the server: the user of this process, or an unprivileged one if that is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAccount {
    /// `None` for the user of this process.
    other: Option<(Uid, Gid)>,
}

impl UserAccount {
    /// The account for a server over `data`. For root it is the owner of existing data, else the user `postgres`, else
    /// `nobody`.
    ///
    /// # Errors
    /// `OtherOwner` if this process is not root and the data belong to another user.
    pub fn for_server(data: &Path) -> Result<Self, DevError> {
        let owner = data.metadata().ok().map(|data| (Uid::from_raw(data.uid()), Gid::from_raw(data.gid())));
        if geteuid().is_root() {
            return Ok(Self { other: Some(owner.filter(|(uid, _)| !uid.is_root()).unwrap_or_else(unprivileged)) });
        }
        match owner {
            Some((uid, _)) if uid != geteuid() => {
                Err(DevError::OtherOwner { path: data.to_path_buf(), owner: name_of(uid) })
            }
            _ => Ok(Self { other: None }),
        }
    }

    /// A command that runs as this account, in the directory `/` (the account may not enter the current directory).
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null());
        if let Some((uid, gid)) = self.other {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    /// Checks whether the account may enter the directory. Root's home, for example, is closed to other users.
    pub fn can_enter(self, dir: &Path) -> bool {
        self.other.is_none() || self.command(Path::new("true")).current_dir(dir).status().is_ok()
    }

    /// Makes a directory that belongs to the account and that only the account may enter.
    ///
    /// # Errors
    /// `File`, also if the path exists.
    pub fn private_dir(self, path: &Path) -> Result<(), DevError> {
        let made = DirBuilder::new().mode(0o700).create(path).and_then(|()| match self.other {
            Some((uid, gid)) => chown(path, Some(uid.as_raw()), Some(gid.as_raw())),
            None => Ok(()),
        });
        made.map_err(DevError::file("make the directory", path))
    }
}

fn unprivileged() -> (Uid, Gid) {
    const OVERFLOW_ID: u32 = 65534; // the kernel's overflow id, for systems without these users
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .map_or((Uid::from_raw(OVERFLOW_ID), Gid::from_raw(OVERFLOW_ID)), |user| (user.uid, user.gid))
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
