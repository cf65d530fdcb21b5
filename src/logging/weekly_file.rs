//! The appender `kind: weekly_file`: a file that the server puts aside every Monday, and commands only append to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use log4rs::append::rolling_file::policy::compound::roll::Roll;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;

use super::error::LoggingError;

/// A file that is put aside when a new week has begun since its first line.
///
/// The time trigger of log4rs counts from the start of the program, so a server that is started anew on a Sunday
/// and a Monday would never put the file aside.
#[derive(Debug)]
pub struct WeeklyFile {
    path: PathBuf,
    file: File,
    timezone: Tz,
    roller: FixedWindowRoller,
    /// The Monday of the week that the file belongs to; `None` before the first line.
    week: Option<NaiveDate>,
    /// The day on which it could not be put aside, for the last time.
    failed: Option<NaiveDate>,
}

impl WeeklyFile {
    /// Opens the file to append to it, with the directories above it. `keep`: how many old ones stay.
    ///
    /// # Errors
    /// [`LoggingError::LogFile`] where the file cannot be opened.
    pub fn open(path: &Path, keep: u32, timezone: Tz) -> anyhow::Result<Self> {
        let file = open(path).map_err(|source| LoggingError::LogFile { path: path.to_owned(), source })?;
        let roller = FixedWindowRoller::builder().base(1).build(&format!("{}.{{}}", path.display()), keep)?;
        Ok(Self { path: path.to_owned(), file, timezone, roller, week: None, failed: None })
    }

    /// Adds whole lines in one piece: commands append to the same file. What is written is taken away from the lines.
    pub fn write(&mut self, lines: &mut Vec<u8>) -> anyhow::Result<()> {
        self.follow()?;
        // Where the old file cannot be put aside, the lines go on there.
        let changed = self.change_weeks(Utc::now().with_timezone(&self.timezone).date_naive());
        self.append(lines)?;
        changed
    }

    /// Somebody may have removed the file, or put another in its place.
    fn follow(&mut self) -> io::Result<()> {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let open_one = identity(self.file.metadata()?);
        if fs::metadata(&self.path).map(identity).ok() != Some(open_one) {
            self.file = open(&self.path)?;
        }
        Ok(())
    }

    fn append(&mut self, lines: &mut Vec<u8>) -> io::Result<()> {
        while !lines.is_empty() {
            match self.file.write(lines) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => drop(lines.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What fails is tried again on the next day: trying at every line would fill the log with its own complaints.
    fn change_weeks(&mut self, today: NaiveDate) -> anyhow::Result<()> {
        if !self.begins_week(today) || self.failed == Some(today) {
            return Ok(());
        }
        self.failed = Some(today);
        // Commands write to the file too, so its length is asked of the file system.
        if fs::metadata(&self.path)?.len() > 0 {
            self.roller.roll(&self.path)?;
            self.file = open(&self.path)?;
        }
        (self.week, self.failed) = (Some(monday(today)), None);
        Ok(())
    }

    /// Whether the week of this day is a later one than the file's.
    fn begins_week(&mut self, today: NaiveDate) -> bool {
        let (path, timezone) = (&self.path, self.timezone);
        let of_file = self.week.get_or_insert_with(|| monday(first_day(path, timezone).unwrap_or(today)));
        *of_file < monday(today)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    OpenOptions::new().append(true).create(true).open(path)
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
    use super::*;

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
        let mut file = WeeklyFile::open(&path, 2, chrono_tz::UTC).unwrap();
        let mut changes = |today: &str| {
            let begins = file.begins_week(day(today));
            file.change_weeks(day(today)).unwrap();
            begins
        };
        assert!(!changes("2019-07-14"));
        assert!(changes("2019-07-15"));
        assert!(!changes("2019-07-15"));
        assert!(!changes("2019-07-01"), "a clock that is set back puts nothing aside");
        assert!(changes("2019-08-02"), "a quiet Monday is made up for");
    }

    #[test]
    fn a_file_that_cannot_be_put_aside_is_tried_again_the_next_day() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        fs::write(&path, "2019-07-10 old\n").unwrap();
        let mut file = WeeklyFile::open(&path, 1, chrono_tz::UTC).unwrap();
        let in_its_way = directory.path().join("poem.log.1");
        fs::create_dir_all(in_its_way.join("full")).unwrap();
        assert!(file.change_weeks(day("2019-07-15")).is_err());
        assert!(file.change_weeks(day("2019-07-15")).is_ok(), "once a day is enough");
        fs::remove_dir_all(in_its_way).unwrap();
        file.change_weeks(day("2019-07-16")).unwrap();
        assert_eq!(text(&path, ".1").unwrap(), "2019-07-10 old\n");
        assert_eq!(text(&path, "").unwrap(), "");
    }
}
