//! Questions to the administrator at the terminal.

use std::io::{BufRead, IsTerminal, stdin};

use super::Failure;
use crate::output;

/// Asks the administrator to type `word`. Returns true only for exactly that word.
///
/// # Errors
/// `Usage` if stdin is not a terminal; `Failed` if it cannot be read, or if the question cannot be printed.
pub fn confirm(question: &str, word: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} There is no terminal to ask on: use --yes")));
    }
    output::ask(&format!("{question} Type {word} to continue: "))?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == word)
}
