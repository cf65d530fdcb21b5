//! A file of log lines: how it is opened, and the appender of commands, which only append to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::Utc;
use log::Record;
use log4rs::append::Append;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use super::line::Line;
use crate::output;

/// The mode of a new file. Lines name users and addresses, so not everyone may read them.
const MODE: u32 = 0o640;

/// Opens a file for appending; creates it and the directories above it.
///
/// Root does not follow a symbolic link: the directory belongs to the service user, who could make root write to any
/// file.
///
/// # Errors
/// Those of the operating system; for root also a symbolic link.
pub fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let flags = if geteuid().is_root() { OFlag::O_NOFOLLOW } else { OFlag::empty() };
    let opened = OpenOptions::new().append(true).create(true).mode(MODE).custom_flags(flags.bits()).open(path);
    opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::ELOOP as i32 => {
            io::Error::other("it is a symbolic link, which root does not follow")
        }
        _ => error,
    })
}

/// The appender of commands: each line is written at once.
#[derive(Debug)]
pub struct CommandAppender {
    line: Line,
    file: Mutex<File>,
}

impl CommandAppender {
    /// Opens the file.
    ///
    /// # Errors
    /// Those of [`open`].
    pub fn new(line: Line, path: &Path) -> io::Result<Self> {
        Ok(Self { line, file: Mutex::new(open(path)?) })
    }
}

impl Append for CommandAppender {
    fn append(&self, record: &Record) -> anyhow::Result<()> {
        let line = self.line.with_time(Utc::now(), record);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write per line: the server and the commands append to the same file.
        if let Err(error) = file.write_all(line.as_bytes()) {
            output::warn(format!("{}: the log cannot be written: {error}", self.line.program));
        }
        Ok(())
    }

    fn flush(&self) {}
}
