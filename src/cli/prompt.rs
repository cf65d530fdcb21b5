//! Questions to the administrator.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use super::Failure;

/// Asks for the very word; anything else is a no. Without a terminal nobody can answer: that is wrong usage.
pub fn confirm(question: &str, word: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} There is no terminal to ask at: say --yes")));
    }
    print!("{question} Type {word} to go on: ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == word)
}
