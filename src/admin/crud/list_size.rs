//! The number of rows on a page of a list. The address has it if it is not the usual one.

use crate::templates::Link;

/// The number of rows in the address.
pub const SIZE: &str = "size";
/// The value of [`SIZE`] for the whole list, and the parameter for it in POEM 2.3.
pub const ALL: &str = "all";
/// The most rows that a page has.
pub const MOST_ROWS: i64 = 1000;

/// A number of rows that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// The number of rows.
    pub rows: i64,
    name: &'static str,
    label: &'static str,
}

const SIZES: [PageSize; 4] = [
    PageSize { rows: 30, name: "30", label: "30" },
    PageSize { rows: 100, name: "100", label: "100" },
    PageSize { rows: 300, name: "300", label: "300" },
    WHOLE,
];

/// The whole list, as far as one page can have it.
pub const WHOLE: PageSize = PageSize { rows: MOST_ROWS, name: ALL, label: "All" };

impl Default for PageSize {
    fn default() -> Self {
        SIZES[0]
    }
}

impl PageSize {
    /// Parses the value in an address; `None` if it cannot be chosen.
    pub fn parse(text: &str) -> Option<Self> {
        SIZES.into_iter().find(|size| size.name == text)
    }

    /// Returns the value in an address; empty for the usual number.
    pub fn in_address(self) -> &'static str {
        if self == Self::default() { "" } else { self.name }
    }

    /// Returns true if the page was to have all rows of a list, and cannot.
    pub fn is_exceeded(self, total: i64) -> bool {
        self == WHOLE && total > MOST_ROWS
    }

    /// Returns the links to pages with other numbers of rows; `address` returns the address for a value. Empty if the list
    /// fits on the smallest page, and is on it.
    pub fn links(self, total: i64, address: impl Fn(&str) -> String) -> Vec<Link> {
        if self == Self::default() && total <= self.rows {
            return Vec::new();
        }
        let link = |size: PageSize| Link { current: size == self, ..Link::new(size.label, address(size.in_address())) };
        SIZES.into_iter().map(link).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_offered_if_the_list_is_longer_than_a_page() {
        let labels = |size: PageSize, total| {
            let links = size.links(total, |value| format!("?size={value}"));
            links.iter().map(|link| format!("{}{}{}", link.href, link.label, link.current)).collect::<Vec<_>>()
        };
        assert_eq!(labels(PageSize::default(), 30), [""; 0]);
        let expected = ["?size=30true", "?size=100100false", "?size=300300false", "?size=allAllfalse"];
        assert_eq!(labels(PageSize::default(), 31), expected);
        assert_eq!(labels(WHOLE, 1)[3], "?size=allAlltrue");
    }

    #[test]
    fn all_rows_are_at_most_a_thousand() {
        assert!(WHOLE.is_exceeded(1001) && !WHOLE.is_exceeded(1000) && !PageSize::default().is_exceeded(1001));
        assert_eq!(PageSize::parse("30").map(PageSize::in_address), Some(""));
        assert_eq!(PageSize::parse("1000"), None);
    }
}
