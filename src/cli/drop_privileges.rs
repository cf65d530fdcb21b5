//! Drops root's privileges before a command does anything else.

use nix::unistd::{Uid, User, initgroups, setgid, setuid};

use super::Failure;
use crate::config::server::SERVICE_USER;

const NO_USER: &str = "root runs this command, and there is no user apache to switch to: set User in [SERVER] of poem.conf \
                       to the user that POEM runs as; User = root if you mean root";

/// Changes from root to the configured user, or to `apache` if none is configured. Does nothing for other users.
///
/// Root stays root only if it is the configured user: files that the service user may replace, such as the log, would
/// otherwise let that user write with root's privileges.
///
/// # Errors
/// `Failed` if the user does not exist or the change is refused.
pub fn drop_privileges(configured: Option<&str>) -> Result<(), Failure> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let name = configured.unwrap_or(SERVICE_USER);
    match (User::from_name(name)?, configured) {
        (Some(user), _) => become_user(&user),
        (None, Some(name)) => Err(Failure::new(format!("[SERVER] User: there is no user {name} on this machine"))),
        (None, None) => Err(Failure::new(NO_USER)),
    }
}

fn become_user(user: &User) -> Result<(), Failure> {
    let name = std::ffi::CString::new(user.name.as_str())
        .map_err(|_| Failure::new("the user name contains a NUL character"))?;
    initgroups(&name, user.gid)?;
    setgid(user.gid)?;
    setuid(user.uid)?;
    Ok(())
}
