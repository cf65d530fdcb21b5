//! The log: where events go, as poem_logging.conf says, and how a line looks. The rest of POEM uses the `log` crate.
//!
//! The file is log4rs' YAML, with three kinds of our own: the appenders `weekly_file` and `syslog`, the encoder
//! `poem`. `{venv}` in it stands for the `VENV` of poem.conf.

mod buffered;
mod error;
mod line;
mod syslog;
mod weekly_file;
mod weekly_file_maker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use log::{LevelFilter, Log, Metadata, Record};
use log4rs::append::AppenderConfig;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::config::{Appender, Deserializers, Logger, RawConfig, Root};

use crate::config::Config;
pub use error::{LoggingError, Role};
use line::{Line, LineEncoder, LineEncoderMaker};
use syslog::SyslogMaker;
use weekly_file_maker::WeeklyFileMaker;

/// The name of this crate, which begins the target of its events.
const OWN_LOGGER: &str = "poem";

/// Starts logging as the file at [`Config::logging_path`] says. To be called once, before the first event.
///
/// `program` is what stands in every line. A command whose logging file is missing or whose log file cannot be
/// written says so on stderr, and logs there.
///
/// # Errors
/// A logging file that is not valid or of POEM 2.3; for the server also one that is missing, and a log file that
/// cannot be written.
pub fn init(program: &'static str, role: Role, config: &Config) -> Result<(), LoggingError> {
    let line = Line { program, pid: std::process::id(), timezone: config.general.timezone };
    let source = LoggingFile { path: &config.logging_path(), venv: &config.venv, debug: config.general.debug };
    let logging = match source.read(role, &line) {
        Err(error) if role == Role::Command && error.is_about_access() => {
            eprintln!("{program}: {error}: logging to standard error");
            to_stderr(line)?
        }
        result => result?,
    };
    let logger = log4rs::Logger::new(logging);
    log::set_max_level(logger.max_log_level());
    log::set_boxed_logger(Box::new(OwnEvents(logger))).map_err(|_| LoggingError::AlreadyStarted)
}

/// What Rocket's generated code says in the name of our modules («Request guard … failed») is left out: each request
/// has a line of our own.
struct OwnEvents(log4rs::Logger);

impl Log for OwnEvents {
    fn enabled(&self, metadata: &Metadata) -> bool {
        !metadata.target().ends_with("::_") && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Whether the server could log as the logging file says: it is read and its log file opened, nothing is written.
pub fn check(config: &Config) -> Result<(), LoggingError> {
    let line = Line { program: "poem", pid: std::process::id(), timezone: config.general.timezone };
    let source = LoggingFile { path: &config.logging_path(), venv: &config.venv, debug: config.general.debug };
    source.read(Role::Command, &line).map(drop)
}

/// The logging file, and what poem.conf says about it.
struct LoggingFile<'a> {
    path: &'a Path,
    venv: &'a Path,
    /// Whether POEM itself logs at level debug, unless the file has a logger `poem` that says otherwise.
    debug: bool,
}

impl LoggingFile<'_> {
    /// What the logging file says, its log files opened.
    fn read(&self, role: Role, line: &Line) -> Result<log4rs::Config, LoggingError> {
        let text = self.text()?;
        let raw: RawConfig = serde_norway::from_str(&text).map_err(|error| self.invalid(error))?;
        let parts: Appenders = serde_norway::from_str(&text).map_err(|error| self.invalid(error))?;
        let mut loggers = raw.loggers();
        if self.debug && loggers.iter().all(|logger| logger.name() != OWN_LOGGER) {
            loggers.push(Logger::builder().build(OWN_LOGGER, LevelFilter::Debug));
        }
        let config = log4rs::Config::builder().appenders(self.appenders(parts, role, line)?).loggers(loggers);
        config.build(raw.root()).map_err(|error| self.invalid(error))
    }

    fn text(&self) -> Result<String, LoggingError> {
        let unreadable = |source| LoggingError::Unreadable { path: self.path.to_owned(), source };
        let text = std::fs::read_to_string(self.path).map_err(unreadable)?;
        if is_python_style(&text) {
            return Err(LoggingError::PythonStyle { path: self.path.to_owned() });
        }
        Ok(text.replace("{venv}", &self.venv.display().to_string()))
    }

