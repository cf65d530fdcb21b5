//! Comma-separated values (RFC 4180). A spreadsheet takes no value that is written here for a formula.

use csv::{ReaderBuilder, Terminator, WriterBuilder};

/// The characters that begin a formula in a spreadsheet, also in their full-width forms.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// The character that marks a value as text. Spreadsheets do not show it.
const MARK: char = '\'';
/// The separators that programs write: some write semicolons where the comma is the decimal point.
const SEPARATORS: [char; 3] = [',', ';', '\t'];
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of its first line, from 1.
    pub line: u64,
    /// The values, in order.
    pub values: Vec<String>,
}

/// Returns the rows as text with CRLF at the end of every line. [`read`] returns the same rows.
pub fn write<R: IntoIterator<Item: AsRef<str>>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut writer = WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let values = row.into_iter().map(|value| marked(value.as_ref()));
        writer.write_record(values).expect("a vector takes every record");
    }
    let bytes = writer.into_inner().expect("a vector can be flushed");
    String::from_utf8(bytes).expect("text and separators are UTF-8")
}

/// Reads text that is separated by commas, semicolons or tabs, as its first line is. Empty lines are left out.
///
/// # Errors
/// The number of the first line that cannot be read.
pub fn read(text: &str) -> Result<Vec<Record>, u64> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let separator = u8::try_from(separator(text)).unwrap_or(b',');
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| line(text, error.position()))?;
        let line = line(text, record.position());
        records.push(Record { line, values: record.iter().map(|value| unmarked(value).to_owned()).collect() });
    }
    Ok(records)
}

/// Returns the number of a line, from 1. A position can be before the empty lines that were left out.
fn line(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 1 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + skipped as u64
}

/// Returns the separator that the first line has most often outside of quotation marks; a comma if it has none.
fn separator(text: &str) -> char {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for c in first.chars() {
        is_quoted ^= c == '"';
        let place = SEPARATORS.iter().position(|separator| *separator == c && !is_quoted);
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let most = SEPARATORS.into_iter().zip(counts).rev().max_by_key(|(_, count)| *count);
    most.map_or(',', |(separator, _)| separator)
}

/// Marks a value as text if a spreadsheet would calculate it, or would hide a mark that it has already.
fn marked(value: &str) -> String {
    if is_formula(value.trim_start_matches(MARK)) { format!("{MARK}{value}") } else { value.to_owned() }
}

/// Removes exactly the mark that [`marked`] adds.
fn unmarked(value: &str) -> &str {
    value.strip_prefix(MARK).filter(|rest| is_formula(rest.trim_start_matches(MARK))).unwrap_or(value)
}

fn is_formula(value: &str) -> bool {
    value.starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        read(text).unwrap().into_iter().map(|record| record.values).collect()
    }

    #[test]
    fn values_are_quoted_where_it_is_needed() {
        let written = write([["a", "b,c"], ["say \"x\"", ""], ["two\nlines", "ä"]]);
        assert_eq!(written, "a,\"b,c\"\r\n\"say \"\"x\"\"\",\r\n\"two\nlines\",ä\r\n");
    }

    #[test]
    fn a_spreadsheet_calculates_nothing() {
        for (value, written) in [
            ("=1+1", "'=1+1"),
            ("-w", "'-w"),
            ("+1", "'+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(write([[value]]), format!("{written}\r\n"));
            assert_eq!(rows(written), [[value]]);
        }
    }

    #[test]
    fn the_first_line_says_how_values_are_separated() {
        for text in ["a,b\n1,2", "a;b\r\n1;2\r\n", "\u{feff}a\tb\n\n1\t2\n", "\"a\";b\n1;2"] {
            assert_eq!(rows(text), [["a", "b"], ["1", "2"]], "{text:?}");
        }
        assert_eq!(rows("\"a;b;c\",d"), [["a;b;c", "d"]]);
        assert_eq!(rows("single"), [["single"]]);
        assert_eq!(rows(""), [[""; 0]; 0]);
    }

    #[test]
    fn records_know_their_lines() {
        for text in ["a\n\n\"b\nc\"\nd\n", "a\r\n\r\n\"b\r\nc\"\r\nd\r\n", "\u{feff}a\n\n\"b\nc\"\nd"] {
            let lines: Vec<u64> = read(text).unwrap().iter().map(|record| record.line).collect();
            assert_eq!(lines, [1, 3, 5], "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(table in prop::collection::vec(prop::collection::vec(".{0,12}", 2..4), 0..5)) {
            // The separator is found in the first line.
            let table: Vec<Vec<String>> = std::iter::once(vec!["x".to_owned(), "y".to_owned()]).chain(table).collect();
            prop_assert_eq!(rows(&write(&table)), table);
        }

        #[test]
        fn reading_never_panics(text in "[a-c,;\t\"'=\r\n]{0,40}") {
            let _ = read(&text);
        }
    }
}
