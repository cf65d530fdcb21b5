// Cells as spreadsheets copy them: separated by tabs, rows by line ends; a cell with a line end, a tab or a quotation
// mark in it is quoted.

// Returns the rows of a copied text, each a list of texts. Line ends and tabs within a cell are blanks: no cell of a
// form has several lines.
export function cellsOf(text) {
  const rows = [[]];
  let rest = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
  for (;;) {
    const { cell, length } = firstCell(rest);
    rows.at(-1).push(cell.replace(/\s+/g, " ").trim());
    const end = rest[length];
    rest = rest.slice(length + 1);
    if (end === undefined) return rows;
    if (end === "\n") rows.push([]);
  }
}

// Returns the first cell of a text, and its length there. A cell that only begins with a quotation mark is taken as it
// is, as is one that needs no quotation marks.
function firstCell(text) {
  const quoted = /^"((?:[^"]|"")*)"(?=[\t\n]|$)/.exec(text);
  if (quoted && /[\t\n]|""/.test(quoted[1])) return { cell: quoted[1].replaceAll('""', '"'), length: quoted[0].length };
  const [cell] = /^[^\t\n]*/.exec(text);
  return { cell, length: cell.length };
}
