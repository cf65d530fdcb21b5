//! Standard output and standard error: the only file that writes to them. Clippy refuses `println!` and the like in all
//! other files.
//!
//! `println!` panics if the write fails: on a full disk, or if the reader of a pipe has ended. Here a failed write never
//! ends a command half-way. The command finishes its work, and its exit status tells that the output is incomplete.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The first error of standard output.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line, or several, to standard output. An error is kept for [`failure`].
pub fn line(text: impl Display) {
    if let Err(error) = show(text) {
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Prints a line to standard output that the caller must know to be printed, for instance a secret.
///
/// # Errors
/// The line was not written completely. The error is not kept for [`failure`].
pub fn show(text: impl Display) -> io::Result<()> {
    write_line(stdout().lock(), text)
}

/// Prints a line to standard error. If that fails, there is no place left to report it.
pub fn warn(text: impl Display) {
    let _ = write_line(stderr().lock(), text);
}

/// Prints a line to standard error, unless that would have to wait for its reader. For the threads of the server: a
/// reader that has stopped reading must not stop them.
pub fn warn_without_waiting(text: impl Display) {
    let error = stderr();
    let mut one = [PollFd::new(error.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut one, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
        warn(text);
    }
}

/// Prints a question to standard error, where it is seen even if standard output is redirected.
///
/// # Errors
/// The question was not printed.
pub fn ask(question: &str) -> io::Result<()> {
    let mut error = stderr().lock();
    error.write_all(question.as_bytes())?;
    error.flush()
}

/// Takes the first error of standard output. `None` if everything was printed, and if the reader of a pipe has ended:
/// it had all that it wanted.
pub fn failure() -> Option<io::Error> {
    let failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner).take();
    failed.filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// Returns true if standard output is a terminal, so that a person reads it.
pub fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// Writes whole lines at once, so that none remains in the buffer of standard output.
fn write_line(mut out: impl Write, text: impl Display) -> io::Result<()> {
    out.write_all(format!("{text}\n").as_bytes())?;
    out.flush()
}

#[expect(clippy::disallowed_methods, reason = "the one place that writes to standard output")]
fn stdout() -> io::Stdout {
    io::stdout()
}

#[expect(clippy::disallowed_methods, reason = "the one place that writes to standard error")]
fn stderr() -> io::Stderr {
    io::stderr()
}
