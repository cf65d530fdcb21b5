//! The checks of single values: required, length, characters, format.

use super::field::Shape;
use super::text;
use super::validation_error::{Place, ValidationErrors, words};

/// Returns the text as it is stored. A password is not changed.
pub(super) fn normalize(text: &str, shape: Shape) -> String {
    match shape {
        Shape::Password => text.to_owned(),
        Shape::Long => text::long(text),
        _ => text::line(text),
    }
}

/// Adds an error if a required text is empty.
pub(super) fn check_required(required: bool, text: &str, place: Place, errors: &mut ValidationErrors) {
    if required && text.is_empty() {
        errors.add(place, words::REQUIRED);
    }
}

/// Adds an error for everything that is wrong with a text.
pub(super) fn check_text(text: &str, shape: Shape, max: usize, place: Place, errors: &mut ValidationErrors) {
    let length = text.chars().count();
    if length > max {
        errors.add(place, words::too_long(max, length));
    }
    check_characters(text, shape, place, errors);
    match shape {
        Shape::Url if !text.is_empty() && !is_url(text) => errors.add(place, words::NO_URL),
        Shape::Email if !text.is_empty() && !is_email(text) => errors.add(place, words::NO_EMAIL),
        _ => {}
    }
}

/// Refuses control characters: no object has them in its name, and PostgreSQL takes no NUL in a parameter.
pub(super) fn check_choices(choices: &[String], place: Place, errors: &mut ValidationErrors) {
    if choices.iter().any(|choice| choice.contains(char::is_control)) {
        errors.add(place, words::NO_CHOICE);
    }
}

/// Names the first character that the text must not have, with its place: a user cannot see it.
fn check_characters(text: &str, shape: Shape, place: Place, errors: &mut ValidationErrors) {
    let (control, invisible) = match shape {
        Shape::Long => (text::control_in_long(text), None),
        Shape::Password => (text::control_in_line(text), None),
        _ => (text::control_in_line(text), text::invisible_in_line(text)),
    };
    errors.extend(place, control.map(words::control).into_iter().chain(invisible.map(words::invisible)));
}

/// Accepts a scheme that browsers fetch, with a host and without white space.
fn is_url(text: &str) -> bool {
    let lower = text.to_lowercase();
    let rest = ["http://", "https://", "ftp://", "ftps://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.contains(char::is_whitespace) && !rest.contains(['<', '>', '"', '\\'])
    })
}

/// Returns true if a text has the form of an e-mail address.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let parts: Vec<&str> = domain.split('.').collect();
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-');
    !local.is_empty()
        && !local.contains('@')
        && !text.contains(char::is_whitespace)
        && !text.contains(['<', '>', '"', ',', ';'])
        && parts.len() > 1
        && parts.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_and_urls_are_checked() {
        for good in ["a@b.org", "ä.b+c@x-y.example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["a", "@b.org", "a@b", "a@b..org", "a b@c.org", "a@b@c.org", "<a@b.org"] {
            assert!(!is_email(bad), "{bad}");
        }
        for bad in ["x", "http://", "https:///a", "http://a b", "data:text/html,x", "http://a\"b"] {
            assert!(!is_url(bad), "{bad}");
        }
        assert!(is_url("HTTPS://github.com/ARGOeu/x?a=b#c"));
    }
}
