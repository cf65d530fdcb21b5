//! The server's way to its log file: lines are gathered for a moment and written together. Written each by itself,
//! under one lock, requests waited for each other's lines.

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

/// How long a line may wait for others. Warnings and errors do not wait, nor does what stands before them.
const GATHER_FOR: Duration = Duration::from_millis(50);

/// So many bytes are written at once, by whoever logs.
const ENOUGH: usize = 64 * 1024;

/// So many wait while the file takes none, on a disk that is full; what comes then is lost, and counted.
const MOST: usize = 1024 * 1024;

/// How soon a file that took nothing is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Writes what waits when it is flushed or dropped, too.
#[derive(Debug)]
pub struct BufferedAppender {
    line: Line,
    gathered: Arc<Buffer>,
    /// Tells the thread that lines wait. The thread ends when this is gone.
    wake: SyncSender<()>,
}

#[derive(Debug)]
struct Buffer {
    waiting: Mutex<Waiting>,
    /// Locked before the lines are taken, so that they are written in their order.
    file: Mutex<WeeklyFile>,
}

/// What is not yet written.
#[derive(Debug, Default)]
struct Waiting {
    /// Whole lines; but the first may have begun to be written when the disk was full.
    lines: Vec<u8>,
    /// How many there was no room for.
    lost: usize,
}

impl BufferedAppender {
    /// # Errors
    /// The system gives no thread.
    pub fn new(line: Line, file: WeeklyFile) -> io::Result<Self> {
        let gathered = Arc::new(Buffer { waiting: Mutex::default(), file: Mutex::new(file) });
        let (wake, woken) = sync_channel(1);
        let of_thread = gathered.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || of_thread.keep_writing(&woken))?;
        Ok(Self { line, gathered, wake })
    }
}

impl Append for BufferedAppender {
    fn append(&self, record: &Record) -> anyhow::Result<()> {
        let line = self.line.with_time(Utc::now(), record);
        let (first, enough) = self.gathered.add(line.as_bytes());
        if enough || record.level() <= Level::Warn {
            return self.gathered.write();
        }
        if first {
            // Full: the thread was told and did not come to it yet.
            let _ = self.wake.try_send(());
        }
        Ok(())
    }

    fn flush(&self) {
        self.gathered.write_or_complain();
    }
}

impl Drop for BufferedAppender {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Buffer {
    /// Says whether nothing waited before, and whether enough does now.
    fn add(&self, line: &[u8]) -> (bool, bool) {
        let mut waiting = lock(&self.waiting);
        let first = waiting.lines.is_empty();
        if waiting.lines.len() + line.len() > MOST {
            waiting.lost += 1;
        } else {
            waiting.lines.extend_from_slice(line);
        }
        (first, waiting.lines.len() >= ENOUGH)
    }

    /// What cannot be written goes on waiting.
    fn write(&self) -> anyhow::Result<()> {
        let mut file = lock(&self.file);
        let Waiting { mut lines, lost } = std::mem::take(&mut *lock(&self.waiting));
        if lines.is_empty() {
            return Ok(());
        }
        let written = file.write(&mut lines);
        if lines.is_empty() {
            if lost > 0 {
                eprintln!("poem: {lost} lines of the log were lost while it could not be written");
            }
        } else {
            let mut waiting = lock(&self.waiting);
            lines.append(&mut waiting.lines);
            (waiting.lines, waiting.lost) = (lines, waiting.lost + lost);
        }
        written
    }

    fn write_or_complain(&self) {
        if let Err(error) = self.write() {
            eprintln!("poem: the log cannot be written: {error:#}");
        }
    }

    fn keep_writing(&self, woken: &Receiver<()>) {
        loop {
            let nothing_waits = lock(&self.waiting).lines.is_empty();
            let next = if nothing_waits { woken.recv().map_err(Into::into) } else { woken.recv_timeout(AGAIN) };
            if next == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            thread::sleep(GATHER_FOR);
            self.write_or_complain();
        }
    }
}

/// A thread that panicked left whole lines behind all the same.
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
        BufferedAppender::new(line, WeeklyFile::open(path, 2, chrono_tz::UTC).unwrap()).unwrap()
    }

    fn log(appender: &BufferedAppender, level: Level, message: &str) {
        appender.append(&Record::builder().level(level).args(format_args!("{message}")).build()).unwrap();
    }

    fn messages(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.1.to_owned())).collect()
    }

    #[test]
    fn a_warning_brings_what_stands_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        log(&appender, Level::Warn, "two");
        assert_eq!(messages(&path), ["one", "two"]);
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        drop(appender);
        assert_eq!(messages(&path), ["one"]);
    }

    #[test]
    fn nobody_has_to_ask_for_a_line() {
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

    #[test]
    fn what_a_full_disk_does_not_take_is_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let appender = appender(&path);
        log(&appender, Level::Info, "one");
        let full = appender.append(&Record::builder().level(Level::Warn).args(format_args!("two")).build());
        assert!(full.unwrap_err().to_string().contains("No space left"));
        fs::remove_file(&path).unwrap();
        log(&appender, Level::Info, "three");
        appender.flush();
        assert_eq!(messages(&path), ["one", "two", "three"]);
    }

    #[test]
    fn a_file_that_was_removed_is_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let appender = appender(&path);
        log(&appender, Level::Warn, "one");
        fs::remove_file(&path).unwrap();
        log(&appender, Level::Warn, "two");
        assert_eq!(messages(&path), ["two"]);
    }

    #[test]
    fn lines_of_many_threads_are_all_there_and_whole() {
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
