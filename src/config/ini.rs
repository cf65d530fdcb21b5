//! The parser for the dialect of poem.conf: that of Python's ConfigParser, for which the files of POEM 2.3 were
//! written.
//!
//! It turns lines into sections, keys and raw values. `%(NAME)s` is expanded only when a value is read (see
//! `interpolation`), so that a broken value that is never used does no harm.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};

use ::config::{FileStoredFormat, Format, Map, Value};

use super::error::{ConfigError, ConfigProblem, place};

/// The name of the section whose values all others inherit.
pub const DEFAULT: &str = "DEFAULT";

/// The name of the table in the parsed document that holds the sections.
///
/// The `config` crate reads names at the top of a document as paths (`a.b[1]`); names inside a table are safe.
pub const SECTIONS: &str = "sections";

/// The dialect as a format of the `config` crate. It holds the path of its file for errors.
#[derive(Debug, Clone)]
pub struct Dialect {
    file: PathBuf,
}

/// One `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the section.
    pub section: String,
    /// The key, in the case of the file.
    pub key: String,
    /// The raw value; several lines are joined by newlines.
    pub value: String,
    /// The line of the key, counted from 1.
    pub line: usize,
}

/// A parsed file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The names of the sections in order, without `[DEFAULT]`; some may have no entries.
    pub sections: Vec<String>,
    /// The entries of all sections, in order.
    pub entries: Vec<Entry>,
}

impl Dialect {
    /// Creates the format for a file; the path is only used in errors.
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    /// Decodes the bytes of the file as UTF-8.
    ///
    /// # Errors
    /// `NotUtf8` with the line of the first bad byte.
    pub fn decode(&self, bytes: Vec<u8>) -> Result<String, ConfigError> {
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            ConfigError::new(place(&self.file, line), ConfigProblem::NotUtf8)
        })
    }

    /// Parses the text of the file.
    ///
    /// # Errors
    /// `NoSection`, `NoDelimiter` or `NoKey` for the first invalid line, `Duplicate` for a section or key.
    pub fn document(&self, text: &str) -> Result<Document, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        let mut reader = Reader::new(&self.file);
        for (index, line) in text.split('\n').enumerate() {
            reader.line(index + 1, line)?;
        }
        Ok(reader.finish())
    }
}

impl Format for Dialect {
    fn parse(&self, _: Option<&String>, text: &str) -> Result<Map<String, Value>, Box<dyn Error + Send + Sync>> {
        let document = self.document(text)?;
        let mut sections: Map<String, Map<String, Value>> = Map::new();
        for section in document.sections {
            sections.insert(section, Map::new());
        }
        for entry in document.entries {
            let origin = place(&self.file, entry.line);
            let value = Value::new(Some(&origin), entry.value);
            sections.entry(entry.section).or_default().insert(entry.key.to_lowercase(), value);
        }
        let tables: Map<String, Value> = sections.into_iter().map(|(name, keys)| (name, keys.into())).collect();
        Ok(Map::from([(SECTIONS.to_owned(), tables.into())]))
    }
}

impl FileStoredFormat for Dialect {
    fn file_extensions(&self) -> &'static [&'static str] {
        &["conf"]
    }
}

/// The state of the parser, which reads line by line like ConfigParser.
struct Reader<'a> {
    file: &'a Path,
    document: Document,
    /// Sections and lower-case keys so far, to find duplicates.
    seen: BTreeSet<(String, String)>,
    /// The current section; `None` before the first one.
    section: Option<String>,
    /// True if an indented line continues the last entry.
    open: bool,
    /// The indentation of the last section or key, in characters. A line with a deeper one continues the value.
    indent: usize,
}

impl<'a> Reader<'a> {
    fn new(file: &'a Path) -> Self {
        Self { file, document: Document::default(), seen: BTreeSet::new(), section: None, open: false, indent: 0 }
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), ConfigError> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        if text.is_empty() {
            self.continue_value("");
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if self.open && indent > self.indent {
            self.continue_value(text);
            return Ok(());
        }
        self.indent = indent;
        match section_name(text) {
            Some(name) => self.start_section(number, name),
            None => self.start_entry(number, text),
        }
    }

    fn continue_value(&mut self, text: &str) {
        if let Some(entry) = self.document.entries.last_mut().filter(|_| self.open) {
            entry.value.push('\n');
            entry.value.push_str(text);
        }
    }

    fn start_section(&mut self, number: usize, name: &str) -> Result<(), ConfigError> {
        // ConfigParser allows [DEFAULT] more than once, but no duplicate keys in it.
        if name != DEFAULT {
            if self.document.sections.iter().any(|known| known == name) {
                return Err(self.error(number, ConfigProblem::Duplicate).in_section(name));
            }
            self.document.sections.push(name.to_owned());
        }
        self.section = Some(name.to_owned());
        self.open = false;
        Ok(())
    }

    fn start_entry(&mut self, number: usize, text: &str) -> Result<(), ConfigError> {
        let Some(section) = self.section.clone() else {
            return Err(self.error(number, ConfigProblem::NoSection));
        };
        let Some((key, value)) = text.split_once(['=', ':']) else {
            return Err(self.error(number, ConfigProblem::NoDelimiter).in_section(&section));
        };
        let key = key.trim().to_owned();
        if key.is_empty() {
            return Err(self.error(number, ConfigProblem::NoKey).in_section(&section));
        }
        if !self.seen.insert((section.clone(), key.to_lowercase())) {
            return Err(self.error(number, ConfigProblem::Duplicate).in_section(&section).at_key(&key));
        }
        self.document.entries.push(Entry { section, key, value: value.trim().to_owned(), line: number });
        self.open = true;
        Ok(())
    }

