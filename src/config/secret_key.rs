//! The file of the secret key: created once, read at every start, readable only by the service user.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use super::error::remedy;
use super::security::Security;
use super::server::SERVICE_USER;
use crate::domain::security::keys::Keys;
use crate::domain::security::secret::Secret;

/// The characters of a key: 64, so that six bits of a random byte select one without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The characters of a new key, which are 384 bits.
const LENGTH: usize = 64;

/// The largest file, in bytes. A key is short; a much longer file is something else.
const MAX_LENGTH: u64 = 64 * 1024;

/// The reason why a secret key cannot be read or created. `Display` is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeyError {
    /// The file does not exist.
    #[error("secret key {0} is missing: restore it from your backup; only for a new installation, create one with \
             poem-genseckey -f {0}", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file of the previous key does not exist.
    #[error("previous secret key {0} is missing: restore it, or remove PreviousSecretKeyPath \
             from poem.conf", .path.display())]
    PreviousMissing {
        /// The file.
        path: PathBuf,
    },
    /// A rotation would overwrite the previous key.
    #[error("previous secret key {0} already exists: end its use first (see docs/operations.md), \
             then remove it", .path.display())]
    PreviousExists {
        /// The file of the previous key.
        path: PathBuf,
    },
    /// The file contains only white space.
    #[error("secret key {0} is empty: restore it from your backup, or create a new one, which invalidates all API \
             tokens: poem-genseckey --force -f {0}", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The mode of the file lets all users read or write it.
    #[error("secret key {0} is readable or writable by all users: run chmod 0600 {0}", .path.display())]
    OpenToAll {
        /// The file.
        path: PathBuf,
    },
    /// The path is not a file, or the file is too large or not UTF-8.
    #[error("secret key {0} is not a file of UTF-8 text of at most 64 kB", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The file exists, and is not overwritten without `--force`.
    #[error("secret key {0} already exists and was not changed: keep it. --rotate replaces it and keeps old tokens \
             valid, --force invalidates all API tokens", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("secret key {0}: {source}{1}", .path.display(), remedy(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// OpenSSL cannot generate random numbers.
    #[error("secret key {0}: no random numbers: {source}", .path.display())]
    Random {
        /// The file that was to be written.
        path: PathBuf,
        /// The error of OpenSSL.
        source: openssl::error::ErrorStack,
    },
}

/// Writes a new key: 64 printable characters and a newline.
///
/// The file is written atomically. It takes owner and group access from the key that it replaces. If there is none, it
/// has the mode 0600, and belongs to `apache` if root creates it and that user exists.
///
/// # Errors
/// `Exists` unless `force` is set; `Io` if the directory is not writable; `Random`.
pub fn generate(path: &Path, force: bool) -> Result<(), SecretKeyError> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(SecretKeyError::Exists { path: path.to_owned() });
    }
    let random = |source| SecretKeyError::Random { path: path.to_owned(), source };
    let key = new_key().map_err(random)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", random_text(8).map_err(random)?));
    let temporary = PathBuf::from(name);
    let result =
        write_private(&temporary, &key, path.metadata().ok()).and_then(|()| put_in_place(&temporary, path, force));
    // After a rename the name is gone already; otherwise this is a second link or an incomplete copy.
    let _ = std::fs::remove_file(&temporary);
    result.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SecretKeyError::Exists { path: path.to_owned() },
        _ => SecretKeyError::Io { path: path.to_owned(), source },
    })
}

/// Returns a new key: 64 printable characters.
///
/// # Errors
/// OpenSSL cannot generate random numbers.
pub fn new_key() -> Result<String, openssl::error::ErrorStack> {
    random_text(LENGTH)
}

/// Renames the key by appending `.previous`, and writes a new one in its place. Returns the new name of the old key.
///
/// # Errors
/// `PreviousExists`, because tokens made with that key would become invalid; those of [`read`]; `Io` if the directory
/// is not writable.
pub fn rotate(path: &Path) -> Result<PathBuf, SecretKeyError> {
    read(path)?;
    let mut previous = path.as_os_str().to_owned();
    previous.push(".previous");
    let previous = PathBuf::from(previous);
    std::fs::hard_link(path, &previous).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SecretKeyError::PreviousExists { path: previous.clone() },
        _ => SecretKeyError::Io { path: previous.clone(), source },
    })?;
    generate(path, true).inspect_err(|_| {
        // The key itself is still in place: this is only its second link.
        let _ = std::fs::remove_file(&previous);
    })?;
    Ok(previous)
}

/// Derives the keys from the secret key of the configuration, and from the previous one if it is in use.
///
/// # Errors
/// Those of [`read`]; `PreviousMissing`.
pub fn keys(security: &Security) -> Result<Keys, SecretKeyError> {
    let keys = Keys::derive(&read(&security.secret_key_path)?);
    match &security.previous_secret_key_path {
        Some(path) => Ok(keys.with_previous(&read_previous(path)?)),
        None => Ok(keys),
    }
}

/// Reads the previous secret key.
///
/// # Errors
/// Those of [`read`], with `PreviousMissing` in place of `Missing`.
pub fn read_previous(path: &Path) -> Result<Secret, SecretKeyError> {
    read(path).map_err(|error| match error {
        SecretKeyError::Missing { path } => SecretKeyError::PreviousMissing { path },
        other => other,
    })
}