    fn appenders(&self, parts: Appenders, role: Role, line: &Line) -> Result<Vec<Appender>, LoggingError> {
        let deserializers = deserializers(role, line);
        let mut appenders = Vec::new();
        for (name, config) in parts.appenders {
            let made = make_appender(&name, config, &deserializers);
            appenders.push(made.map_err(|error| match error.downcast::<LoggingError>() {
                Ok(own) => own,
                Err(other) => self.invalid(format!("appender {name}: {other}")),
            })?);
        }
        Ok(appenders)
    }

    fn invalid(&self, message: impl ToString) -> LoggingError {
        LoggingError::Invalid { path: self.path.to_owned(), message: one_line(&message.to_string()) }
    }
}

/// The part of the logging file whose errors log4rs keeps to itself; it reads the rest ([`RawConfig`]).
#[derive(serde::Deserialize)]
struct Appenders {
    #[serde(default)]
    appenders: BTreeMap<String, AppenderConfig>,
}

fn make_appender(name: &str, config: AppenderConfig, deserializers: &Deserializers) -> anyhow::Result<Appender> {
    let mut builder = Appender::builder();
    for filter in config.filters {
        builder = builder.filter(deserializers.deserialize(&filter.kind, filter.config)?);
    }
    Ok(builder.build(name, deserializers.deserialize(&config.kind, config.config)?))
}

/// The kinds of log4rs and ours.
fn deserializers(role: Role, line: &Line) -> Deserializers {
    let mut deserializers = Deserializers::default();
    deserializers.insert("weekly_file", WeeklyFileMaker { role, line: line.clone() });
    deserializers.insert("syslog", SyslogMaker(line.clone()));
    deserializers.insert("poem", LineEncoderMaker(line.clone()));
    deserializers
}

/// Logging of a command that has nowhere else to log to.
fn to_stderr(line: Line) -> Result<log4rs::Config, LoggingError> {
    let console = ConsoleAppender::builder().target(Target::Stderr).encoder(Box::new(LineEncoder(line))).build();
    let invalid = |error: log4rs::config::runtime::ConfigErrors| LoggingError::Invalid {
        path: PathBuf::from("stderr"),
        message: one_line(&error.to_string()),
    };
    log4rs::Config::builder()
        .appender(Appender::builder().build("stderr", Box::new(console)))
        .build(Root::builder().appender("stderr").build(LevelFilter::Info))
        .map_err(invalid)
}

