//! Why a user makes a change: an optional text of every form that saves, which log entries and versions store.

use super::checks::{check_text, normalize};
use super::field::Shape;
use super::validation_error::{Place, ValidationErrors};

/// The name of the input.
pub const INPUT: &str = "_reason";
/// The label of the input.
pub const LABEL: &str = "Why";
/// The maximum length, in characters.
pub const MAX: usize = 512;

/// The place of the input.
pub const PLACE: Place = Place::Field(INPUT);

/// Returns the typed reason as it is stored; `None` if there is none.
///
/// # Errors
/// It is too long, or has control characters.
pub fn parse(typed: &str) -> Result<Option<String>, ValidationErrors> {
    let text = normalize(typed, Shape::Line);
    let mut errors = ValidationErrors::default();
    check_text(&text, Shape::Line, MAX, PLACE, &mut errors);
    errors.check()?;
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_512_characters_at_most() {
        assert_eq!(parse("  "), Ok(None));
        assert_eq!(parse(" ticket 7 "), Ok(Some("ticket 7".to_owned())));
        assert_eq!(parse(&"x".repeat(512)), Ok(Some("x".repeat(512))));
        assert_eq!(parse(&"x".repeat(513)).unwrap_err().of(PLACE).len(), 1);
        assert!(parse("a\u{1}b").is_err());
    }
}
