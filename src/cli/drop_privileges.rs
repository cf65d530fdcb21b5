//! Root's rights are given up before anything else is done with them.

use nix::unistd::{Uid, User, initgroups, setgid, setuid};

use super::Failure;
use crate::config::server::SERVICE_USER;

/// Run as root: becomes the configured user, or `apache` where that user exists. Run as somebody else: stays.
/// Fails where the configured user does not exist; stays root where there is no `apache`, as on a developer's machine.
pub fn step_down(configured: Option<&str>) -> Result<(), Failure> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let name = configured.unwrap_or(SERVICE_USER);
    match (User::from_name(name)?, configured) {
        (Some(user), _) => become_user(&user),
        (None, Some(name)) => Err(Failure::new(format!("[SERVER] User: there is no user {name} on this machine"))),
        (None, None) => Ok(()),
    }
}

fn become_user(user: &User) -> Result<(), Failure> {
    let name = std::ffi::CString::new(user.name.as_str()).map_err(|_| Failure::new("a user's name with a NUL"))?;
    initgroups(&name, user.gid)?;
    setgid(user.gid)?;
    setuid(user.uid)?;
    Ok(())
}
