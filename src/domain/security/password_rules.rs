//! Rules for new passwords. Passwords of poem.conf and of loaded data are not checked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The minimum length, in characters.
const SHORTEST: usize = 8;
/// The maximum length, in characters. Longer ones would only make hashing slow.
const LONGEST: usize = 1024;
/// The share of common characters from which two texts are similar.
const SIMILAR: f64 = 0.7;

/// The rules as a list for the user; each item completes “Your password must …”.
pub const ADVICE: [&str; 4] = [
    "have at least 8 characters",
    "not be a common password",
    "not be entirely numeric",
    "not be similar to your username, name or e-mail address",
];

/// The common passwords, in lower case, one on each line.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// The data of the user that a password must not resemble. Unknown ones are ''.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserAttributes<'a> {
    /// The name for logging in.
    pub username: &'a str,
    /// The given name.
    pub first_name: &'a str,
    /// The family name.
    pub last_name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
}

impl<'a> UserAttributes<'a> {
    fn named(&self) -> [(&'static str, &'a str); 4] {
        [
            ("username", self.username),
            ("first name", self.first_name),
            ("last name", self.last_name),
            ("email address", self.email),
        ]
    }
}

/// Checks a new password that was typed twice.
///
/// # Errors
/// The violated rules, at the first of the two `fields`; a mismatch, at the second.
pub fn check(
    (first, second): (&str, &str),
    owner: UserAttributes<'_>,
    fields: (&'static str, &'static str),
) -> Result<(), ValidationErrors> {
    let mut errors = ValidationErrors::default();
    if first != second {
        errors.add(Place::Field(fields.1), "The two password fields didn't match.");
        return Err(errors);
    }
    for problem in problems(first, owner) {
        errors.add(Place::Field(fields.0), problem);
    }
    errors.check()
}

fn problems(password: &str, owner: UserAttributes<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if length < SHORTEST {
        problems.push(format!("This password is too short. It must contain at least {SHORTEST} characters."));
    }
    if length > LONGEST {
        return vec![format!("This password is too long. It must contain at most {LONGEST} characters.")];
    }
    for (what, value) in owner.named() {
        if is_similar(&lower, value) {
            problems.push(format!("The password is too similar to the {what}."));
        }
    }
    if is_common(&lower) {
        problems.push("This password is too common.".to_owned());
    }
    if length > 0 && password.chars().all(|c| c.is_ascii_digit()) {
        problems.push("This password is entirely numeric.".to_owned());
    }
    problems
}

/// Returns true for a common password, also with digits and punctuation appended, as people do to lengthen one.
fn is_common(lower: &str) -> bool {
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    COMMON.contains(lower) || (!stem.is_empty() && COMMON.contains(stem))
}

/// Returns true if the password resembles the value or one of its words of three or more characters.
fn is_similar(lower: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    let words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    words.chain([value.as_str()]).any(|word| !word.is_empty() && likeness(lower, word) >= SIMILAR)
}

/// Returns the share of characters that two texts have in common, in any order: 0 to 1 (Sørensen–Dice).
fn likeness(a: &str, b: &str) -> f64 {
    let mut left: HashMap<char, usize> = HashMap::new();
    for c in a.chars() {
        *left.entry(c).or_default() += 1;
    }
    let mut common = 0;
    for c in b.chars() {
        if let Some(count) = left.get_mut(&c).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    2.0 * f64::from(common) / (a.chars().count() + b.chars().count()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALICE: UserAttributes<'_> =
        UserAttributes { username: "alice", first_name: "Alice", last_name: "Testova", email: "alice.t@example.org" };

    fn problems_of(password: &str) -> Vec<String> {
        problems(password, ALICE)
    }

    #[test]
    fn good_passwords_pass() {
        for good in ["correct horse battery", "alice-secret-1", "ünïcödé-wörds", "x7$kQ9!pLm"] {
            assert_eq!(problems_of(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn every_rule_has_its_message() {
        assert_eq!(problems_of("x7$kQ9!"), ["This password is too short. It must contain at least 8 characters."]);
        assert_eq!(problems_of("83172904655"), ["This password is entirely numeric."]);
        for common in ["password", "Password1", "qwertyuiop", "PASSWORD123!", "iloveyou2"] {
            assert_eq!(problems_of(common), ["This password is too common."], "{common}");
        }
        assert_eq!(problems_of("12345678"), ["This password is too common.", "This password is entirely numeric."]);
        assert!(problems_of("alice123").contains(&"The password is too similar to the username.".to_owned()));
        assert_eq!(problems_of("testova-1"), ["The password is too similar to the last name."]);
        assert!(
            problems_of("alice.t@example").contains(&"The password is too similar to the email address.".to_owned())
        );
        assert_eq!(problems_of("").len(), 1);
        assert_eq!(problems_of(&"ab".repeat(600)).len(), 1);
    }

    #[test]
    fn both_fields_must_agree() {
        let errors = check(("one-good-password", "another"), ALICE, ("first", "second")).unwrap_err();
        assert_eq!(errors.of(Place::Field("second")), ["The two password fields didn't match."]);
        let errors = check(("short", "short"), ALICE, ("first", "second")).unwrap_err();
        assert_eq!(errors.of(Place::Field("first")).len(), 1);
        assert!(check(("one-good-password", "one-good-password"), ALICE, ("first", "second")).is_ok());
    }

    #[test]
    fn the_list_of_common_passwords_is_sorted_and_in_lower_case() {
        let lines: Vec<_> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() > 900 && lines.is_sorted() && lines.len() == COMMON.len());
        assert!(lines.iter().all(|line| *line == line.trim().to_lowercase() && !line.is_empty()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn checking_a_password_never_panics(password in any::<String>(), name in any::<String>()) {
            problems(&password, UserAttributes { username: &name, ..ALICE });
        }
    }
}
