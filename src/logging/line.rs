//! The format of the log: one event is one line.

use std::fmt::{self, Write};

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use log::{Level, Record};
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::{self, Encode};

use crate::domain::security::login_throttle::LOG_TARGET;

/// The initial capacity of a line: enough for that of a request, so that it is not reallocated.
const COMMON_LENGTH: usize = 160;

/// The program name in lines about logins, whichever program runs. It is that of POEM 2.3, which monitoring of logins
/// searches for.
const LOGINS: &str = "poem-authbackend";

/// The parts that all lines have in common.
#[derive(Debug, Clone)]
pub struct Line {
    /// The name of the command: `poem`, `poem-db`.
    pub program: &'static str,
    /// The id of the process.
    pub pid: u32,
    /// The time zone of the times.
    pub timezone: Tz,
}

impl Line {
    /// Formats an event for the log file: `YYYY-MM-DD HH:MM:SS - program[pid]: LEVEL message` and a newline.
    pub fn with_time(&self, time: DateTime<Utc>, record: &Record) -> String {
        let mut line = String::with_capacity(COMMON_LENGTH);
        let time = time.with_timezone(&self.timezone).naive_local().trunc_subsecs(0);
        // Writing to a String cannot fail.
        let _ = write!(line, "{time} - ");
        self.write(&mut line, record);
        line.push('\n');
        line
    }

    /// Formats an event for syslog, which adds the time itself: `program[pid]: LEVEL message`.
    pub fn without_time(&self, record: &Record) -> String {
        let mut line = String::with_capacity(COMMON_LENGTH);
        self.write(&mut line, record);
        line
    }

    fn write(&self, line: &mut String, record: &Record) {
        let program = if record.target() == LOG_TARGET { LOGINS } else { self.program };
        let _ = write!(line, "{program}[{}]: {} ", self.pid, level_name(record.level()));
        let _ = write!(OneLine(line), "{}", record.args());
    }
}

/// The encoder `kind: poem` of the logging file.
#[derive(Debug, Clone)]
pub struct LineEncoder(pub Line);

impl Encode for LineEncoder {
    fn encode(&self, writer: &mut dyn encode::Write, record: &Record) -> anyhow::Result<()> {
        // One write per line: the server and the commands append to the same file.
        Ok(writer.write_all(self.0.with_time(Utc::now(), record).as_bytes())?)
    }
}

/// Builds [`LineEncoder`]s, which have no options.
pub struct LineEncoderDeserializer(pub Line);

/// The options of the encoder in the logging file: none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

impl Deserialize for LineEncoderDeserializer {
    type Trait = dyn Encode;
    type Config = NoOptions;

    fn deserialize(&self, _: NoOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(LineEncoder(self.0.clone())))
    }
}

/// The name of a level as in POEM 2.3, which had no level trace.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARNING",
        Level::Info => "INFO",
        Level::Debug | Level::Trace => "DEBUG",
    }
}

/// A writer that keeps text on one line. It escapes line ends and control characters (`\n`, `\u{1b}`), so that no one
/// can forge a line or send commands to a terminal.
struct OneLine<'a>(&'a mut String);

impl Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(must_be_escaped) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            let mut chars = special.chars();
            self.0.extend(chars.next().into_iter().flat_map(char::escape_default));
            rest = chars.as_str();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

/// Returns whether the character is a control character, a line end of Unicode, or one that is invisible or changes the
/// direction of the text: with these, a line could look like another one.
fn must_be_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_format_character(c)
}

/// Returns whether the character is in the category Cf of Unicode 16.
fn is_format_character(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line() -> Line {
        Line { program: "poem-syncvo", pid: 7, timezone: chrono_tz::Europe::Zagreb }
    }

    fn logged(level: Level, message: &str) -> String {
        let time = DateTime::from_timestamp(1_562_500_800, 0).unwrap();
        line().with_time(time, &Record::builder().level(level).args(format_args!("{message}")).build())
    }

    #[test]
    fn a_line_has_time_program_level_and_message() {
        assert_eq!(
            logged(Level::Info, "EGI: Added 12 VO"),
            "2019-07-07 14:00:00 - poem-syncvo[7]: INFO EGI: Added 12 VO\n"
        );
        assert!(logged(Level::Warn, "č").ends_with(": WARNING č\n"));
        assert!(logged(Level::Trace, "x").ends_with(": DEBUG x\n"));
    }

    #[test]
    fn logins_are_logged_as_their_own_program() {
        let time = DateTime::from_timestamp(1_562_500_800, 0).unwrap();
        let record = &Record::builder().target(LOG_TARGET).level(Level::Warn).args(format_args!("x")).build();
        assert_eq!(line().with_time(time, record), "2019-07-07 14:00:00 - poem-authbackend[7]: WARNING x\n");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert!(
            logged(Level::Error, "\u{202e}\u{200b}\u{feff}\u{ad}\u{e0041}é")
                .ends_with("ERROR \\u{202e}\\u{200b}\\u{feff}\\u{ad}\\u{e0041}é\n")
        );
        assert!(logged(Level::Error, "a\nb\r\t\u{1b}[2J\u{2028}").ends_with("ERROR a\\nb\\r\\t\\u{1b}[2J\\u{2028}\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn any_message_is_one_line(message in any::<String>()) {
            let logged = logged(Level::Info, &message);
            prop_assert_eq!(logged.chars().filter(|c| c.is_control()).count(), 1);
            prop_assert!(logged.ends_with('\n'));
        }
    }
}
