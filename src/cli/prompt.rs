//! Questions to the administrator at the terminal.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use super::Failure;

/// Asks the administrator to type `word`. Returns true only for exactly that word.
///
/// # Errors
/// `Usage` if stdin is not a terminal; `Failed` if it cannot be read.
pub fn confirm(question: &str, word: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} There is no terminal to ask on: use --yes")));
    }
    print!("{question} Type {word} to continue: ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == word)
}
