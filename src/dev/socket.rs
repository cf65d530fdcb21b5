//! The directory of the server's socket. Every user who may enter it can connect.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::error::{DevError, unless_missing};
use super::run_as_user::UserAccount;
use crate::domain::security::keys::random_hex;

/// The number in the name of the socket's file. Nothing listens on the network.
pub const PORT: u16 = 5432;
/// The longest path of a Unix socket, in bytes, without the final zero (`sun_path`, unix(7)).
const PATH_MAX: usize = 107;

/// The directory of the socket. A temporary one is removed when this value is dropped.
#[derive(Debug)]
pub struct SocketDir {
    /// The absolute path.
    pub path: PathBuf,
    is_temporary: bool,
}

impl SocketDir {
    /// Makes `dir/socket`, or a temporary directory if that path is too long or odd or the account may not enter `dir`.
    ///
    /// Only the account may enter the directory. This is the access control, because PostgreSQL asks for no password.
    ///
    /// # Errors
    /// `File`.
    pub fn make(dir: &Path, account: UserAccount) -> Result<Self, DevError> {
        let near = dir.join("socket");
        if fits_a_socket(&near) && account.can_enter(dir) {
            // A killed server may have left it behind, with another owner.
            fs::remove_dir_all(&near).or_else(unless_missing).map_err(DevError::file("remove", &near))?;
            account.private_dir(&near)?;
            return Ok(Self { path: near, is_temporary: false });
        }
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|_| !geteuid().is_root());
        let parent = runtime.filter(|dir| dir.is_absolute() && dir.is_dir()).unwrap_or_else(|| "/tmp".into());
        let path = parent.join(format!("poem-{}", random_hex(8)));
        account.private_dir(&path)?;
        Ok(Self { path, is_temporary: true })
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if self.is_temporary {
            // An empty directory that stays behind does no harm.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Checks that the path is short enough for a socket, and plain: commas and quotes have a meaning in
/// `unix_socket_directories`.
pub fn fits_a_socket(dir: &Path) -> bool {
    let file = dir.join(format!(".s.PGSQL.{PORT}"));
    file.as_os_str().len() <= PATH_MAX
        && dir.to_str().is_some_and(|path| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)))
}
