//! The expansion of `%(NAME)s` in values, as in Python's ConfigParser.

use super::error::ConfigProblem;

/// The most references of one value, nested ones included. No real file comes near it, and it ends loops.
const MAX_REFERENCES: usize = 100;

/// Expands a text: `%(NAME)s` becomes the value that `lookup` returns for the name in lower case, itself expanded, and
/// `%%` becomes `%`.
///
/// # Errors
/// `Percent`, `UnknownReference` or `Loop`.
pub fn expand<'a>(text: &'a str, lookup: &impl Fn(&str) -> Option<&'a str>) -> Result<String, ConfigProblem> {
    let mut expanded = String::new();
    expand_into(&mut expanded, text, lookup, &mut MAX_REFERENCES.clone())?;
    Ok(expanded)
}

fn expand_into<'a>(
    out: &mut String,
    text: &'a str,
    lookup: &impl Fn(&str) -> Option<&'a str>,
    references_left: &mut usize,
) -> Result<(), ConfigProblem> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (name, after) = reference(after).ok_or(ConfigProblem::Percent)?;
        *references_left = references_left.checked_sub(1).ok_or(ConfigProblem::Loop)?;
        let value = lookup(&name.to_lowercase()).ok_or(ConfigProblem::UnknownReference)?;
        expand_into(out, value, lookup, references_left)?;
        rest = after;
    }
    out.push_str(rest);
    Ok(())
}

/// Splits `(NAME)s…` into the name and the rest; `None` if it is not a reference.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('(')?.split_once(')')?;
    let after = after.strip_prefix('s')?;
    (!name.is_empty()).then_some((name, after))
}

/// Escapes a text, so that it expands to itself.
pub fn escape(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(text: &str) -> Result<String, ConfigProblem> {
        expand(text, &|name| match name {
            "venv" => Some("/srv"),
            "etc" => Some("%(VENV)s/etc"),
            "rate" => Some("100%%"),
            "self" => Some("%(self)s"),
            "ping" => Some("%(pong)s"),
            "pong" => Some("%(ping)s%(ping)s"),
            "bad" => Some("%"),
            _ => None,
        })
    }

    #[test]
    fn references_are_replaced_by_their_expanded_values() {
        assert_eq!(example("%(VENV)s/x").unwrap(), "/srv/x");
        assert_eq!(example("%(Etc)s:%(venv)s").unwrap(), "/srv/etc:/srv");
        assert_eq!(example("%(rate)s and %%(venv)s").unwrap(), "100% and %(venv)s");
    }

    #[test]
    fn bad_references_are_refused() {
        for text in ["a%b", "%", "%(venv)", "%(venv)d", "%()s", "%(venv", "%(bad)s"] {
            assert_eq!(example(text), Err(ConfigProblem::Percent), "{text}");
        }
        assert_eq!(example("%(other)s"), Err(ConfigProblem::UnknownReference));
        assert_eq!(example("%(self)s"), Err(ConfigProblem::Loop));
        assert_eq!(example("%(ping)s"), Err(ConfigProblem::Loop));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn escaped_text_expands_to_itself(text in "[%()s\\PC]{0,20}") {
            prop_assert_eq!(expand(&escape(&text), &|_| None), Ok(text));
        }

        #[test]
        fn expanding_never_panics(text in "([%()s]|venv|self|\\PC){0,20}") {
            let _ = example(&text);
        }
    }
}
