//! The appender `weekly_file` of the logging file: the server rotates the file, commands append to it.

use std::path::PathBuf;

use log4rs::append::Append;
use log4rs::config::{Deserialize, Deserializers};

use super::buffered::BufferedAppender;
use super::error::{LoggingError, Role};
use super::line::Line;
use super::log_file::CommandAppender;
use super::weekly_file::WeeklyFile;

/// The number of old files, unless the logging file sets `keep`.
const DEFAULT_KEEP: u32 = 5;
/// The size from which the file is rotated before the week has ended, unless the logging file sets `max_size_mib`.
const DEFAULT_MAX_SIZE_MIB: u32 = 100;
const MIB: u64 = 1024 * 1024;

/// Builds the appender from `{path, keep, max_size_mib}`.
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
    /// The size, in MiB, from which the file is rotated before the week has ended; 100 if not set.
    max_size_mib: Option<u32>,
}

impl Deserialize for WeeklyFileDeserializer {
    type Trait = dyn Append;
    type Config = WeeklyFileOptions;

    fn deserialize(&self, options: WeeklyFileOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Append>> {
        let unusable = |source| LoggingError::LogFile { path: options.path.clone(), source };
        if self.role == Role::Command {
            return Ok(Box::new(CommandAppender::new(self.line.clone(), &options.path).map_err(unusable)?));
        }
        let max_size = u64::from(options.max_size_mib.unwrap_or(DEFAULT_MAX_SIZE_MIB)) * MIB;
        let limits = (options.keep.unwrap_or(DEFAULT_KEEP), max_size);
        let file = WeeklyFile::open(&options.path, limits, self.line.timezone)?;
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
        let options = WeeklyFileOptions { path: path.to_owned(), keep: Some(2), max_size_mib: None };
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
    fn a_new_file_is_not_readable_by_all() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        for role in [Role::Server, Role::Command] {
            let path = directory.path().join(format!("{role:?}.log"));
            log(&*appender(role, &path), "one");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0, "{role:?}");
        }
    }

    #[test]
    fn a_link_is_followed_but_not_by_root() {
        let directory = tempfile::tempdir().unwrap();
        let (path, target) = (directory.path().join("poem.log"), directory.path().join("target"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        for role in [Role::Server, Role::Command] {
            let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
            let options = WeeklyFileOptions { path: path.clone(), keep: None, max_size_mib: None };
            let opened = WeeklyFileDeserializer { role, line }.deserialize(options, &Deserializers::default());
            match nix::unistd::geteuid().is_root() {
                true => {
                    assert!(opened.unwrap_err().to_string().contains("a symbolic link, which root does not follow"))
                }
                false => assert!(opened.is_ok()),
            }
            assert_eq!(target.exists(), !nix::unistd::geteuid().is_root());
        }
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
