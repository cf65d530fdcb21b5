//! The files that commands read: `-` is standard input, a byte order mark is dropped, gzip is unpacked.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::domain::security::keys::random_hex;

/// The FILE argument that means standard input, or standard output.
pub const STANDARD: &str = "-";

/// The first bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The first bytes of text in UTF-8 and in UTF-16 (Unicode, section 23.8).
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// The first bytes of archives that are not unpacked, and their names.
const OTHER_ARCHIVES: [(&[u8], &str); 4] =
    [(b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd")];

/// A file to read. `Display` names it in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// Standard input.
    Standard,
    /// A file, or a device such as a named pipe.
    Path(PathBuf),
}

impl fmt::Display for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl InputFile {
    /// The file of an option's value; `-` is standard input.
    pub fn new(path: &Path) -> Self {
        if path.as_os_str() == STANDARD { Self::Standard } else { Self::Path(path.to_owned()) }
    }

    /// Opens it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(&self) -> io::Result<File> {
        match self {
            Self::Standard => Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
            Self::Path(path) => File::open(path),
        }
    }

    /// Opens a private copy, which can be read more than once and nobody can change in the meantime. It has no name, so
    /// it is gone when it is closed.
    ///
    /// # Errors
    /// The file cannot be opened or copied.
    pub fn open_copy(&self) -> io::Result<File> {
        let mut file = self.open()?;
        let path = std::env::temp_dir().join(format!("poem-{}", random_hex(16)));
        let mut copy = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        io::copy(&mut file, &mut copy)?;
        copy.rewind()?;
        Ok(copy)
    }

    /// Reads the whole text, unpacked and without a byte order mark. `limit` is its maximum length in bytes.
    ///
    /// # Errors
    /// A sentence with the name of the file if it cannot be read, is longer, is damaged gzip, or is UTF-16.
    pub fn read_text(&self, limit: u64) -> Result<Vec<u8>, String> {
        let failed = |error: &dyn fmt::Display| format!("{self}: {error}");
        let mut file = self.open().map_err(|error| failed(&error))?;
        let mut start = Vec::new();
        file.by_ref().take(GZIP.len() as u64).read_to_end(&mut start).map_err(|error| failed(&error))?;
        let is_gzip = start == GZIP;
        let all = Cursor::new(start).chain(file);
        let text = match is_gzip {
            true => read_up_to(MultiGzDecoder::new(all), limit)
                .map_err(|error| failed(&format!("the gzip file is truncated or damaged: {error}")))?,
            false => read_up_to(all, limit).map_err(|error| failed(&error))?,
        };
        if text.len() as u64 > limit {
            return Err(format!("{self} is larger than {} MiB", limit / 1024 / 1024));
        }
        if text.is_empty() {
            return Err(failed(&"the file is empty"));
        }
        if let Some((_, kind)) = OTHER_ARCHIVES.iter().find(|(start, _)| text.starts_with(start)) {
            return Err(failed(&format!("this is a {kind} file: unpack it first")));
        }
        if UTF_16.iter().any(|mark| text.starts_with(mark)) {
            return Err(failed(&"this is UTF-16 text: save it as UTF-8"));
        }
        Ok(text.strip_prefix(&BYTE_ORDER_MARK).map_or_else(|| text.clone(), <[u8]>::to_vec))
    }
}

/// Reads everything, but at most one byte more than `limit`.
fn read_up_to(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    input.take(limit + 1).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(content: &[u8], limit: u64) -> Result<Vec<u8>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        InputFile::new(file.path()).read_text(limit)
    }

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_text_is_read_whatever_it_is_wrapped_in() {
        for content in [b"[1]".to_vec(), b"\xef\xbb\xbf[1]".to_vec(), packed(b"[1]"), packed(b"\xef\xbb\xbf[1]")] {
            assert_eq!(read(&content, 6), Ok(b"[1]".to_vec()));
        }
        for content in [&b"x"[..], b"\xef\xbb"] {
            assert_eq!(read(content, 9), Ok(content.to_vec()));
        }
    }

    #[test]
    fn another_file_is_named_for_what_it_is() {
        assert!(read(b"\xff\xfe[\0]\0", 9).unwrap_err().contains("this is UTF-16 text"));
        assert!(read(&packed(b"[1]")[..12], 9).unwrap_err().contains("the gzip file is truncated or damaged"));
        assert!(read(b"BZh91AY", 9).unwrap_err().contains("this is a bzip2 file: unpack it first"));
        assert!(read(b"", 9).unwrap_err().contains("the file is empty"));
        let long = vec![b'x'; 2 * 1024 * 1024];
        for content in [packed(&long), long] {
            assert!(read(&content, 1024 * 1024).unwrap_err().contains("is larger than 1 MiB"));
        }
    }

    #[test]
    fn a_copy_stays_as_it_was_when_the_file_is_changed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"checked").unwrap();
        let mut copy = InputFile::new(file.path()).open_copy().unwrap();
        file.rewind().unwrap();
        file.write_all(b"CHANGED").unwrap();
        let mut text = String::new();
        copy.read_to_string(&mut text).unwrap();
        assert_eq!(text, "checked");
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(InputFile::new(Path::new("-")), InputFile::Standard);
        assert_eq!(InputFile::new(Path::new("./-")), InputFile::Path("./-".into()));
    }
}
