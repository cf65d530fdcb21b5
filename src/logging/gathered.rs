//! The server's way to its log file: lines are gathered for a moment and written together. Written each by itself,
//! under one lock, requests waited for each other's lines.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
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

/// Writes what waits when it is flushed or dropped, too.
#[derive(Debug)]
pub struct GatheringAppender {
    line: Line,
    gathered: Arc<Gathered>,
    /// Tells the thread that lines wait. The thread ends when this is gone.
    wake: SyncSender<()>,
}

#[derive(Debug)]
struct Gathered {
    /// Whole lines that are not yet written.
    lines: Mutex<Vec<u8>>,
    /// Locked before the lines are taken, so that they are written in their order.
    file: Mutex<WeeklyFile>,
}

impl GatheringAppender {
    /// # Errors
    /// The system gives no thread.
    pub fn new(line: Line, file: WeeklyFile) -> io::Result<Self> {
        let gathered = Arc::new(Gathered { lines: Mutex::default(), file: Mutex::new(file) });
        let (wake, woken) = sync_channel(1);
        let of_thread = gathered.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || of_thread.keep_writing(&woken))?;
        Ok(Self { line, gathered, wake })
    }
}

impl Append for GatheringAppender {
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

impl Drop for GatheringAppender {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Gathered {
    /// Says whether nothing waited before, and whether enough does now.
    fn add(&self, line: &[u8]) -> (bool, bool) {
        let mut lines = lock(&self.lines);
        let first = lines.is_empty();
        lines.extend_from_slice(line);
        (first, lines.len() >= ENOUGH)
    }

    fn write(&self) -> anyhow::Result<()> {
        let mut file = lock(&self.file);
        let lines = std::mem::take(&mut *lock(&self.lines));
        if lines.is_empty() { Ok(()) } else { file.write(&lines) }
    }

    fn write_or_complain(&self) {
        if let Err(error) = self.write() {
            eprintln!("poem: the log cannot be written: {error:#}");
        }
    }

    fn keep_writing(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
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

    fn appender(path: &Path) -> GatheringAppender {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        GatheringAppender::new(line, WeeklyFile::open(path, 2, chrono_tz::UTC).unwrap()).unwrap()
    }

    fn log(appender: &GatheringAppender, level: Level, message: &str) {
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
