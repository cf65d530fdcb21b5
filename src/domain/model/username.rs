//! Usernames: the one form in which they are stored, and names that look like others.

use unicode_normalization::UnicodeNormalization;

/// Returns the form in which a username is stored and compared: NFKC, as in Django. `ａｄａ` becomes `ada`.
pub fn normalized(username: &str) -> String {
    username.nfkc().collect()
}

/// The letters of the scripts whose letters look like those of others, by the blocks of Unicode. Letters outside of all
/// blocks are of no known script.
static SCRIPTS: [(&str, &[(char, char)]); 10] = [
    ("Latin", &[('A', 'Z'), ('a', 'z'), ('\u{aa}', '\u{24f}'), ('\u{1e00}', '\u{1eff}'), ('\u{a720}', '\u{a7ff}')]),
    ("Greek", &[('\u{370}', '\u{3ff}'), ('\u{1f00}', '\u{1fff}')]),
    (
        "Cyrillic",
        &[('\u{400}', '\u{52f}'), ('\u{1c80}', '\u{1c8f}'), ('\u{2de0}', '\u{2dff}'), ('\u{a640}', '\u{a69f}')],
    ),
    ("Armenian", &[('\u{531}', '\u{58f}')]),
    ("Hebrew", &[('\u{590}', '\u{5ff}')]),
    ("Arabic", &[('\u{600}', '\u{6ff}'), ('\u{750}', '\u{77f}'), ('\u{8a0}', '\u{8ff}')]),
    ("Georgian", &[('\u{10a0}', '\u{10ff}'), ('\u{1c90}', '\u{1cbf}'), ('\u{2d00}', '\u{2d2f}')]),
    ("Cherokee", &[('\u{13a0}', '\u{13ff}'), ('\u{ab70}', '\u{abbf}')]),
    ("Korean", &[('\u{1100}', '\u{11ff}'), ('\u{3130}', '\u{318f}'), ('\u{ac00}', '\u{d7a3}')]),
    ("Chinese or Japanese", &[('\u{3040}', '\u{30ff}'), ('\u{3400}', '\u{4dbf}'), ('\u{4e00}', '\u{9fff}')]),
];

/// Returns the first two scripts that a name mixes, such as Latin and Cyrillic in `аda`; `None` if it does not mix any.
pub fn mixed_scripts(name: &str) -> Option<(&'static str, &'static str)> {
    let mut found = name.chars().filter(|c| c.is_alphabetic()).filter_map(script);
    let first = found.next()?;
    found.find(|script| *script != first).map(|second| (first, second))
}

fn script(letter: char) -> Option<&'static str> {
    let is_in = |blocks: &[(char, char)]| blocks.iter().any(|(from, to)| (*from..=*to).contains(&letter));
    SCRIPTS.iter().find(|(_, blocks)| is_in(blocks)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_form() {
        for (typed, stored) in
            [("ａｄａ", "ada"), ("ﬁona", "fiona"), ("Žuži", "Žuži"), ("Z\u{30c}uz\u{30c}i", "Žuži"), ("x²", "x2")]
        {
            assert_eq!(normalized(typed), stored, "{typed}");
        }
    }

    #[test]
    fn letters_of_two_scripts_are_noticed() {
        for one in ["alice", "Žuži", "ада", "Ζωή", "a+b-c_d.1@x", "山田たろう", "김", "łukasz", "ÞØR"]
        {
            assert_eq!(mixed_scripts(one), None, "{one}");
        }
        assert_eq!(mixed_scripts("аda"), Some(("Cyrillic", "Latin")));
        assert_eq!(mixed_scripts("adΑ"), Some(("Latin", "Greek")));
        assert_eq!(mixed_scripts("1օn"), Some(("Armenian", "Latin")));
    }
}
