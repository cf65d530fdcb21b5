//! The appender `kind: weekly_file`: a file that the server puts aside every Monday, and commands only append to.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use log4rs::append::Append;
use log4rs::append::file::FileAppender;
use log4rs::append::rolling_file::policy::compound::CompoundPolicy;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;
use log4rs::append::rolling_file::policy::compound::trigger::Trigger;
use log4rs::append::rolling_file::{LogFile, RollingFileAppender};
use log4rs::config::{Deserialize, Deserializers};

use super::line::{Line, LineEncoder};
use super::{LoggingError, Role};

const DEFAULT_KEEP: u32 = 5;

/// Makes the file's appender from `{path, keep}`.
pub struct WeeklyFileMaker {
    pub role: Role,
    pub line: Line,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyFileOptions {
    path: PathBuf,
    /// How many old files stay, as `PATH.1` (the youngest) to `PATH.5`; 5 when not set.
    keep: Option<u32>,
}

impl Deserialize for WeeklyFileMaker {
    type Trait = dyn Append;
    type Config = WeeklyFileOptions;

    fn deserialize(&self, options: WeeklyFileOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Append>> {
        let unusable = |source| LoggingError::LogFile { path: options.path.clone(), source };
        let encoder = Box::new(LineEncoder(self.line.clone()));
        if self.role == Role::Command {
            return Ok(Box::new(FileAppender::builder().encoder(encoder).build(&options.path).map_err(unusable)?));
        }
        let pattern = format!("{}.{{}}", options.path.display());
        let roller = FixedWindowRoller::builder().base(1).build(&pattern, options.keep.unwrap_or(DEFAULT_KEEP))?;
        let trigger = MondayTrigger::new(self.line.timezone);
        let policy = CompoundPolicy::new(Box::new(trigger), Box::new(roller));
        let appender = RollingFileAppender::builder().encoder(encoder).build(&options.path, Box::new(policy));
        Ok(Box::new(appender.map_err(unusable)?))
    }
}

/// Says when a new week has begun since the file's first line.
///
/// The time trigger of log4rs counts from the start of the program, so a server that is started anew on a Sunday
/// and a Monday would never put the file aside.
#[derive(Debug)]
struct MondayTrigger {
    timezone: Tz,
    /// The Monday of the week that the file belongs to; `None` before the first event.
    week: Mutex<Option<NaiveDate>>,
}

impl MondayTrigger {
    fn new(timezone: Tz) -> Self {
        Self { timezone, week: Mutex::new(None) }
    }

    /// Whether the week of this day is a later one than the file's. From then on the file is that week's.
    fn begins_week(&self, path: &Path, today: NaiveDate) -> bool {
        let mut week = self.week.lock().unwrap_or_else(PoisonError::into_inner);
        let of_file = week.unwrap_or_else(|| monday(first_day(path, self.timezone).unwrap_or(today)));
        *week = Some(of_file.max(monday(today)));
        *week > Some(of_file)
    }
}

impl Trigger for MondayTrigger {
    fn trigger(&self, file: &LogFile) -> anyhow::Result<bool> {
        let begins = self.begins_week(file.path(), Utc::now().with_timezone(&self.timezone).date_naive());
        // Commands write to the file too, so its length is asked of the file system.
        Ok(begins && fs::metadata(file.path())?.len() > 0)
    }

    fn is_pre_process(&self) -> bool {
        true
    }
}

/// The day of the file's first line, or of its last change where that line has no date; `None` for no or an empty file.
fn first_day(path: &Path, timezone: Tz) -> Option<NaiveDate> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(|metadata| metadata.len() > 0)?;
    let mut start = Vec::new();
    let _ = BufReader::new(file.take("YYYY-MM-DD".len() as u64)).read_until(b'\n', &mut start);
    let written = std::str::from_utf8(&start).ok().and_then(|text| text.parse().ok());
    let changed = || Some(DateTime::<Utc>::from(metadata.modified().ok()?).with_timezone(&timezone).date_naive());
    written.or_else(changed)
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.weekday().num_days_from_monday().into())
}

#[cfg(test)]
mod tests {
    use log::Record;

    use super::*;

    fn appender(role: Role, path: &Path) -> Box<dyn Append> {
        let line = Line { program: "poem", pid: 7, timezone: chrono_tz::UTC };
        let options = WeeklyFileOptions { path: path.to_owned(), keep: Some(2) };
        WeeklyFileMaker { role, line }.deserialize(options, &Deserializers::default()).unwrap()
    }

    fn log(appender: &dyn Append, message: &str) {
        appender.append(&Record::builder().args(format_args!("{message}")).build()).unwrap();
    }

    fn text(path: &Path, suffix: &str) -> Option<String> {
        fs::read_to_string(format!("{}{suffix}", path.display())).ok()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_begins_on_monday() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        fs::write(&path, "2019-07-10 a Wednesday\n").unwrap();
        let trigger = MondayTrigger::new(chrono_tz::UTC);
        assert!(!trigger.begins_week(&path, day("2019-07-14")));
        assert!(trigger.begins_week(&path, day("2019-07-15")));
        assert!(!trigger.begins_week(&path, day("2019-07-15")));
        assert!(!trigger.begins_week(&path, day("2019-07-01")), "a clock that is set back puts nothing aside");
        assert!(trigger.begins_week(&path, day("2019-08-02")), "a quiet Monday is made up for");
    }

    #[test]
    fn the_server_puts_the_file_of_an_older_week_aside_and_keeps_some() {
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
    fn the_server_goes_on_with_the_file_of_this_week() {
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