/// Reads the key, without the newline at the end of the file. Any text is valid, so keys of POEM 2.3 keep working.
///
/// # Errors
/// `Missing`, `Empty`, `OpenToAll`, `NotText` or `Io`.
pub fn read(path: &Path) -> Result<Secret, SecretKeyError> {
    let io_error = |source| SecretKeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SecretKeyError::Missing { path: path.to_owned() },
        _ => io_error(source),
    })?;
    let metadata = file.metadata().map_err(io_error)?;
    if !metadata.is_file() || metadata.len() > MAX_LENGTH {
        return Err(SecretKeyError::NotText { path: path.to_owned() });
    }
    if metadata.mode() & 0o006 != 0 {
        return Err(SecretKeyError::OpenToAll { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(MAX_LENGTH).read_to_end(&mut bytes).map_err(io_error)?;
    let text = String::from_utf8(bytes).map_err(|_| SecretKeyError::NotText { path: path.to_owned() })?;
    if text.trim().is_empty() {
        return Err(SecretKeyError::Empty { path: path.to_owned() });
    }
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// Returns random characters of [`ALPHABET`].
fn random_text(length: usize) -> Result<String, openssl::error::ErrorStack> {
    let mut bytes = vec![0; length];
    openssl::rand::rand_bytes(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect())
}

/// Writes the file with the owner, and group access, of the key that it replaces.
fn write_private(path: &Path, key: &str, replaced: Option<Metadata>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if Uid::effective().is_root() {
        let owner = match &replaced {
            Some(replaced) => Some((replaced.uid(), replaced.gid())),
            None => User::from_name(SERVICE_USER)?.map(|user| (user.uid.as_raw(), user.gid.as_raw())),
        };
        if let Some((user, group)) = owner {
            std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
        }
    }
    // The umask may have removed permissions of the owner. If the group could read the old key, it can read the new
    // one.
    let group = replaced.map_or(0, |replaced| replaced.mode() & 0o040);
    file.set_permissions(Permissions::from_mode(0o600 | group))?;
    file.write_all(key.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Moves the file into place. Without `force` by a link, which fails if the name was taken in the meantime.
fn put_in_place(temporary: &Path, path: &Path, force: bool) -> io::Result<()> {
    if force { std::fs::rename(temporary, path) } else { std::fs::hard_link(temporary, path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &[u8], mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_new_key_is_long_private_and_readable_by_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret_key");
        generate(&path, false).unwrap();
        let key = read(&path).unwrap();
        assert_eq!(key.expose().len(), LENGTH);
        assert!(key.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
        assert_eq!(names(directory.path()), ["secret_key"]);
    }

    #[test]
    fn a_key_is_overwritten_only_by_force() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret_key");
        write(&path, b"old", 0o644);
        assert!(matches!(generate(&path, false), Err(SecretKeyError::Exists { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        generate(&path, true).unwrap();
        assert_ne!(read(&path).unwrap().expose(), "old");
        assert_eq!(names(directory.path()), ["secret_key"]);
    }

    #[test]
    fn a_rotated_key_is_kept_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret_key");
        assert!(matches!(rotate(&path), Err(SecretKeyError::Missing { .. })));
        write(&path, b"old", 0o600);
        let previous = rotate(&path).unwrap();
        let new = read(&path).unwrap();
        assert_eq!(read(&previous).unwrap().expose(), "old");
        assert_ne!(new.expose(), "old");
        assert!(matches!(rotate(&path), Err(SecretKeyError::PreviousExists { .. })));
        assert!(read(&path).unwrap() == new);
        assert_eq!(names(directory.path()).len(), 2);
    }

    #[test]
    fn two_keys_differ() {
        let directory = tempfile::tempdir().unwrap();
        let paths = [directory.path().join("a"), directory.path().join("b")];
        paths.iter().for_each(|path| generate(path, false).unwrap());
        assert!(read(&paths[0]).unwrap() != read(&paths[1]).unwrap());
    }

    #[test]
    fn a_key_of_poem_2_3_is_read_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret_key");
        write(&path, b"0g9$k(j6 =#v%+\n", 0o640);
        assert_eq!(read(&path).unwrap().expose(), "0g9$k(j6 =#v%+");
    }

    #[test]
    fn an_unusable_key_is_refused_with_advice() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret_key");
        let cases: [(&[u8], u32, &str); 4] = [
            (b"", 0o600, "is empty"),
            (b" \n", 0o600, "is empty"),
            (b"hush", 0o604, "is readable or writable by all users: run chmod 0600"),
            (b"\xff", 0o600, "is not a file of UTF-8 text"),
        ];
        for (text, mode, expected) in cases {
            write(&path, text, mode);
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("secret_key"), "{message}");
            assert!(!message.contains("hush"));
        }
        assert!(read(&directory.path().join("none")).unwrap_err().to_string().contains("is missing"));
        assert!(read(directory.path()).unwrap_err().to_string().contains("is not a file"));
    }

    #[test]
    fn a_missing_directory_is_an_error_and_nothing_is_created() {
        let directory = tempfile::tempdir().unwrap();
        let error = generate(&directory.path().join("none/secret_key"), true).unwrap_err();
        assert!(matches!(error, SecretKeyError::Io { .. }));
        assert!(names(directory.path()).is_empty());
    }
}
