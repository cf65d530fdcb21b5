//! The appender `kind: syslog`: one datagram per event to the local syslog daemon.
//!
//! If the daemon is not running or does not keep up, events are lost. It never blocks or slows POEM.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::{Level, Record};
use log4rs::append::Append;
use log4rs::config::{Deserialize, Deserializers};

use super::line::Line;

/// The socket of the daemon, unless the logging file sets `path`.
const DEFAULT_PATH: &str = "/dev/log";

/// Facility `user` in the upper bits of a priority (RFC 3164, section 4.1.1).
const FACILITY_USER: u8 = 1 << 3;

/// The longest message that daemons accept by default, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// The time until the next attempt to connect to a missing daemon: an attempt costs more than a line in the log file.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The appender. It connects on the first event.
#[derive(Debug)]
pub struct SyslogAppender {
    path: PathBuf,
    line: Line,
    daemon: Mutex<Daemon>,
    retry_interval: Duration,
}

/// The connection to the daemon.
#[derive(Debug)]
enum Daemon {
    /// No attempt was made so far.
    Unknown,
    /// Connected.
    Connected(UnixDatagram),
    /// The last attempt failed, at this moment.
    Missing(Instant),
}

impl SyslogAppender {
    /// Creates an appender for the daemon at the socket `path`.
    pub fn new(path: PathBuf, line: Line) -> Self {
        Self { path, line, daemon: Mutex::new(Daemon::Unknown), retry_interval: RETRY_INTERVAL }
    }

    /// Sends an event, and connects again if the connection was lost. Errors are ignored.
    fn send(&self, record: &Record) {
        let mut daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*daemon, Daemon::Missing(since) if since.elapsed() < self.retry_interval) {
            return;
        }
        let message = self.message(record);
        // log4rs would only print an error to stderr, for every event. The event is in poem.log anyway.
        match &*daemon {
            Daemon::Connected(socket) if !is_lost(&socket.send(&message)) => {}
            // The first event, or the daemon was restarted: the old socket is dead then.
            _ => {
                *daemon = match self.connect_and_send(&message) {
                    Ok(socket) => Daemon::Connected(socket),
                    Err(_) => Daemon::Missing(Instant::now()),
                }
            }
        }
    }

    fn connect_and_send(&self, message: &[u8]) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(&self.path)?;
        socket.send(message)?;
        Ok(socket)
    }

    /// Formats an event: priority and line, cut to [`MAX_LENGTH`].
    fn message(&self, record: &Record) -> Vec<u8> {
        let mut message = format!("<{}>{}", FACILITY_USER | severity(record.level()), self.line.without_time(record));
        truncate(&mut message, MAX_LENGTH);
        message.into_bytes()
    }
}

/// Returns whether the connection is lost. If the daemon is only busy, the event is lost but the connection is not.
fn is_lost(sent: &io::Result<usize>) -> bool {
    matches!(sent, Err(error) if error.kind() != io::ErrorKind::WouldBlock)
}

impl Append for SyslogAppender {
    fn append(&self, record: &Record) -> anyhow::Result<()> {
        self.send(record);
        Ok(())
    }

    fn flush(&self) {}
}

/// Cuts the text to at most this many bytes, between two characters.
fn truncate(text: &mut String, length: usize) {
    if text.len() > length {
        // 0 is a boundary, so there is always one.
        let end = (0..=length).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
        text.truncate(end);
    }
}

/// The severity of a level (RFC 3164, section 4.1.1).
fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Builds [`SyslogAppender`]s from `{path}`.
pub struct SyslogDeserializer(pub Line);

/// The options of the appender in the logging file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogOptions {
    /// The daemon's socket; `/dev/log` if not set.
    path: Option<PathBuf>,
}

impl Deserialize for SyslogDeserializer {
    type Trait = dyn Append;
    type Config = SyslogOptions;

    fn deserialize(&self, options: SyslogOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Append>> {
        let path = options.path.unwrap_or_else(|| DEFAULT_PATH.into());
        Ok(Box::new(SyslogAppender::new(path, self.0.clone())))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn appender(path: &Path) -> SyslogAppender {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        SyslogAppender { retry_interval: Duration::ZERO, ..SyslogAppender::new(path.to_owned(), line) }
    }

    fn log(appender: &SyslogAppender, level: Level, message: &str) {
        appender.append(&Record::builder().level(level).args(format_args!("{message}")).build()).unwrap();
    }

    fn daemon(path: &Path) -> UnixDatagram {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    fn received(daemon: &UnixDatagram) -> String {
        let mut buffer = vec![0; 2 * MAX_LENGTH];
        let length = daemon.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn an_event_is_one_datagram_with_priority_and_without_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = daemon(&path);
        let appender = appender(&path);
        log(&appender, Level::Info, "EGI: Added 12 VO");
        log(&appender, Level::Error, "a\nb");
        assert_eq!(received(&daemon), "<14>poem[7]: INFO EGI: Added 12 VO");
        assert_eq!(received(&daemon), "<11>poem[7]: ERROR a\\nb");
    }

    #[test]
    fn a_missing_daemon_loses_events_and_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let appender = appender(&path);
        log(&appender, Level::Info, "lost");
        let first = daemon(&path);
        log(&appender, Level::Info, "one");
        assert!(received(&first).ends_with("one"));
        drop(first);
        std::fs::remove_file(&path).unwrap();
        log(&appender, Level::Info, "lost");
        let second = daemon(&path);
        log(&appender, Level::Info, "two");
        assert!(received(&second).ends_with("two"));
    }

    #[test]
    fn a_missing_daemon_is_not_tried_at_every_event() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let appender = SyslogAppender { retry_interval: Duration::MAX, ..appender(&path) };
        log(&appender, Level::Info, "lost");
        let daemon = daemon(&path);
        daemon.set_nonblocking(true).unwrap();
        log(&appender, Level::Info, "lost too");
        assert_eq!(daemon.recv(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_daemon_that_does_not_read_does_not_block_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = daemon(&path);
        let appender = appender(&path);
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for number in 0..2000 {
                log(&appender, Level::Info, &number.to_string());
            }
            done.send(()).unwrap();
        });
        is_done.recv_timeout(Duration::from_secs(30)).expect("logging does not wait for the daemon");
        assert!(received(&daemon).ends_with(" 0"), "the first message arrived");
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let daemon = daemon(&path);
        log(&appender(&path), Level::Info, &"čć".repeat(MAX_LENGTH));
        let message = received(&daemon);
        assert!(message.len() <= MAX_LENGTH && message.len() > MAX_LENGTH - 4);
    }
}
