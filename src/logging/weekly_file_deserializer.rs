//! The appender `weekly_file` of the logging file: the server rotates the file, commands append to it.

use std::path::PathBuf;

use log4rs::append::Append;
use log4rs::append::file::FileAppender;
use log4rs::config::{Deserialize, Deserializers};

use super::buffered::BufferedAppender;
use super::error::{LoggingError, Role};
use super::line::{Line, LineEncoder};
use super::weekly_file::WeeklyFile;

/// The number of old files, unless the logging file sets `keep`.
const DEFAULT_KEEP: u32 = 5;

/// Builds the appender from `{path, keep}`.
pub struct WeeklyFileDeserializer {
    /// The kind of program: the server rotates the file, a command only appends.
    pub role: Role,
    /// The parts that all lines have in common.
    pub line: Line,
}

/// The options of the appender in the logging file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyFileOptions {
    /// The log file.
    path: PathBuf,
    /// The number of old files to keep, as `PATH.1` (the newest) to `PATH.5`; 5 if not set.
    keep: Option<u32>,
}

impl Deserialize for WeeklyFileDeserializer {
    type Trait = dyn Append;
    type Config = WeeklyFileOptions;

    fn deserialize(&self, options: WeeklyFileOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Append>> {
        let unusable = |source| LoggingError::LogFile { path: options.path.clone(), source };
        if self.role == Role::Command {
            let encoder = Box::new(LineEncoder(self.line.clone()));
            return Ok(Box::new(FileAppender::builder().encoder(encoder).build(&options.path).map_err(unusable)?));
        }
        let file = WeeklyFile::open(&options.path, options.keep.unwrap_or(DEFAULT_KEEP), self.line.timezone)?;
        Ok(Box::new(BufferedAppender::new(self.line.clone(), file).map_err(unusable)?))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use log::Record;

    use super::*;

    fn appender(role: Role, path: &Path) -> Box<dyn Append> {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        let options = WeeklyFileOptions { path: path.to_owned(), keep: Some(2) };
        WeeklyFileDeserializer { role, line }.deserialize(options, &Deserializers::default()).unwrap()
    }

    fn log(appender: &dyn Append, message: &str) {
        appender.append(&Record::builder().args(format_args!("{message}")).build()).unwrap();
        appender.flush();
    }

    fn text(path: &Path, suffix: &str) -> Option<String> {
        fs::read_to_string(format!("{}{suffix}", path.display())).ok()
    }

    #[test]
    fn the_server_rotates_the_file_of_an_older_week_and_keeps_some() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        for week in ["2019-07-01 old\n", "2019-07-08 old\n", "2019-07-15 old\n"] {
            fs::write(&path, week).unwrap();
            let appender = appender(Role::Server, &path);
            log(&*appender, "one");
            log(&*appender, "two");
        }
        assert_eq!(text(&path, "").unwrap().lines().count(), 2);
        assert_eq!(text(&path, ".1").unwrap(), "2019-07-15 old\n");
        assert_eq!(text(&path, ".2").unwrap(), "2019-07-08 old\n");
        assert_eq!(text(&path, ".3"), None);
    }

    #[test]
    fn the_server_continues_the_file_of_this_week() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        fs::write(&path, "a line without a date, just written\n").unwrap();
        log(&*appender(Role::Server, &path), "one");
        assert_eq!(text(&path, "").unwrap().lines().count(), 2);
        assert_eq!(text(&path, ".1"), None);
    }

    #[test]
    fn a_command_only_appends() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/poem.log");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "2019-07-01 old\n").unwrap();
        log(&*appender(Role::Command, &path), "one");
        assert_eq!(text(&path, "").unwrap().lines().count(), 2);
        assert_eq!(text(&path, ".1"), None);
    }
}
