//! How a command fails: with words on stderr and an exit status.

use std::process::ExitCode;

pub type CommandResult = Result<(), Failure>;

/// Any error that is told to the administrator as it is; or a way of calling that makes no sense.
#[derive(Debug)]
pub enum Failure {
    Failed(String),
    Usage(String),
}

impl Failure {
    pub fn new(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// Says it on stderr and in the log; gives the exit status.
    pub fn report(self, program: &str) -> ExitCode {
        let (words, status) = match self {
            Self::Failed(words) => (words, 1),
            Self::Usage(words) => (format!("{words}\nFor usage: {program} --help"), 2),
        };
        eprintln!("{program}: {words}");
        if status == 1 {
            log::error!("{words}");
        }
        ExitCode::from(status)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}
