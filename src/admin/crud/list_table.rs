//! The rows of one page of a list.

use crate::store::lists::Rows;
use crate::templates::list_page::Cell;

/// One page of a list, ready to be shown.
pub struct ListTable {
    pub rows: Vec<Vec<Cell>>,
    /// All rows that fit.
    pub total: i64,
    /// The page shown: the last one where a later one was asked for.
    pub page: i64,
}

impl ListTable {
    /// From what a list's query found, each row by its cells.
    pub fn of<R>(found: Rows<R>, cells: impl Fn(R) -> Vec<Cell>) -> Self {
        Self { rows: found.rows.into_iter().map(cells).collect(), total: found.total, page: found.page }
    }
}
