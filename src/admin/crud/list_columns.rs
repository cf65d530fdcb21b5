//! The columns of a list that are shown on request. The address names them, and every link of the list keeps them.

use super::options::{ListColumn, ListOptions};
use crate::templates::list_page::{Cell, Choice};

/// The optional columns in the address: keys, separated by dots, or several such parameters.
pub const COLUMNS: &str = "cols";
/// The separator of keys. In an address it needs no escaping.
const SEPARATOR: char = '.';

/// Reads the address. Returns the keys of the optional columns that it names, in the order of the list, and the names that
/// the list does not know.
pub fn read<'a>(listing: &ListOptions, pairs: &'a [(String, String)]) -> (Vec<&'static str>, Vec<&'a str>) {
    let named = pairs.iter().filter(|(name, _)| name == COLUMNS).flat_map(|(_, keys)| keys.split(SEPARATOR));
    let named: Vec<&str> = named.filter(|key| !key.is_empty()).collect();
    let keys: Vec<&'static str> = optional(listing).map(|column| column.key).collect();
    let unknown = named.iter().filter(|key| !keys.contains(*key)).copied().collect();
    (keys.into_iter().filter(|key| named.contains(key)).collect(), unknown)
}

/// Returns the columns as the value of the parameter.
pub fn in_address(columns: &[&str]) -> String {
    columns.join(&SEPARATOR.to_string())
}

/// Returns true if the column with this key is shown.
pub fn is_shown(listing: &ListOptions, key: &str, columns: &[&str]) -> bool {
    shown(listing, columns).any(|column| column.key == key)
}

/// Returns the columns that are shown.
pub fn shown<'a>(listing: &ListOptions, columns: &'a [&str]) -> impl Iterator<Item = &'static ListColumn> + use<'a> {
    listing.columns.iter().filter(|column| !column.is_optional || columns.contains(&column.key))
}

/// Removes the cells of columns that are not shown.
pub fn without_hidden(listing: &ListOptions, columns: &[&str], mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    let all = listing.columns.iter().map(|column| !column.is_optional || columns.contains(&column.key));
    let is_shown: Vec<bool> = all.collect();
    if is_shown.contains(&false) {
        for row in &mut rows {
            let mut of_cell = is_shown.iter();
            row.retain(|_| of_cell.next().is_none_or(|shown| *shown));
        }
    }
    rows
}

/// Returns the optional columns as choices, the shown ones selected.
pub fn choices(listing: &ListOptions, columns: &[&str]) -> Vec<Choice> {
    let choice = |column: &ListColumn| Choice {
        value: column.key.to_owned(),
        label: column.label.to_owned(),
        selected: columns.contains(&column.key),
    };
    optional(listing).map(choice).collect()
}

fn optional(listing: &ListOptions) -> impl Iterator<Item = &'static ListColumn> + use<> {
    listing.columns.iter().filter(|column| column.is_optional)
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: ListOptions = ListOptions {
        columns: &[
            ListColumn::short("name", "Name"),
            ListColumn::short("type", "Type").optional(),
            ListColumn::number("uses", "Uses").optional(),
        ],
        sorts: &["name", "type", "uses"],
        default_sort: "name",
        filters: &[],
        searched: "",
    };

    #[test]
    fn columns_are_read_in_the_order_of_the_list() {
        let pairs =
            |texts: &[&str]| texts.iter().map(|text| (COLUMNS.to_owned(), (*text).to_owned())).collect::<Vec<_>>();
        for (texts, columns, unknown) in [
            (&[][..], &[][..], &[][..]),
            (&["uses"], &["uses"], &[]),
            (&["uses.type"], &["type", "uses"], &[]),
            (&["uses", "type", "type"], &["type", "uses"], &[]),
            (&["", "..uses.x", "name"], &["uses"], &["x", "name"]),
        ] {
            assert_eq!(read(&LIST, &pairs(texts)), (columns.to_vec(), unknown.to_vec()), "{texts:?}");
        }
    }

    #[test]
    fn only_the_cells_of_shown_columns_stay() {
        let rows = || vec![["a", "b", "c"].map(Cell::text).to_vec()];
        let texts = |rows: Vec<Vec<Cell>>| rows[0].iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(without_hidden(&LIST, &[], rows())), ["a"]);
        assert_eq!(texts(without_hidden(&LIST, &["uses"], rows())), ["a", "c"]);
        assert_eq!(texts(without_hidden(&LIST, &["type", "uses"], rows())), ["a", "b", "c"]);
    }
}
