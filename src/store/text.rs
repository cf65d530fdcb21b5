//! Conversions of text to and from the database.

use std::str::FromStr;

use super::{Result, StoreError};

/// Replaces NUL characters, which PostgreSQL refuses, by U+FFFD, which matches nothing.
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The length in characters from which a search text is cut off.
const LONGEST_NEEDLE: usize = 500;

/// Returns the regular expression that finds a text in any case, for PostgreSQL's operator `~`. '' for ''.
///
/// It spells out both cases of each letter, because the functions of SQL know only the letters of the database's locale:
/// under `C` those of ASCII, under Turkish ones other pairs than elsewhere.
pub fn pattern(needle: &str) -> String {
    storable(needle).chars().take(LONGEST_NEEDLE).map(one_of_its_cases).collect()
}

/// Returns the patterns of the words of a text.
pub fn patterns(needles: &str) -> Vec<String> {
    needles.split_whitespace().map(pattern).collect()
}

/// Returns the expression for one character: `[aA]`, `7`, `\.`.
fn one_of_its_cases(character: char) -> String {
    let upper = mapped(character, character.to_uppercase());
    let lower = mapped(character, character.to_lowercase());
    let mut cases = vec![character];
    // The last is for letters with two small forms: σ and ς.
    for case in [upper, lower, mapped(upper, upper.to_lowercase())] {
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    match cases[..] {
        [sign] if sign.is_ascii() && !sign.is_ascii_alphanumeric() => format!("\\{sign}"),
        [sign] => sign.to_string(),
        _ => format!("[{}]", cases.into_iter().collect::<String>()),
    }
}

/// Returns the character that another is mapped to; the other itself if it is mapped to several, such as ß to SS.
fn mapped(character: char, mut mapping: impl ExactSizeIterator<Item = char>) -> char {
    if mapping.len() == 1 { mapping.next().unwrap_or(character) } else { character }
}

/// Parses a word that the constraints of the schema allow.
///
/// # Errors
/// `Other` for any other word.
pub(super) fn word<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Other(sqlx::Error::Decode(format!("unknown word {text}").into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_both_cases_of_letters_and_escapes_signs() {
        for (needle, expected) in [
            ("", ""),
            ("aB7", "[aA][Bb]7"),
            ("ä Σ", "[äÄ]\\ [Σσ]"),
            ("ς", "[ςΣσ]"),
            ("ß", "ß"),
            ("a.*\\[b]", "[aA]\\.\\*\\\\\\[[bB]\\]"),
            ("\0", "\u{fffd}"),
            ("日", "日"),
        ] {
            assert_eq!(pattern(needle), expected, "{needle}");
        }
    }
}
