//! The server's appender: lines are buffered for a moment and written together. If each line were written separately,
//! requests would wait for each other's writes.

use std::cell::Cell;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::Utc;
use log::{Level, Record};
use log4rs::append::Append;

use super::line::Line;
use super::weekly_file::WeeklyFile;
use crate::output;

/// The time that a line waits for others. A warning or error is written at once, with all lines before it.
const BUFFER_TIME: Duration = Duration::from_millis(50);

/// The bytes from which the buffer is written at once, by the thread that logs.
const FLUSH_SIZE: usize = 64 * 1024;

/// The most bytes that are buffered while the file cannot be written, as on a full disk. Further lines are lost, and
/// counted.
const BUFFER_LIMIT: usize = 1024 * 1024;

/// The time until the next attempt after a failed write.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The appender. A background thread writes the buffer; so do `flush` and `drop`.
#[derive(Debug)]
pub struct BufferedAppender {
    line: Line,
    buffer: Arc<Buffer>,
    /// Wakes the thread when lines wait. The thread ends when this is dropped.
    wake: SyncSender<()>,
}

/// The lines that wait, and the file they are written to.
#[derive(Debug)]
struct Buffer {
    waiting: Mutex<Waiting>,
    /// Locked before the lines are taken, so that they are written in order.
    file: Mutex<WeeklyFile>,
}

/// The lines that are not written yet.
#[derive(Debug, Default)]
struct Waiting {
    /// Whole lines; only the first may be the rest of a line, if the disk became full within it.
    lines: Vec<u8>,
    /// The number of lines that were lost because the buffer was full.
    lost: usize,
}

impl BufferedAppender {
    /// Starts the thread that writes to `file`.
    ///
    /// # Errors
    /// The operating system cannot create a thread.
    pub fn new(line: Line, file: WeeklyFile) -> io::Result<Self> {
        let buffer = Arc::new(Buffer { waiting: Mutex::default(), file: Mutex::new(file) });
        let (wake, woken) = sync_channel(1);
        let of_thread = buffer.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || of_thread.keep_writing(&woken))?;
        Ok(Self { line, buffer, wake })
    }
}

impl Append for BufferedAppender {
    fn append(&self, record: &Record) -> anyhow::Result<()> {
        let line = self.line.with_time(Utc::now(), record);
        let (first, is_full) = self.buffer.add(line.as_bytes());
        if is_full || record.level() <= Level::Warn {
            self.buffer.write_or_report();
        } else if first {
            // An error means that the channel is full: the thread has a wake-up pending.
            let _ = self.wake.try_send(());
        }
        Ok(())
    }

    fn flush(&self) {
        self.buffer.write_or_report();
    }
}

impl Drop for BufferedAppender {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Buffer {
    /// Adds a line. Returns whether it is the first in the buffer, and whether the buffer must be written now.
    fn add(&self, line: &[u8]) -> (bool, bool) {
        let mut waiting = lock(&self.waiting);
        let first = waiting.lines.is_empty();
        if waiting.lines.len() + line.len() > BUFFER_LIMIT {
            waiting.lost += 1;
        } else {
            waiting.lines.extend_from_slice(line);
        }
        (first, waiting.lines.len() >= FLUSH_SIZE)
    }

    /// Writes the buffer. Lines that cannot be written return to its front. Returns the number of lines that had been
    /// lost before, if all lines are written now.
    fn write(&self) -> (usize, anyhow::Result<()>) {
        let mut file = lock(&self.file);
        let Waiting { mut lines, lost } = std::mem::take(&mut *lock(&self.waiting));
        if lines.is_empty() {
            return (0, Ok(()));
        }
        let written = file.write(&mut lines);
        if lines.is_empty() {
            return (lost, written);
        }
        let mut waiting = lock(&self.waiting);
        lines.append(&mut waiting.lines);
        (waiting.lines, waiting.lost) = (lines, waiting.lost + lost);
        (0, written)
    }

