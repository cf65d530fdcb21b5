//! Rules for new passwords. Passwords of poem.conf and of loaded data are not checked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::domain::form::validation_error::{Place, ValidationErrors};

/// The minimum length, in characters.
const SHORTEST: usize = 8;
/// The maximum length, in characters. Longer ones would only make hashing slow.
const LONGEST: usize = 1024;
/// The minimum number of different characters.
const DIFFERENT: usize = 5;
/// The minimum number of letters in addition to names.
const OWN_LETTERS: usize = 3;
/// The words of this service, in lower case. The tenant's name is added.
const SERVICE: [&str; 5] = ["poem", "argo", "egi", "monitoring", "nagios"];
/// The share of common characters from which two texts are similar.
const SIMILAR: f64 = 0.7;

/// The rules as a list for the user; each item completes “Your password must …”.
pub const ADVICE: [&str; 6] = [
    "have at least 8 characters",
    "have at least 5 different characters",
    "not be a common password",
    "not be entirely numeric",
    "not be similar to your username, name or e-mail address",
    "not consist of names and the names of this service only",
];

/// The common passwords, in lower case, one on each line.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// The data of the user, and the tenant, that a password must not resemble. Unknown ones are ''.
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
    /// The name of the tenant.
    pub tenant: &'a str,
}

impl UserAttributes<'_> {
    fn named(&self) -> [(&'static str, String); 5] {
        [
            ("username", self.username.to_lowercase()),
            ("first name", self.first_name.to_lowercase()),
            ("last name", self.last_name.to_lowercase()),
            ("first and last name", format!("{}{}", self.first_name, self.last_name).to_lowercase()),
            ("email address", self.email.to_lowercase()),
        ]
    }

    /// The words of the user's names, and those of the service and the tenant, in lower case.
    fn words(&self) -> (Vec<String>, Vec<String>) {
        let own = self.named().iter().flat_map(|(_, value)| words(value)).collect();
        let service = SERVICE.iter().map(|word| (*word).to_owned());
        (own, service.chain(words(&self.tenant.to_lowercase())).collect())
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
    let different = password.chars().collect::<HashSet<_>>().len();
    if length >= SHORTEST && different < DIFFERENT {
        problems.push(format!("This password must contain at least {DIFFERENT} different characters."));
    }
    let similar = owner.named().into_iter().filter(|(_, value)| is_similar(&lower, value));
    problems.extend(similar.map(|(what, _)| format!("The password is too similar to the {what}.")));
    if problems.is_empty() {
        problems.extend(of_names(&lower, owner));
    }
    if is_common(&lower) {
        problems.push("This password is too common.".to_owned());
    }
    if length > 0 && password.chars().all(|c| c.is_ascii_digit()) {
        problems.push("This password is entirely numeric.".to_owned());
    }
    problems
}

fn is_sign(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_whitespace()
}

/// Returns true for a common password, also repeated, and with signs, then digits, around it, as people do to lengthen
/// one.
fn is_common(lower: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let core = lower.trim_matches(is_sign);
    let stems = [
        lower,
        core,
        core.trim_end_matches(is_digit),
        core.trim_start_matches(is_digit),
        core.trim_matches(|c| is_digit(c) || is_sign(c)),
    ];
    stems.iter().any(|stem| COMMON.contains(stem) || COMMON.contains(repeated(stem)))
}

/// Returns the part that the text repeats two times or more, with signs between; the text itself if there is none.
fn repeated(text: &str) -> &str {
    let parts: Vec<&str> = text.split(is_sign).filter(|part| !part.is_empty()).collect();
    if let [first, rest @ ..] = parts.as_slice()
        && !rest.is_empty()
        && rest.iter().all(|part| part == first)
    {
        return first;
    }
    let half = text.len() / 2;
    let repeats = |length: &usize| {
        text.len().is_multiple_of(*length)
            && text.get(..*length).is_some_and(|part| part.repeat(text.len() / length) == text)
    };
    (1..=half).find(repeats).and_then(|length| text.get(..length)).unwrap_or(text)
}

/// Returns the problem of a password that has hardly a letter in addition to the names of the user and the service.
fn of_names(lower: &str, owner: UserAttributes<'_>) -> Option<String> {
    let (own, service) = owner.words();
    let has_letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count() >= OWN_LETTERS;
    let without = |text: &str, words: &[String]| {
        let mut words: Vec<&String> = words.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.into_iter().fold(text.to_owned(), |left, word| left.replace(word.as_str(), " "))
    };
    let left = without(lower, &own);
    if left != lower && !has_letters(&left) {
        return Some("The password is too similar to the name of the user.".to_owned());
    }
    let left_of_service = without(&left, &service);
    let is_of_service = left_of_service != left && !has_letters(&left_of_service);
    is_of_service.then(|| "The password is too similar to the name of this service.".to_owned())
}

/// Returns the words of three or more characters.
fn words(value: &str) -> Vec<String> {
    let words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    words.map(str::to_owned).collect()
}

/// Returns true if the password resembles the value, in lower case, or one of its words of three or more characters.
fn is_similar(lower: &str, value: &str) -> bool {
    let words = words(value);
    words.iter().map(String::as_str).chain([value]).any(|word| !word.is_empty() && likeness(lower, word) >= SIMILAR)
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

    const ALICE: UserAttributes<'_> = UserAttributes {
        username: "alice",
        first_name: "Alice",
        last_name: "Testova",
        email: "alice.t@example.org",
        tenant: "EUDAT",
    };

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

    /// Found by guessing as an attacker would.
    #[test]
    fn what_people_do_to_a_weak_password_does_not_make_it_strong() {
        for common in [
            "trustno1!",
            "a1b2c3d4!",
            "abc123!!",
            "!!abc123",
            "123password",
            "-trustno1-",
            "passwordpassword",
            "qwerty qwerty",
        ] {
            assert_eq!(problems_of(common), ["This password is too common."], "{common}");
        }
        for few in ["        ", "!!!!!!!!", &"a".repeat(25), "ababababab", "12121212121"] {
            let problems = problems_of(few);
            assert_eq!(problems[0], "This password must contain at least 5 different characters.", "{few}");
        }
        let dunja =
            UserAttributes { username: "dunja", first_name: "Dunja", last_name: "Novak", tenant: "EUDAT", ..ALICE };
        for named in ["dunja-dunja", "DunjaNovak1", "novak.dunja!", "NovakDunja99", "alice.t-example", "dunja-dunja-1"]
        {
            let problems = problems(named, dunja);
            assert!(problems.len() == 1 && problems[0].contains("too similar to the "), "{named}: {problems:?}");
        }
        for named in ["egi-poem-1", "poem-eudat-2024", "EUDAT-eudat!", "argo.monitoring"] {
            let expected = ["The password is too similar to the name of this service."];
            assert_eq!(problems(named, dunja), expected, "{named}");
        }
        for good in ["dunja likes tea", "poem-of-the-day", "egi-kitten-92"] {
            assert_eq!(problems(good, dunja), [""; 0], "{good}");
        }
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
