//! The directory of the server's socket: whoever may enter it is let in.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::error::{DevError, unless_missing};
use super::run_as_user::UserAccount;
use crate::domain::security::keys::random_hex;

/// Only names the socket's file: nothing listens on the network.
pub const PORT: u16 = 5432;
/// What a Unix socket's address holds, in bytes, without the final zero.
const PATH_MAX: usize = 107;

/// The directory of the socket; removed again where it was made only for this run.
#[derive(Debug)]
pub struct SocketDir {
    pub path: PathBuf,
    fleeting: bool,
}

impl SocketDir {
    /// `dir/socket` where its name is short and plain enough and the account may enter it, else a fresh directory.
    /// Only the account may enter either: that is what lets in whom, for PostgreSQL asks no password.
    pub fn make(dir: &Path, account: UserAccount) -> Result<Self, DevError> {
        let near = dir.join("socket");
        if fits_a_socket(&near) && account.can_enter(dir) {
            // What a killed server left in it is in nobody's way, but its owner may have been somebody else.
            fs::remove_dir_all(&near).or_else(unless_missing).map_err(DevError::file("remove", &near))?;
            account.private_dir(&near)?;
            return Ok(Self { path: near, fleeting: false });
        }
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|_| !geteuid().is_root());
        let parent = runtime.filter(|dir| dir.is_absolute() && dir.is_dir()).unwrap_or_else(|| "/tmp".into());
        let path = parent.join(format!("poem-{}", random_hex(8)));
        account.private_dir(&path)?;
        Ok(Self { path, fleeting: true })
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if self.fleeting {
            // What is left is an empty directory; no reason to fail.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Commas and quotes mean something in `unix_socket_directories`.
pub fn fits_a_socket(dir: &Path) -> bool {
    let file = dir.join(format!(".s.PGSQL.{PORT}"));
    file.as_os_str().len() <= PATH_MAX
        && dir.to_str().is_some_and(|path| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)))
}