/// The sections of Python's `logging.config.fileConfig`.
fn is_python_style(text: &str) -> bool {
    text.lines().any(|line| matches!(line.trim(), "[loggers]" | "[handlers]" | "[formatters]"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use log::Level;

    use super::*;

    /// The shipped file, but not writing to the syslog of the machine that runs the tests.
    fn shipped() -> String {
        include_str!("../../etc/poem_logging.conf").replace("/dev/log", "{venv}/syslog")
    }

    /// Reads a logging file that stands in a fresh VENV.
    fn read_text(text: &str, role: Role) -> (tempfile::TempDir, Result<log4rs::Config, LoggingError>) {
        read_debug(text, role, false)
    }

    fn read_debug(text: &str, role: Role, debug: bool) -> (tempfile::TempDir, Result<log4rs::Config, LoggingError>) {
        let venv = tempfile::tempdir().unwrap();
        let path = venv.path().join("poem_logging.conf");
        fs::write(&path, text).unwrap();
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        let config = LoggingFile { path: &path, venv: venv.path(), debug }.read(role, &line);
        (venv, config)
    }

    fn refused(text: &str) -> String {
        let message = read_text(text, Role::Server).1.unwrap_err().to_string();
        assert!(!message.contains('\n'), "{message}");
        message
    }

    #[test]
    fn the_shipped_file_logs_below_any_venv_and_makes_the_directory() {
        for role in [Role::Server, Role::Command] {
            let (venv, config) = read_text(&shipped(), role);
            let logger = log4rs::Logger::new(config.unwrap());
            for (target, level, message) in [
                ("poem", Level::Info, "EGI: Added 12 VO"),
                ("poem", Level::Debug, "too much"),
                ("rocket::server", Level::Warn, "too much"),
                ("sqlx::query", Level::Info, "too much"),
            ] {
                logger.log(&Record::builder().target(target).level(level).args(format_args!("{message}")).build());
            }
            logger.flush();
            let log = fs::read_to_string(venv.path().join("var/log/poem/poem.log")).unwrap();
            assert!(log.ends_with(" - poem[7]: INFO EGI: Added 12 VO\n"), "{log}");
            assert_eq!(log.lines().count(), 1, "{log}");
        }
    }

    #[test]
    fn debug_makes_poem_say_more_and_others_not() {
        let (venv, config) = read_debug(&shipped(), Role::Command, true);
        let logger = log4rs::Logger::new(config.unwrap());
        for target in ["poem::store", "hyper::client", "other"] {
            logger
                .log(&Record::builder().target(target).level(Level::Debug).args(format_args!("from {target}")).build());
        }
        let log = fs::read_to_string(venv.path().join("var/log/poem/poem.log")).unwrap();
        assert!(log.ends_with("DEBUG from poem::store\n") && log.lines().count() == 1, "{log}");
    }

    #[test]
    fn a_file_of_poem_2_3_is_told_apart() {
        let message = refused("[loggers]\nkeys=root\n\n[handlers]\nkeys=file\n");
        assert!(message.contains("poem_logging.conf: is a logging file of POEM 2.3"), "{message}");
        assert!(message.contains("replace it by"), "{message}");
    }

    #[test]
    fn what_is_wrong_with_the_file_is_named() {
        let cases = [
            ("root: [", "poem_logging.conf: "),
            ("appenders: {a: {kind: kettle}}", "appender a: no appender deserializer for kind `kettle` registered"),
            ("appenders: {a: {kind: weekly_file}}", "appender a: Missing field path"),
            ("appenders: {a: {kind: weekly_file, path: /x, keep: many}}", "appender a: Invalid type"),
            ("appenders: {a: {kind: syslog, port: 1}}", "appender a: Unknown field port"),
            ("root: {level: loud}", "poem_logging.conf: root"),
            ("root: {level: info, appenders: [gone]}", "gone"),
        ];
        for (text, expected) in cases {
            let message = refused(text);
            assert!(message.contains("poem_logging.conf: ") && message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_log_file_that_cannot_be_written_is_named() {
        for role in [Role::Server, Role::Command] {
            let (_venv, config) = read_text("appenders: {a: {kind: weekly_file, path: /dev/null/poem.log}}", role);
            let error = config.unwrap_err();
            assert!(error.is_about_access());
            assert!(error.to_string().starts_with("log file /dev/null/poem.log: cannot be written: "), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        let path = Path::new("/nowhere/poem_logging.conf");
        let source = LoggingFile { path, venv: Path::new("/nowhere"), debug: false };
        let error = source.read(Role::Server, &line).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/poem_logging.conf: cannot be read: No such file"), "{error}");
        assert!(error.is_about_access());
    }

    #[test]
    fn other_appenders_can_use_our_encoder() {
        let text = "appenders: {a: {kind: file, path: '{venv}/x.log', encoder: {kind: poem}}}\n\
                    root: {level: info, appenders: [a]}";
        let (venv, config) = read_text(text, Role::Command);
        let logger = log4rs::Logger::new(config.unwrap());
        logger.log(&Record::builder().level(Level::Warn).args(format_args!("a\nb")).build());
        assert!(fs::read_to_string(venv.path().join("x.log")).unwrap().ends_with("poem[7]: WARNING a\\nb\n"));
    }

    #[test]
    fn the_server_does_not_start_without_its_logging_file() {
        let venv = tempfile::tempdir().unwrap();
        let file = venv.path().join("poem.conf");
        let text = include_str!("../../etc/poem.conf");
        fs::write(&file, text.replace("/home/pyvenv/poem", &venv.path().display().to_string())).unwrap();
        let error = init("poem", Role::Server, &Config::load(&file).unwrap()).unwrap_err();
        assert!(error.to_string().contains("etc/poem/poem_logging.conf: cannot be read"), "{error}");
    }

    #[test]
    fn a_command_can_log_to_stderr() {
        assert!(to_stderr(Line { program: "poem", pid: 7, timezone: chrono_tz::UTC }).is_ok());
    }
}
