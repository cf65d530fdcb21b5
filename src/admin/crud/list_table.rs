//! The rows of one page of a list.

use crate::store::lists::Rows;
use crate::templates::list_page::Cell;

/// One page of a list, as cells.
pub struct ListTable {
    /// The cells of each row, in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
    /// The number of all rows that match.
    pub total: i64,
    /// The number of the page, from 1; the last page if a later one was requested.
    pub page: i64,
}

impl ListTable {
    /// Converts the result of a list's query; `cells` makes the cells of a row.
    pub fn of<R>(found: Rows<R>, cells: impl Fn(R) -> Vec<Cell>) -> Self {
        Self { rows: found.rows.into_iter().map(cells).collect(), total: found.total, page: found.page }
    }
}