    fn error(&self, number: usize, problem: ConfigProblem) -> ConfigError {
        ConfigError::new(place(self.file, number), problem)
    }

    /// Ends the parsing. Blank lines at the end of a value do not belong to it.
    fn finish(mut self) -> Document {
        for entry in &mut self.document.entries {
            entry.value.truncate(entry.value.trim_end().len());
        }
        self.document
    }
}

/// The name in `[name]`; `None` if the line is not a section. Text after the bracket is ignored, as in ConfigParser.
fn section_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('[')?.split_once(']')?;
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Document, ConfigError> {
        Dialect::new(Path::new("poem.conf")).document(text)
    }

    fn values(text: &str) -> Vec<(String, String, String)> {
        read(text).unwrap().entries.into_iter().map(|entry| (entry.section, entry.key, entry.value)).collect()
    }

    /// The value of `k` in section `s` of a file that begins with `[s]`.
    fn value(lines: &str) -> String {
        values(&format!("[s]\n{lines}")).into_iter().find(|(_, key, _)| key == "k").unwrap().2
    }

    #[test]
    fn the_first_equals_sign_or_colon_ends_the_key() {
        assert_eq!(value("k = a"), "a");
        assert_eq!(value("k: a"), "a");
        assert_eq!(value("k=a=b:c"), "a=b:c");
        assert_eq!(value("k : http://host/?a=b"), "http://host/?a=b");
        assert_eq!(value("k ="), "");
    }

    #[test]
    fn quotes_and_inline_comment_signs_belong_to_the_value() {
        assert_eq!(value("k = a#b"), "a#b");
        assert_eq!(value("k = a # b ; c"), "a # b ; c");
        assert_eq!(value("k = \"a\""), "\"a\"");
    }

    #[test]
    fn indented_lines_continue_a_value() {
        assert_eq!(value("k = a\n  b\n\tc = d\n  [e]\nx = y"), "a\nb\nc = d\n[e]");
        assert_eq!(value("k =\n  b"), "\nb");
        assert_eq!(value("  k = a\n  x = b\n    c"), "a");
    }

    #[test]
    fn blank_lines_stay_inside_a_value_and_comments_vanish() {
        assert_eq!(value("k = a\n\n  b\n# c\n  ; d\n  e\n\n\n"), "a\n\nb\ne");
        assert_eq!(value("# k = b\n; k = c\nk = a"), "a");
    }

    #[test]
    fn byte_order_mark_and_carriage_returns_are_ignored() {
        let expected = vec![("s".to_owned(), "k".to_owned(), "a".to_owned())];
        assert_eq!(values("\u{feff}[s]\r\nk = a\r\n"), expected);
        assert_eq!(values("[s]\rk = a\r"), expected);
    }

    #[test]
    fn section_names_are_case_sensitive_and_default_may_occur_twice() {
        let document = read("[s]\n[S]\n[DEFAULT]\na = 1\n[DEFAULT]\nb = 2\n").unwrap();
        assert_eq!(document.sections, ["s", "S"]);
        assert_eq!(document.entries.len(), 2);
    }

    #[test]
    fn an_invalid_line_is_an_error_that_names_it() {
        let cases = [
            ("k = hush", "poem.conf, line 1: key before the first [section]"),
            ("\n\n hush\n", "poem.conf, line 3: key before the first [section]"),
            ("[s]\nhush", "poem.conf, line 2: [s] has a line that is neither"),
            ("[s]\n[]", "poem.conf, line 2: [s] has a line that is neither"),
            ("[s]\n= hush", "poem.conf, line 2: [s] has a line with a value but no key"),
            ("[s]\nk = hush\nK : hush", "poem.conf, line 3: [s] K occurs twice"),
            ("[s]\n[t]\n[s]", "poem.conf, line 3: [s] occurs twice"),
            ("[DEFAULT]\na = 1\n[DEFAULT]\na = hush", "poem.conf, line 4: [DEFAULT] a occurs twice"),
            ("[s\u{1b}]\nhush", "poem.conf, line 2: [s\\u{1b}] has a line"),
        ];
        for (text, expected) in cases {
            let message = read(text).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
            assert!(!message.contains("hush") && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error_with_their_line() {
        let error = Dialect::new(Path::new("poem.conf")).decode(b"[s]\nk = \xe8\n".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "poem.conf, line 2: is not UTF-8 text");
    }

    /// The keys of a section, each with the lines of its value.
    type Keys = Vec<(String, Vec<String>)>;

    /// Generates the sections and keys of valid files.
    fn files() -> impl Strategy<Value = Vec<(String, Keys)>> {
        let lines = prop::collection::vec("[!-\"$-:<-~]([ -~]{0,8}[!-~])?", 1..4);
        let keys = prop::collection::btree_map("[a-z]{1,6}", lines, 0..5);
        let sections = prop::collection::btree_map("[A-Z_]{1,3}[0-9]", keys, 0..5);
        sections.prop_map(|map| map.into_iter().map(|(name, keys)| (name, keys.into_iter().collect())).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn parsing_never_panics(text in "([\\[\\]=:#; \ta%(\r\n]|\\PC){0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn written_sections_are_read_back(file in files(), sign in "[=:]", end in "\r?\n") {
            let mut text = String::new();
            let mut expected = Vec::new();
            for (section, keys) in &file {
                text += &format!("[{section}]{end}; comment{end}");
                for (key, lines) in keys {
                    text += &format!("{} {sign} {}{end}{end}", key.to_uppercase(), lines.join(&format!("{end}  ")));
                    expected.push((section.clone(), key.to_uppercase(), lines.join("\n")));
                }
            }
            prop_assert_eq!(values(&text), expected);
        }
    }
}
