// Adds and removes rows of tables of inputs without a request to the server.
//
// Enter moves to the next row, and in the last row adds one; each row has a button that removes it. Cells pasted from a
// spreadsheet fill as many rows as they need.

import { isComposing } from "./keys.js";
import { say } from "./say.js";
import { cellsOf } from "./spreadsheet.js";

// The values of sections are text areas, which grow.
const CELL = "input:not([type=hidden]), textarea";
const inputs = (row) => [...row.querySelectorAll(CELL)];
// Hidden rows are those that do not match the search for rows; they are skipped.
const nextShown = (row) => {
  const next = row.nextElementSibling;
  return next?.hidden ? nextShown(next) : next;
};
const previousShown = (row) => {
  const previous = row.previousElementSibling;
  return previous?.hidden ? previousShown(previous) : previous;
};
// Counts cells, not inputs: a fixed key has a cell without an input.
const inputAt = (row, column) => row.cells[column]?.querySelector(CELL);
// The most characters of a row in the name of its button.
const LONGEST_NAME = 120;
const isBlank = (row) => inputs(row).every((input) => input.value.trim() === "");

export function makeGrow(field) {
  const body = field.querySelector("tbody");
  const template = field.querySelector("template");
  if (!body || !template) return;
  let next = 1 + Math.max(-1, ...[...body.querySelectorAll("[name]")].map(numberOf));

  function add() {
    const row = template.content.cloneNode(true).firstElementChild;
    for (const element of row.querySelectorAll("[name]")) {
      element.id = element.id.replace("-__-", `-${next}-`);
      element.name = element.name.replace("-__-", `-${next}-`);
    }
    next += 1;
    body.append(row);
    equip(row);
    return row;
  }

  function equip(row) {
    if (row.hasAttribute("data-fixed")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.addEventListener("click", () => remove(row));
    row.querySelector(".act").replaceChildren(button);
    name(row);
  }

  // The button says what it removes: a form may have many rows.
  function name(row) {
    const button = row.querySelector(".act button");
    if (!button) return;
    const texts = inputs(row).map((input) => input.value.trim()).filter(Boolean);
    const label = texts.length > 0 ? `Remove ${texts.join(", ").slice(0, LONGEST_NAME)}` : "Remove this row";
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  // An accepted suggestion is a change without an input; a paste changes many rows.
  for (const type of ["input", "change"]) {
    body.addEventListener(type, ({ target }) => {
      for (const row of target === body ? body.rows : [target.closest("tr")]) name(row);
    });
  }

  function remove(row) {
    const neighbour = nextShown(row) ?? previousShown(row);
    row.remove();
    const left = neighbour ?? add();
    (left.querySelector(".act button") ?? inputs(left)[0])?.focus();
    say("Row removed");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function moveToNext(row) {
    let following = nextShown(row);
    if (!following && !isBlank(row)) {
      following = add();
      say("Row added");
    }
    if (following) inputs(following)[0]?.focus();
  }

  body.addEventListener("keydown", (event) => {
    // The key was already used to accept a suggestion.
    if (event.key !== "Enter" || event.defaultPrevented || isComposing(event) || !event.target.matches(CELL)) return;
    event.preventDefault();
    moveToNext(event.target.closest("tr"));
  });

  body.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!event.target.matches(CELL) || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    fill(event.target, cellsOf(text));
  });

  // Returns true for a line that only repeats the headings of the columns, or their names in forms.
  function isHeader(cells, column) {
    const headings = [...field.querySelectorAll("thead th")];
    const isHeading = (cell, place) => {
      const input = inputAt(template.content.firstElementChild, place);
      return [headings[place]?.textContent, /[^-]*$/.exec(input?.name ?? "")[0]].some((name) => name && letters(name) === letters(cell));
    };
    return cells.every((cell, place) => cell === "" || isHeading(cell, column + place));
  }

  function fill(start, copied) {
    let row = start.closest("tr");
    const column = start.closest("td").cellIndex;
    const hasHeader = copied.length > 1 && isHeader(copied[0], column);
    const lines = hasHeader ? copied.slice(1) : copied;
    let ignored = 0;
    for (const [number, cells] of lines.entries()) {
      if (number > 0) row = nextShown(row) ?? add();
      cells.forEach((cell, place) => {
        const input = inputAt(row, column + place);
        if (input) input.value = cell;
        else if (cell !== "") ignored += 1;
      });
    }
    lost.textContent = [hasHeader && "The line with the headings was left out.", ignoredCells(ignored)].filter(Boolean).join(" ");
    say([`${counted(lines.length, "row")} pasted`, lost.textContent].filter(Boolean).join(", "));
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Without JavaScript this button posts the form for more rows; here it adds one.
  field.querySelector("button[name=_more]")?.addEventListener("click", (event) => {
    event.preventDefault();
    field.classList.remove("folded");
    const last = body.lastElementChild;
    inputs(last && isBlank(last) ? last : add())[0]?.focus();
  });

  // Fills a blank row, or a new one, with texts.
  field.addEventListener("fill", ({ detail }) => {
    field.classList.remove("folded");
    const last = body.lastElementChild;
    const cells = inputs(last && isBlank(last) ? last : add());
    detail.forEach((text, place) => {
      cells[place].value = text;
    });
    body.dispatchEvent(new Event("input", { bubbles: true }));
  });

  for (const row of body.rows) equip(row);
  // An empty section is one line, until a row is added. A table of its own is what the page is about.
  const isSection = !field.classList.contains("wide");
  field.classList.toggle("folded", isSection && [...body.rows].every((row) => isBlank(row) && !row.matches(".wrong, [data-fixed]")));
  const hint = field.querySelector(".keys");
  hint.textContent = "Press Enter for the next row.";
  hint.toggleAttribute("data-typing", true);
  // Visible only; `say` announces the same to screen readers.
  const lost = document.createElement("strong");
  lost.className = "lost";
  lost.setAttribute("aria-hidden", "true");
  hint.after(lost);
}

const letters = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "");
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function ignoredCells(number) {
  if (number === 0) return "";
  return `${counted(number, "pasted cell")} ${number === 1 ? "was ignored: it" : "were ignored: they"} had no column.`;
}

// Returns the number of the row in the name of an input: 3 for `tuples-3-metric`; -1 without a number.
function numberOf(element) {
  return Number(/-(\d+)-[^-]*$/.exec(element.name)?.[1] ?? -1);
}
