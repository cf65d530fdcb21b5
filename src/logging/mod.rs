//! The log: its targets, as configured in poem_logging.conf, and the format of its lines. All other modules use the
//! `log` crate.
//!
//! The file is log4rs' YAML, with three kinds of POEM's own: the appenders `weekly_file` and `syslog`, and the encoder
//! `poem`. `{venv}` in it stands for the `VENV` of poem.conf.

mod buffered; //          the server's appender: buffers lines and writes them together
mod error; //             errors of the logging file and the log file
mod line; //              the format of a line
mod log_file; //          opens log files; the appender of commands
mod secrets; //           keeps the secrets of requests out of the log
mod syslog; //            the appender `syslog`
mod weekly_file; //       a log file that is rotated weekly
mod weekly_file_deserializer; // the appender `weekly_file`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use log::{LevelFilter, Log, Metadata, Record};
use log4rs::append::AppenderConfig;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::config::{Appender, Deserializers, Logger, RawConfig, Root};

use crate::config::Config;
use crate::output;
pub use error::{LoggingError, Role};
use line::{Line, LineEncoder, LineEncoderDeserializer};
use syslog::SyslogDeserializer;
use weekly_file_deserializer::WeeklyFileDeserializer;

/// The name of this crate: the first part of the target of its events.
const OWN_LOGGER: &str = "poem";

/// Starts logging, as configured in the file at [`Config::logging_path`]. Must be called once, before the first event.
///
/// `program` is the name in every line. The server also logs panics. If the logging file cannot be read or the log file cannot be written, a command
/// reports that on stderr, and logs there.
///
/// # Errors
/// `Invalid` or `PythonStyle`; for the server also `Unreadable` and `LogFile`; `AlreadyStarted`.
pub fn init(program: &'static str, role: Role, config: &Config) -> Result<(), LoggingError> {
    let line = Line { program, pid: std::process::id(), timezone: config.general.timezone };
    let source = LoggingFile { path: &config.logging_path(), venv: &config.venv, debug: config.general.debug };
    let logging = match source.read(role, &line) {
        Err(error) if role == Role::Command && error.is_about_access() => {
            output::warn(format!("{program}: {error}: logging to standard error"));
            to_stderr(line)?
        }
        result => result?,
    };
    let logger = log4rs::Logger::new(logging);
    log::set_max_level(logger.max_log_level());
    log::set_boxed_logger(Box::new(OwnEvents(logger))).map_err(|_| LoggingError::AlreadyStarted)?;
    if role == Role::Server {
        std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    }
    Ok(())
}

/// The logger without the events that Rocket's generated code logs under the names of POEM's modules (“Request guard …
/// failed”), because each request already has its line in the request log, and without the secrets of requests, whatever
/// the logging file says.
struct OwnEvents(log4rs::Logger);

impl Log for OwnEvents {
    fn enabled(&self, metadata: &Metadata) -> bool {
        let is_generated = metadata.target().starts_with(OWN_LOGGER) && metadata.target().ends_with("::_");
        !is_generated && !secrets::may_be_in(metadata) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if !self.enabled(record.metadata()) {
            return;
        }
        match is_own(record.target()) {
            true => self.0.log(record),
            false => secrets::without_queries(record, |record| self.0.log(record)),
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Returns whether events of this target are POEM's own.
fn is_own(target: &str) -> bool {
    target
        .strip_prefix(OWN_LOGGER)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('-'))
}

/// Checks that the server could log: reads the logging file and opens the log file, but writes nothing.
///
/// # Errors
/// Those of the server in [`init`].
pub fn check(config: &Config) -> Result<(), LoggingError> {
    let line = Line { program: "poem", pid: std::process::id(), timezone: config.general.timezone };
    let source = LoggingFile { path: &config.logging_path(), venv: &config.venv, debug: config.general.debug };
    source.read(Role::Command, &line).map(drop)
}

/// The logging file, with the settings of poem.conf that affect it.
struct LoggingFile<'a> {
    path: &'a Path,
    venv: &'a Path,
    /// True if POEM itself logs at level debug, unless the file configures the logger `poem`.
    debug: bool,
}

impl LoggingFile<'_> {
    /// Reads the logging file and opens its log files.
    fn read(&self, role: Role, line: &Line) -> Result<log4rs::Config, LoggingError> {
        let text = self.text()?;
        self.check_paths(&text)?;
        let raw: RawConfig = serde_norway::from_str(&text).map_err(|error| self.invalid(error))?;
        let parts: Appenders = serde_norway::from_str(&text).map_err(|error| self.invalid(error))?;
        let mut loggers = raw.loggers();
        if self.debug && loggers.iter().all(|logger| logger.name() != OWN_LOGGER) {
            loggers.push(Logger::builder().build(OWN_LOGGER, LevelFilter::Debug));
        }
        let config = log4rs::Config::builder().appenders(self.appenders(parts, role, line)?).loggers(loggers);
        config.build(raw.root()).map_err(|error| self.invalid(error))
    }

