//! Errors of the configuration: one line that names file, line, section and key, and never a value.

use std::path::Path;
use std::{fmt, io};

/// The reason why the configuration cannot be used. `Display` is one line: `FILE, line N: [SECTION] Key PROBLEM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, with the line if that is known; or the environment variable and the file that it overrides.
    place: String,
    section: Option<String>,
    key: Option<String>,
    problem: ConfigProblem,
}

/// The advice to append to an error of the operating system about a file of POEM; `''` if there is none.
pub fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; it must belong to the user that POEM runs as",
        _ => "",
    }
}

/// The problem. It contains no value of the file, because that may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// The file cannot be read; holds the error of the operating system.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The file or an environment variable is not UTF-8.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// A key is outside of any section.
    #[error("key before the first [section]")]
    NoSection,
    /// A line has neither `=` nor `:`.
    #[error("has a line that is neither [section], nor `key = value`, nor an indented continuation")]
    NoDelimiter,
    /// A line begins with `=` or `:`.
    #[error("has a line with a value but no key")]
    NoKey,
    /// A section, or a key within its section, is a duplicate.
    #[error("occurs twice in the file")]
    Duplicate,
    /// A required section or key is not set.
    #[error("is missing")]
    Missing,
    /// A required value is empty.
    #[error("is empty")]
    Empty,
    /// A `%` has no meaning; `%%` stands for a percent sign.
    #[error("has a `%` that is neither `%%` nor the start of `%(NAME)s`")]
    Percent,
    /// The name of a `%(NAME)s` reference is not set.
    #[error("refers to a %(NAME)s that is set neither in its section nor in [DEFAULT]")]
    UnknownReference,
    /// The `%(NAME)s` references form a loop, or exceed the limit.
    #[error("has %(NAME)s references that lead back to itself, or too many of them")]
    Loop,
    /// POEM does not know this section or key; holds the name that was probably meant.
    #[error("is not known to POEM and has no effect{}", .0.as_ref().map_or(String::new(), |name| format!("; did you mean {name}?")))]
    Unknown(Option<String>),
    /// The value has the wrong type; holds the expected one, with its article.
    #[error("is not {0}")]
    Not(&'static str),
}

impl ConfigError {
    /// Creates an error about a whole file.
    pub(super) fn new(place: impl Into<String>, problem: ConfigProblem) -> Self {
        Self { place: place.into(), section: None, key: None, problem }
    }

    /// Adds the section.
    pub(super) fn in_section(mut self, section: &str) -> Self {
        self.section = Some(section.to_owned());
        self
    }

    /// Adds the key.
    pub(super) fn at_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The problem, without its place.
    pub fn problem(&self) -> &ConfigProblem {
        &self.problem
    }

    /// The section of the error; `None` if it concerns the whole file.
    pub fn section(&self) -> Option<&str> {
        self.section.as_deref()
    }

    /// The key of the error; `None` if it concerns a whole section or line.
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

/// The place of a line for an error; lines count from 1.
pub(super) fn place(file: &Path, line: usize) -> String {
    format!("{}, line {line}", file.display())
}

/// Escapes control characters: a section name may contain any, but an error must be one line.
fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
