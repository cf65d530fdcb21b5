//! The log file that the server rotates every Monday, and when it becomes too large, and that commands only append to.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use log4rs::append::rolling_file::policy::compound::roll::Roll;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;

use super::error::LoggingError;
use super::log_file::open;

/// A file that is rotated if a new week has begun since its first line, or if it has reached its maximum size.
///
/// The time trigger of log4rs counts from the start of the program. With it, a server that is restarted on a Sunday and
/// on a Monday would never rotate the file.
#[derive(Debug)]
pub struct WeeklyFile {
    path: PathBuf,
    file: File,
    timezone: Tz,
    roller: FixedWindowRoller,
    max_size: u64,
    /// The Monday of the week that the file belongs to; `None` before the first line.
    week: Option<NaiveDate>,
    /// The day of the last failed rotation; `None` if the last one succeeded.
    failed: Option<NaiveDate>,
}

impl WeeklyFile {
    /// Opens the file for appending, and creates the directories above it. `keep`: the number of old files to keep;
    /// `max_size`: the size, in bytes, from which the file is rotated before the week has ended.
    ///
    /// # Errors
    /// [`LoggingError::LogFile`] if the file cannot be opened.
    pub fn open(path: &Path, (keep, max_size): (u32, u64), timezone: Tz) -> anyhow::Result<Self> {
        let file = open(path).map_err(|source| LoggingError::LogFile { path: path.to_owned(), source })?;
        let roller = FixedWindowRoller::builder().base(1).build(&format!("{}.{{}}", path.display()), keep)?;
        Ok(Self { path: path.to_owned(), file, timezone, roller, max_size, week: None, failed: None })
    }

    /// Appends whole lines at once, because commands append to the same file. Removes from `lines` what was written.
    ///
    /// # Errors
    /// A failed write, or a failed rotation: the lines are written to the old file then.
    pub fn write(&mut self, lines: &mut Vec<u8>) -> anyhow::Result<()> {
        self.reopen_if_replaced()?;
        // If the rotation fails, the lines still go to the old file.
        let rotated = self.rotate(Utc::now().with_timezone(&self.timezone).date_naive());
        self.append(lines)?;
        rotated
    }

    /// Opens the file again if it was removed or replaced, for instance by logrotate.
    fn reopen_if_replaced(&mut self) -> io::Result<()> {
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

    /// Rotates the file if a new week has begun, or if it is too large: requests of a flood must not fill the disk. A failed rotation is retried on the next day: a retry at every line
    /// would fill the log with errors about itself.
    fn rotate(&mut self, today: NaiveDate) -> anyhow::Result<()> {
        if self.failed == Some(today) {
            return Ok(());
        }
        // Commands write to the file too, so only the file system knows its length.
        let size = self.file.metadata()?.len();
        if !self.begins_week(today) && size < self.max_size {
            return Ok(());
        }
        self.failed = Some(today);
        if size > 0 {
            self.roller.roll(&self.path)?;
            self.file = open(&self.path)?;
        }
        (self.week, self.failed) = (Some(monday(today)), None);
        Ok(())
    }

    /// Returns whether this day is in a later week than the file.
    fn begins_week(&mut self, today: NaiveDate) -> bool {
        let (path, timezone) = (&self.path, self.timezone);
        let of_file = self.week.get_or_insert_with(|| monday(first_day(path, timezone).unwrap_or(today)));
        *of_file < monday(today)
    }
}

/// The day of the file's first line, or of its last change if that line has no date; `None` if it is missing or empty.
fn first_day(path: &Path, timezone: Tz) -> Option<NaiveDate> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(|metadata| metadata.len() > 0)?;
    let mut start = Vec::new();
    let _ = BufReader::new(file.take("YYYY-MM-DD".len() as u64)).read_until(b'\n', &mut start);
    let written = std::str::from_utf8(&start).ok().and_then(|text| text.parse().ok());
    let changed = || Some(DateTime::<Utc>::from(metadata.modified().ok()?).with_timezone(&timezone).date_naive());
    written.or_else(changed)
}

/// The Monday of the week of this day.
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
        let mut file = WeeklyFile::open(&path, (2, 1 << 20), chrono_tz::UTC).unwrap();
        let mut changes = |today: &str| {
            let begins = file.begins_week(day(today));
            file.rotate(day(today)).unwrap();
            begins
        };
        assert!(!changes("2019-07-14"));
        assert!(changes("2019-07-15"));
        assert!(!changes("2019-07-15"));
        assert!(!changes("2019-07-01"), "a clock that is set back rotates nothing");
        assert!(changes("2019-08-02"), "a Monday without events is caught up");
    }

    #[test]
    fn a_failed_rotation_is_retried_the_next_day() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        fs::write(&path, "2019-07-10 old\n").unwrap();
        let mut file = WeeklyFile::open(&path, (1, 1 << 20), chrono_tz::UTC).unwrap();
        let obstacle = directory.path().join("poem.log.1");
        fs::create_dir_all(obstacle.join("full")).unwrap();
        assert!(file.rotate(day("2019-07-15")).is_err());
        assert!(file.rotate(day("2019-07-15")).is_ok(), "it is tried once a day");
        fs::remove_dir_all(obstacle).unwrap();
        file.rotate(day("2019-07-16")).unwrap();
        assert_eq!(text(&path, ".1").unwrap(), "2019-07-10 old\n");
        assert_eq!(text(&path, "").unwrap(), "");
    }

    #[test]
    fn a_flood_of_lines_takes_a_bounded_space() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poem.log");
        let mut file = WeeklyFile::open(&path, (2, 1000), chrono_tz::UTC).unwrap();
        for number in 0..500 {
            file.write(&mut format!("line {number:>94}\n").into_bytes()).unwrap();
        }
        let sizes = ["", ".1", ".2"].map(|suffix| text(&path, suffix).unwrap().len());
        assert!(sizes.iter().all(|size| (100..=1100).contains(size)), "{sizes:?}");
        assert_eq!(text(&path, ".3"), None);
        assert!(text(&path, "").unwrap().ends_with("499\n"), "the newest lines are kept");
    }
}
