//! What can be wrong with poem.conf: one line that names file, line, section and key, and never a value.

use std::path::Path;
use std::{fmt, io};

/// Why the configuration cannot be used. `Display` is one line: `FILE, line N: [SECTION] Key PROBLEM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, with the line where that is known, or the environment variable and the file it overrides.
    place: String,
    section: Option<String>,
    key: Option<String>,
    problem: ConfigProblem,
}

/// What to do where the system refuses a file of POEM's own, for the end of a message; '' where the error says enough.
pub fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; it must belong to the user that POEM runs as",
        _ => "",
    }
}

/// What is wrong, without any value: it may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is not UTF-8 text")]
    NotUtf8,
    #[error("a key stands before the first [section]")]
    NoSection,
    #[error("has a line that is neither [section], nor `key = value`, nor an indented continuation")]
    NoDelimiter,
    #[error("has a line with a value but no key")]
    NoKey,
    #[error("stands twice in the file")]
    Duplicate,
    #[error("is missing")]
    Missing,
    #[error("is empty")]
    Empty,
    #[error("has a `%` that is neither `%%` nor the start of `%(NAME)s`")]
    Percent,
    #[error("refers to a %(NAME)s that is set neither in its section nor in [DEFAULT]")]
    UnknownReference,
    #[error("has %(NAME)s references that lead back to itself, or too many of them")]
    Loop,
    #[error("is not {0}")]
    Not(&'static str),
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, problem: ConfigProblem) -> Self {
        Self { place: place.into(), section: None, key: None, problem }
    }

    pub(super) fn in_section(mut self, section: &str) -> Self {
        self.section = Some(section.to_owned());
        self
    }

    pub(super) fn at_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub fn problem(&self) -> &ConfigProblem {
        &self.problem
    }

    /// The section the error is about; `None` when it is about the file as a whole.
    pub fn section(&self) -> Option<&str> {
        self.section.as_deref()
    }

    /// The key the error is about; `None` when it is about a whole section or line.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", one_line(&self.place))?;
        if let Some(section) = &self.section {
            write!(f, " [{}]", one_line(section))?;
        }
        if let Some(key) = &self.key {
            write!(f, " {}", one_line(key))?;
        }
        write!(f, " {}", one_line(&self.problem.to_string()))
    }
}

impl std::error::Error for ConfigError {}

/// How errors name a line of a file; lines count from 1.
pub(super) fn place(file: &Path, line: usize) -> String {
    format!("{}, line {line}", file.display())
}

/// A section name may hold any character, but an error stays on one line.
fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
