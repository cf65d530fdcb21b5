//! The text of a search: its words, and the places in other texts where they are.

/// The maximum length of a search text, in characters; the rest is ignored.
const LONGEST: usize = 200;
/// The maximum number of words: each costs a look at every text.
const MOST_WORDS: usize = 10;
/// The length in characters from which a text is cut around its first match.
const LONGEST_SHOWN: usize = 140;
/// The number of characters that are shown before the first match of a text that is cut.
const SHOWN_BEFORE: usize = 40;

/// The text of a search. Its words may be in any order, and all of them must be found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchText {
    text: String,
    words: Vec<String>,
    ignored: bool,
}

/// A part of a text: between two matches, or a match.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TextPart {
    /// The text of the part; not empty.
    pub text: String,
    /// True if a word of the search is here.
    pub is_match: bool,
}

/// Returns a search text without white space around it, and cut after 200 characters.
pub fn trimmed(typed: &str) -> String {
    typed.trim().chars().take(LONGEST).collect()
}

impl SearchText {
    /// Reads the text as it was typed.
    pub fn parse(typed: &str) -> Self {
        let text = trimmed(typed);
        let mut words: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        let ignored = words.len() > MOST_WORDS || typed.trim().chars().nth(LONGEST).is_some();
        words.truncate(MOST_WORDS);
        Self { text, words, ignored }
    }

    /// Returns the text, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the words, each once; empty if there is nothing to search for.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Returns true if the text is longer than a search may be, so that its end is ignored.
    pub fn is_cut(&self) -> bool {
        self.ignored
    }

    /// Splits a text at the words of the search, whatever their case. A long text is cut around the first of them.
    pub fn marked(&self, text: &str) -> Vec<TextPart> {
        let characters: Vec<char> = text.chars().collect();
        let matching = self.matching(&characters);
        let first = matching.iter().position(|is_match| *is_match).unwrap_or_default();
        let (from, to) = match characters.len() > LONGEST_SHOWN {
            true => (first.saturating_sub(SHOWN_BEFORE), first.saturating_sub(SHOWN_BEFORE) + LONGEST_SHOWN),
            false => (0, characters.len()),
        };
        let to = to.min(characters.len());
        let mut parts: Vec<TextPart> = Vec::new();
        let mut push = |character: char, is_match: bool| match parts.last_mut() {
            Some(part) if part.is_match == is_match => part.text.push(character),
            _ => parts.push(TextPart { text: character.to_string(), is_match }),
        };
        if from > 0 {
            push('…', false);
        }
        for (character, is_match) in characters.iter().zip(matching).take(to).skip(from) {
            push(*character, is_match);
        }
        if to < characters.len() {
            push('…', false);
        }
        parts
    }

    /// Returns for each character whether it belongs to a word of the search.
    fn matching(&self, characters: &[char]) -> Vec<bool> {
        let folded: Vec<char> = characters.iter().copied().map(fold).collect();
        let mut matching = vec![false; characters.len()];
        for word in &self.words {
            let word: Vec<char> = word.chars().map(fold).collect();
            for at in (0..folded.len()).filter(|at| folded[*at..].starts_with(&word)) {
                matching[at..at + word.len()].fill(true);
            }
        }
        matching
    }
}

/// Returns the small form of a letter, the same for all of its forms (σ for Σ and ς).
fn fold(character: char) -> char {
    let upper = single(character.to_uppercase()).unwrap_or(character);
    single(upper.to_lowercase()).unwrap_or(character)
}

/// Returns the only character of a mapping; `None` if there are several, such as SS for ß.
fn single(mut mapping: impl Iterator<Item = char>) -> Option<char> {
    mapping.next().filter(|_| mapping.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(search: &str, text: &str) -> String {
        let parts = SearchText::parse(search).marked(text);
        parts.iter().map(|part| if part.is_match { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    #[test]
    fn words_are_marked_in_any_case_and_order() {
        for (search, text, expected) in [
            ("", "a", "a"),
            ("a", "", ""),
            ("srm ARC", "arc-ce SRM", "[arc]-ce [SRM]"),
            ("ams msp", "xAMSPx", "x[AMSP]x"),
            ("aa", "aaa", "[aaa]"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος", "[σίσυφος]"),
            ("straße", "STRAßE STRASSE", "[STRAßE] STRASSE"),
        ] {
            assert_eq!(marked(search, text), expected, "{search}");
        }
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_match() {
        let text = format!("{}needle{}", "a".repeat(200), "b".repeat(200));
        let shown = marked("needle", &text);
        assert_eq!(shown, format!("…{}[needle]{}…", "a".repeat(40), "b".repeat(94)));
        assert_eq!(marked("x", &text), format!("{}…", "a".repeat(140)));
    }

    #[test]
    fn a_search_has_bounds() {
        let many: Vec<String> = (0..20).map(|number| format!("w{number}")).collect();
        let search = SearchText::parse(&many.join(" "));
        assert_eq!((search.words().len(), search.is_cut()), (MOST_WORDS, true));
        let search = SearchText::parse(&"x".repeat(201));
        assert_eq!((search.as_str().len(), search.is_cut()), (LONGEST, true));
        let search = SearchText::parse("  b a b ");
        assert_eq!(
            (search.as_str(), search.words(), search.is_cut()),
            ("b a b", &["b".to_owned(), "a".to_owned()][..], false)
        );
        assert!(SearchText::parse(" \n ").words().is_empty());
    }
}
