//! The MAC of a backup: its last line, with the HMAC of everything before it. It shows that the file was written by a
//! POEM with the same secret key and was not changed since.

use std::io::{self, Read, Write};

use crate::domain::security::keys::{BackupMac, Keys};

/// The beginning of the last line: a comment, so that the file remains SQL.
const PREFIX: &[u8] = b"-- poem-backup HMAC-SHA256 ";
/// The length of the last line: the prefix, 32 bytes in hex, a line end.
const LENGTH: usize = PREFIX.len() + 64 + 1;

/// A writer that adds the MAC of everything that was written, if there is a key.
pub struct MacWriter<W> {
    out: W,
    mac: Option<BackupMac>,
    last: u8,
}

impl<W: Write> MacWriter<W> {
    /// A writer to `out`; without a MAC if there is no key.
    pub fn new(out: W, keys: Option<&Keys>) -> Self {
        Self { out, mac: keys.map(Keys::backup_mac), last: b'\n' }
    }

    /// Writes the last line and returns the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn finish(mut self) -> io::Result<W> {
        if self.last != b'\n' {
            self.write_all(b"\n")?;
        }
        if let Some(mac) = self.mac {
            self.out.write_all(&line(&mac))?;
        }
        Ok(self.out)
    }
}

impl<W: Write> Write for MacWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        if let Some(mac) = &mut self.mac {
            mac.update(&bytes[..written]);
        }
        self.last = bytes[..written].last().copied().unwrap_or(self.last);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The outcome of the check of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacOutcome {
    /// The MAC was made with one of the keys.
    Valid,
    /// There is no MAC.
    Missing,
    /// The MAC was made with another key, or the backup was changed since.
    Wrong,
}

/// Checks the MAC of a whole backup, unpacked.
///
/// # Errors
/// The backup cannot be read to its end.
pub fn check(mut backup: impl Read, keys: Option<&Keys>) -> io::Result<MacOutcome> {
    let mut macs = keys.map(Keys::backup_macs).unwrap_or_default();
    // The end of what was read: it may be the last line.
    let mut tail = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = match backup.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        tail.extend_from_slice(&buffer[..length]);
        let before = tail.len().saturating_sub(LENGTH);
        macs.iter_mut().for_each(|mac| mac.update(&tail[..before]));
        tail.drain(..before);
    }
    match tail.starts_with(PREFIX) && tail.len() == LENGTH && tail.ends_with(b"\n") {
        false => Ok(MacOutcome::Missing),
        true if macs.iter().any(|mac| mac.is(&hex_of(&tail))) => Ok(MacOutcome::Valid),
        true => Ok(MacOutcome::Wrong),
    }
}

/// The MAC in the last line, in hex; '' if it is not text.
fn hex_of(line: &[u8]) -> String {
    String::from_utf8(line[PREFIX.len()..LENGTH - 1].to_vec()).unwrap_or_default()
}

fn line(mac: &BackupMac) -> Vec<u8> {
    [PREFIX, mac.hex().as_bytes(), b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::security::secret::Secret;

    fn keys(key: &str) -> Keys {
        Keys::derive(&Secret::new(key))
    }

    fn written(content: &[u8], keys: Option<&Keys>) -> Vec<u8> {
        let mut writer = MacWriter::new(Vec::new(), keys);
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    fn checked(backup: &[u8], keys: &Keys) -> MacOutcome {
        // Read in small pieces, so that the last line comes in several.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = buffer.len().min(7);
                self.0.read(&mut buffer[..length])
            }
        }
        let outcome = check(backup, Some(keys)).unwrap();
        assert_eq!(check(Slow(backup), Some(keys)).unwrap(), outcome);
        outcome
    }

    #[test]
    fn only_an_unchanged_backup_of_a_known_key_is_valid() {
        let (old, new) = (keys("old"), keys("new"));
        for content in [&b""[..], b"a\n", b"a line without an end", &[b'x'; 200_000]] {
            let backup = written(content, Some(&old));
            assert_eq!(checked(&backup, &old), MacOutcome::Valid);
            assert_eq!(checked(&backup, &keys("new").with_previous(&Secret::new("old"))), MacOutcome::Valid);
            assert_eq!(checked(&backup, &new), MacOutcome::Wrong);
            assert_eq!(check(&backup[..], None).unwrap(), MacOutcome::Wrong);
            assert_eq!(checked(&written(content, None), &old), MacOutcome::Missing);
        }
    }

    #[test]
    fn every_change_is_noticed() {
        let keys = keys("key");
        let backup = written(b"{}\nSELECT 1;\n", Some(&keys));
        for at in 0..backup.len() {
            let mut changed = backup.clone();
            changed[at] ^= 1;
            assert_ne!(checked(&changed, &keys), MacOutcome::Valid, "{at}");
            assert_ne!(checked(&backup[..at], &keys), MacOutcome::Valid, "{at}");
        }
        for added in [&b"x"[..], b"\n", b"\\! id\n"] {
            assert_ne!(checked(&[&backup, added].concat(), &keys), MacOutcome::Valid);
            assert_ne!(checked(&[added, &backup].concat(), &keys), MacOutcome::Valid);
        }
        assert_ne!(checked(&[&backup[..], &backup].concat(), &keys), MacOutcome::Valid);
    }
}