    /// Refuses paths that depend on the directory in which POEM is started, as those of a file of POEM 2.3 would:
    /// `%(VENV)s` has no meaning here.
    fn check_paths(&self, text: &str) -> Result<(), LoggingError> {
        let paths: AppenderPaths = serde_norway::from_str(text).map_err(|error| self.invalid(error))?;
        for (name, AppenderPath { path }) in paths.appenders {
            if let Some(path) = path.filter(|path| !path.starts_with('/') || path.contains("%(")) {
                let remedy = "it must begin with / or with {venv}, which stands for the VENV of poem.conf";
                return Err(self.invalid(format!("appender {name}: path {path:?} is wrong: {remedy}")));
            }
        }
        Ok(())
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

/// The appenders of the logging file. log4rs reads the rest ([`RawConfig`]), but it hides errors in this part.
#[derive(serde::Deserialize)]
struct Appenders {
    #[serde(default)]
    appenders: BTreeMap<String, AppenderConfig>,
}

/// The paths in the logging file, whatever the kinds of appenders.
#[derive(serde::Deserialize)]
struct AppenderPaths {
    #[serde(default)]
    appenders: BTreeMap<String, AppenderPath>,
}

#[derive(serde::Deserialize)]
struct AppenderPath {
    path: Option<String>,
}

fn make_appender(name: &str, config: AppenderConfig, deserializers: &Deserializers) -> anyhow::Result<Appender> {
    let mut builder = Appender::builder();
    for filter in config.filters {
        builder = builder.filter(deserializers.deserialize(&filter.kind, filter.config)?);
    }
    Ok(builder.build(name, deserializers.deserialize(&config.kind, config.config)?))
}

/// The deserializers for the kinds of log4rs and of POEM.
fn deserializers(role: Role, line: &Line) -> Deserializers {
    let mut deserializers = Deserializers::default();
    deserializers.insert("weekly_file", WeeklyFileDeserializer { role, line: line.clone() });
    deserializers.insert("syslog", SyslogDeserializer(line.clone()));
    deserializers.insert("poem", LineEncoderDeserializer(line.clone()));
    deserializers
}

/// The configuration of a command that cannot use the logging file: it logs to stderr.
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

/// Returns whether the file has sections of Python's `logging.config.fileConfig`.
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

    /// The shipped file, but without writing to the syslog of the machine that runs the tests.
    fn shipped() -> String {
        include_str!("../../etc/poem_logging.conf").replace("/dev/log", "{venv}/syslog")
    }

    /// Reads a logging file in a new VENV.
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
    fn debug_applies_to_poem_and_not_to_other_crates() {
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
    fn a_file_of_poem_2_3_is_recognized() {
        let message = refused("[loggers]\nkeys=root\n\n[handlers]\nkeys=file\n");
        assert!(message.contains("poem_logging.conf: is a logging file of POEM 2.3"), "{message}");
        assert!(message.contains("replace it by"), "{message}");
    }

    #[test]
    fn an_error_in_the_file_is_named() {
        let cases = [
            ("root: [", "poem_logging.conf: "),
            ("appenders: {a: {kind: kettle}}", "appender a: no appender deserializer for kind `kettle` registered"),
            ("appenders: {a: {kind: weekly_file}}", "appender a: Missing field path"),
            ("appenders: {a: {kind: weekly_file, path: /x, keep: many}}", "appender a: Invalid type"),
            (
                "appenders: {a: {kind: weekly_file, path: x/poem.log}}",
                "path \"x/poem.log\" is wrong: it must begin with /",
            ),
            ("appenders: {a: {kind: file, path: '%(VENV)s/x.log'}}", "path \"%(VENV)s/x.log\" is wrong: it must begin"),
            (
                "appenders: {a: {kind: weekly_file, path: '/v/%(VENV)s/x.log'}}",
                "is wrong: it must begin with / or with {venv}",
            ),
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
