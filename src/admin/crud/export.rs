//! Lists as files: CSV, JSON, or the names alone. A file has all rows that match, with the columns that are shown.

use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::list_columns;
use super::list_query::ListQuery;
use super::list_table::ListTable;
use super::options::{ListColumn, ListOptions};
use super::request_context::RequestContext;
use super::response::{PageResponse, PageResult};
use crate::blocking::in_place;
use crate::domain::web::csv;
use crate::error::AppError;
use crate::http::download::Download;
use crate::templates::list_page::{Cell, ExportLinks};

/// The parameter of the address with the format.
pub const FORMAT: &str = "format";
/// The end of the address, after that of the list.
const EXPORT: &str = "export/";
/// The most rows of a file.
pub const MOST_ROWS: i64 = 100_000;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with the labels of the columns in its first line.
    Csv,
    /// An array with an object per row.
    Json,
    /// The names of the objects, one per line.
    Names,
}

impl Format {
    /// Returns the value in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Names => "names",
        }
    }

    /// Reads the address.
    ///
    /// # Errors
    /// `Malformed` if it names no format.
    pub fn read(context: &RequestContext<'_>) -> Result<Self, AppError> {
        let named = context.query(FORMAT).unwrap_or_default();
        let format = [Self::Csv, Self::Json, Self::Names].into_iter().find(|format| format.name() == named);
        format
            .ok_or_else(|| AppError::Malformed("The address needs format=csv, format=json or format=names.".to_owned()))
    }
}

/// A list that is to be written to a file.
pub struct ListExport {
    format: Format,
    /// The search, the filters, the order and the columns.
    pub query: ListQuery,
}

impl ListExport {
    /// Reads the address, which is that of a list with a format. `others` has the parameters that the list has in addition.
    ///
    /// # Errors
    /// `Malformed` for what the list does not know: without that filter, the file would have too much.
    pub async fn read(
        listing: &ListOptions,
        context: &RequestContext<'_>,
        (conn, others): (&mut PgConnection, &[&str]),
    ) -> Result<Self, AppError> {
        let format = Format::read(context)?;
        let mut query = ListQuery::read(listing, context, &[others, &[FORMAT]].concat());
        query.resolve(conn).await?;
        query.page = 1;
        match query.complaints.is_empty() {
            true => Ok(Self { format, query }),
            false => Err(AppError::Malformed(query.complaints.join(" "))),
        }
    }

    /// Returns the file; `what` is the name of the list.
    ///
    /// # Errors
    /// `TooMany` if more rows match than a file can have.
    pub fn file(
        &self,
        listing: &ListOptions,
        context: &RequestContext<'_>,
        (what, table): (&str, ListTable),
    ) -> PageResult {
        if table.total > MOST_ROWS {
            let message =
                format!("{} rows match, but a file has at most {MOST_ROWS}. Search or filter first.", table.total);
            return Err(AppError::TooMany(message));
        }
        let name = format!("{} {}", context.tenant.tenant().name, what.to_lowercase());
        let columns: Vec<_> = list_columns::shown(listing, &self.query.columns).collect();
        let rows = list_columns::without_hidden(listing, &self.query.columns, table.rows);
        let file = in_place(|| match self.format {
            Format::Csv => Download::csv(&name, in_csv(&columns, &rows)),
            Format::Json => Download::json(&name, in_json(&columns, &rows)),
            Format::Names => Download::text(&name, names(&rows)),
        });
        Ok(PageResponse::File(Box::new(file)))
    }
}

/// Returns the addresses of a list as a file; `base` is the address of the list.
pub fn links(listing: &ListOptions, query: &ListQuery, base: &str) -> ExportLinks {
    let base = format!("{base}{EXPORT}");
    let address = |format: Format| query.address(listing, &base, (FORMAT, format.name()));
    let has_names = listing.columns.first().is_some_and(|column| column.is_name);
    ExportLinks {
        csv: address(Format::Csv),
        json: address(Format::Json),
        names: if has_names { address(Format::Names) } else { String::new() },
    }
}

fn in_csv(columns: &[&ListColumn], rows: &[Vec<Cell>]) -> String {
    let labels = columns.iter().map(|column| column.label.to_owned()).collect::<Vec<_>>();
    let text = |cell: &Cell| match value(cell) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    csv::write(std::iter::once(labels).chain(rows.iter().map(|row| row.iter().map(text).collect())))
}

fn in_json(columns: &[&ListColumn], rows: &[Vec<Cell>]) -> String {
    let object = |row: &Vec<Cell>| {
        let id = row.first().and_then(|cell| cell.id).map(|id| ("id".to_owned(), id.into()));
        let values = columns.iter().zip(row).map(|(column, cell)| (column.in_files(), value(cell)));
        id.into_iter().chain(values).collect::<Map<_, _>>()
    };
    let objects: Vec<Value> = rows.iter().map(object).map(Value::Object).collect();
    format!("{:#}\n", Value::Array(objects))
}

fn names(rows: &[Vec<Cell>]) -> String {
    rows.iter().filter_map(|row| row.first()).fold(String::new(), |text, cell| text + &cell.text + "\n")
}

/// Returns the value of a cell: a flag, a number, a time with its zone (RFC 3339), or the text.
fn value(cell: &Cell) -> Value {
    match cell.flag {
        Some(flag) => flag.into(),
        None if !cell.iso.is_empty() => cell.iso.clone().into(),
        None => match cell.text.parse::<i64>() {
            Ok(number) if cell.is_figure => number.into(),
            _ => cell.text.clone().into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [ListColumn; 4] = [
        ListColumn::name("name", "Name"),
        ListColumn::number("uses", "Uses"),
        ListColumn::short("active", "Is active"),
        ListColumn::text("", "What changed"),
    ];

    fn row() -> Vec<Cell> {
        let time = Cell::moment(("2026-11-03 10:00".to_owned(), "2026-11-03T10:00:00+00:00".to_owned()));
        vec![Cell::object(7, "=a, b", "/x/"), Cell::figure(3, ""), Cell::flag(true), time]
    }

    #[test]
    fn a_file_has_what_the_list_shows() {
        let columns: Vec<&ListColumn> = COLUMNS.iter().collect();
        let csv = "Name,Uses,Is active,What changed\r\n\"'=a, b\",3,true,2026-11-03T10:00:00+00:00\r\n";
        assert_eq!(in_csv(&columns, &[row()]), csv);
        let json: Value = serde_json::from_str(&in_json(&columns, &[row()])).unwrap();
        let expected = serde_json::json!([
            { "id": 7, "name": "=a, b", "uses": 3, "active": true, "what_changed": "2026-11-03T10:00:00+00:00" }
        ]);
        assert_eq!(json, expected);
        assert_eq!(names(&[row(), row()]), "=a, b\n=a, b\n");
    }

    #[test]
    fn an_empty_list_has_the_headings_only() {
        let columns: Vec<&ListColumn> = COLUMNS.iter().collect();
        assert_eq!(in_csv(&columns, &[]), "Name,Uses,Is active,What changed\r\n");
        assert_eq!(in_json(&columns, &[]), "[]\n");
        assert_eq!(names(&[]), "");
    }
}