    /// Writes the buffer, and reports on stderr what the log itself cannot take: after the file is released, and without
    /// waiting for a reader of stderr, so that no other thread has to wait for it.
    ///
    /// A panic while this thread writes is logged too: that line only joins the buffer.
    fn write_or_report(&self) {
        thread_local!(static WRITES: Cell<bool> = const { Cell::new(false) });
        if WRITES.replace(true) {
            return;
        }
        let (lost, written) = self.write();
        WRITES.set(false);
        if lost > 0 {
            output::warn_without_waiting(format!(
                "poem: {lost} lines of the log were lost while it could not be written"
            ));
        }
        if let Err(error) = written {
            output::warn_without_waiting(format!("poem: the log cannot be written: {error:#}"));
        }
    }

    /// The loop of the thread: waits for lines, lets more of them gather, and writes them.
    fn keep_writing(&self, woken: &Receiver<()>) {
        loop {
            let nothing_waits = lock(&self.waiting).lines.is_empty();
            let next =
                if nothing_waits { woken.recv().map_err(Into::into) } else { woken.recv_timeout(RETRY_INTERVAL) };
            if next == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            thread::sleep(BUFFER_TIME);
            self.write_or_report();
        }
    }
}

/// Locks a mutex. A poisoned one is used too: a thread that panicked has still left whole lines.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    fn appender(path: &Path) -> BufferedAppender {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        BufferedAppender::new(line, WeeklyFile::open(path, (2, 1 << 20), chrono_tz::UTC).unwrap()).unwrap()
    }

    fn log(appender: &BufferedAppender, level: Level, message: &str) {
        appender.append(&Record::builder().level(level).args(format_args!("{message}")).build()).unwrap();
    }

    fn messages(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.1.to_owned())).collect()
    }

    #[test]
    fn a_warning_is_written_at_once_with_the_lines_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        log(&appender, Level::Warn, "two");
        assert_eq!(messages(&path), ["one", "two"]);
    }

    #[test]
    fn buffered_lines_are_written_at_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        drop(appender);
        assert_eq!(messages(&path), ["one"]);
    }

    #[test]
    fn a_line_is_written_without_a_flush() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        for message in ["one", "two"] {
            log(&appender, Level::Info, message);
            let started = Instant::now();
            while messages(&path).last().map(String::as_str) != Some(message) {
                assert!(started.elapsed() < Duration::from_secs(10), "{message} was never written");
                thread::yield_now();
            }
        }
    }

    /// Makes a file that takes nothing. Root follows no link, but may make a device; returns false if it may not.
    fn full_disk(path: &Path) -> bool {
        use nix::sys::stat::{Mode, SFlag, makedev, mknod};

        match nix::unistd::geteuid().is_root() {
            true => mknod(path, SFlag::S_IFCHR, Mode::S_IRUSR | Mode::S_IWUSR, makedev(1, 7)).is_ok(),
            false => std::os::unix::fs::symlink("/dev/full", path).is_ok(),
        }
    }

    #[test]
    fn lines_that_a_full_disk_refused_are_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        if !full_disk(&path) {
            return;
        }
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        log(&appender, Level::Warn, "two");
        fs::remove_file(&path).unwrap();
        log(&appender, Level::Info, "three");
        appender.flush();
        assert_eq!(messages(&path), ["one", "two", "three"]);
    }

    #[test]
    fn a_removed_file_is_created_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Warn, "one");
        fs::remove_file(&path).unwrap();
        log(&appender, Level::Warn, "two");
        assert_eq!(messages(&path), ["two"]);
    }

    #[test]
    fn lines_of_many_threads_are_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..2000).for_each(|n| log(&appender, Level::Info, &n.to_string())));
            }
        });
        drop(appender);
        let mut numbers: Vec<usize> = messages(&path).iter().map(|message| message.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert!(numbers.chunks(4).enumerate().all(|(n, four)| four == [n; 4]));
    }
}
