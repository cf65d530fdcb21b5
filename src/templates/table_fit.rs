//! How long a text in a table may be without being broken: as long as the columns next to it allow.

use serde::Serialize;

/// What the cells of a column hold, which decides how they wrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Names and other short texts, which stay on one line unless they are too long for the table.
    #[default]
    Short,
    /// Sentences, which wrap between words and are cut after two lines.
    Text,
    /// Numbers, which are right-aligned.
    Number,
}

/// The numbers of characters that are tried, the largest first. `static/poem.css` has a class for each (`unbroken-64`).
pub const STEPS: [usize; 12] = [64, 56, 48, 40, 36, 32, 28, 24, 22, 20, 16, 12];

/// The width of a table in the narrowest window that shows it as a table (64rem), in tenths of a rem.
pub const NARROW: usize = 610;
/// The width of a table in a window of 90rem, and in any wider one, in tenths of a rem.
pub const WIDE: usize = 830;
/// The average width of a character, in hundredths of a rem, rounded up.
const CHARACTER: usize = 56;
/// The same in a heading, whose letters are smaller.
const HEADING_CHARACTER: usize = 49;
/// The padding of a cell, left and right, in tenths of a rem.
const PADDING: usize = 16;
/// The smallest width of a column of sentences, in tenths of a rem.
const TEXT: usize = 130;

/// A column, as far as its width matters.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The number of characters of the heading, with the sign of its order.
    heading: usize,
    /// The number of characters of the longest text; of sentences, 0.
    longest: usize,
    kind: ColumnKind,
}

impl Column {
    /// Returns a column with this heading and these texts.
    pub fn of<'a>(heading: &str, kind: ColumnKind, texts: impl Iterator<Item = &'a str>) -> Self {
        let longest = match kind {
            ColumnKind::Text => 0,
            ColumnKind::Short | ColumnKind::Number => texts.map(|text| text.chars().count()).max().unwrap_or(0),
        };
        Self { heading: heading.chars().count() + 2, longest, kind }
    }

    /// Returns the width in tenths of a rem if texts of at most `unbroken` characters stay on one line.
    fn width(&self, unbroken: usize) -> usize {
        let text = self.longest.min(unbroken) * CHARACTER / 10;
        let characters = text.max(self.heading * HEADING_CHARACTER / 10);
        PADDING + if self.kind == ColumnKind::Text { characters.max(TEXT) } else { characters }
    }
}

/// Returns the largest of the [`STEPS`] for which the columns fit into a width; the smallest if none does.
pub fn longest_unbroken(columns: &[Column], width: usize) -> usize {
    let fits = |step: &usize| columns.iter().map(|column| column.width(*step)).sum::<usize>() <= width;
    STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(lengths: &[usize]) -> Vec<Column> {
        let texts: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
        texts.iter().map(|text| Column::of("Name", ColumnKind::Short, std::iter::once(text.as_str()))).collect()
    }

    #[test]
    fn texts_stay_whole_as_long_as_there_is_room() {
        assert_eq!(longest_unbroken(&columns(&[20, 30]), NARROW), 64);
        assert_eq!(longest_unbroken(&columns(&[44, 10, 40, 10]), NARROW), 36);
        assert_eq!(longest_unbroken(&columns(&[128, 128, 128, 128]), NARROW), 24);
        assert_eq!(longest_unbroken(&columns(&[128; 30]), NARROW), 12);
    }

    #[test]
    fn a_column_of_sentences_needs_the_same_room_for_any_text() {
        let of = |length| Column::of("Note", ColumnKind::Text, std::iter::once("a".repeat(length).as_str()));
        assert_eq!(of(9).width(64), of(9000).width(64));
    }

    #[test]
    fn the_style_sheet_has_a_class_for_every_step() {
        let css = include_str!("../../static/poem.css");
        for step in STEPS {
            assert!(css.contains(&format!(".unbroken-{step} ")), "unbroken-{step}");
        }
    }
}
