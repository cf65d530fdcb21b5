//! Text as people type and paste it: one rule for every way in (forms, dumps, imports, the internal API, commands).

/// Characters that end a line in other programs: the soft breaks of PowerPoint and Word, form feed, NEL.
const SOFT_BREAKS: [char; 5] = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The characters of one line of text that nobody can see, but control characters: zero-width spaces and joiners, soft
/// hyphens, marks and overrides of the writing direction, fillers.
const INVISIBLE: [std::ops::RangeInclusive<char>; 12] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
];

/// Zero-width characters that some scripts need within a word, such as Persian and Hindi.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// A character that is refused, and its place in the text, counted from 1 in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCharacter {
    /// The character.
    pub character: char,
    /// The line.
    pub line: usize,
    /// The column in the line.
    pub column: usize,
}

/// Shows the character and its place: `U+0007 in line 1, column 5`.
impl std::fmt::Display for RefusedCharacter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "U+{:04X} in line {}, column {}", u32::from(self.character), self.line, self.column)
    }
}

/// Returns the text with the line ends of Unix: those of Windows, of old Macs and soft breaks are replaced.
pub fn unify_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace(SOFT_BREAKS, "\n")
}

/// Returns the text without blanks and invisible characters at its ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// Returns a text of one line as it is stored: trimmed, with blanks for soft breaks.
pub fn line(text: &str) -> String {
    trim(&text.replace(SOFT_BREAKS, " ")).to_owned()
}

/// Returns a text of several lines as it is stored: trimmed, with the line ends of Unix.
pub fn long(text: &str) -> String {
    trim(&unify_line_ends(text)).to_owned()
}

/// Returns the first control character of a text of one line; `None` without one.
pub fn control_in_line(text: &str) -> Option<RefusedCharacter> {
    place_of(text, |_, character, _| character.is_control())
}

/// Returns the first control character of a text of several lines, except line ends and tabs; `None` without one.
pub fn control_in_long(text: &str) -> Option<RefusedCharacter> {
    place_of(text, |_, character, _| character.is_control() && !matches!(character, '\n' | '\t'))
}

/// Returns the first invisible character of a text of one line; `None` without one. Two names that differ only in such
/// characters look alike. A joiner between letters that are not ASCII is allowed.
pub fn invisible_in_line(text: &str) -> Option<RefusedCharacter> {
    place_of(text, |before, character, after| {
        let joins =
            JOINERS.contains(&character) && [before, after].into_iter().flatten().any(|other| !other.is_ascii());
        is_invisible(character) && !joins
    })
}

fn is_invisible(character: char) -> bool {
    INVISIBLE.iter().any(|range| range.contains(&character))
}

/// Returns the first character that `is_refused` finds, given the characters before and after it.
fn place_of(text: &str, is_refused: impl Fn(Option<char>, char, Option<char>) -> bool) -> Option<RefusedCharacter> {
    let (mut line, mut column, mut before) = (1, 1, None);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if is_refused(before, character, characters.peek().copied()) {
            return Some(RefusedCharacter { character, line, column });
        }
        (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        before = Some(character);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_line_ends_are_equal() {
        assert_eq!(long("\r\n one\r\ntwo\rthree\u{2028}four\u{b}five\u{c}six\u{85}seven\u{2029}\t"), {
            "one\ntwo\nthree\nfour\nfive\nsix\nseven"
        });
        assert_eq!(line(" one\u{2028}two\u{b} "), "one two");
    }

    #[test]
    fn invisible_characters_at_the_ends_go_like_blanks() {
        assert_eq!(line("\u{feff}\u{200b} LOOK \u{2060}\u{a0}"), "LOOK");
        assert_eq!(line("\u{200b}\u{3164}"), "");
    }

    #[test]
    fn refused_characters_are_named_with_their_place() {
        let place = |found: Option<RefusedCharacter>| found.map(|found| found.to_string()).unwrap_or_default();
        assert_eq!(place(control_in_line("ab\tc")), "U+0009 in line 1, column 3");
        assert_eq!(place(control_in_long("ä\n\tb\u{7}")), "U+0007 in line 2, column 3");
        assert_eq!(place(control_in_long("a\n\tb")), "");
        assert_eq!(place(invisible_in_line("LO\u{200b}OK")), "U+200B in line 1, column 3");
        assert_eq!(place(invisible_in_line("LO\u{200d}OK")), "U+200D in line 1, column 3");
        assert_eq!(place(invisible_in_line("می\u{200c}خواهم")), "", "Persian needs it");
    }
}
