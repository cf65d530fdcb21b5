// Tables of inputs grow and shrink without asking the server.
//
// Enter leads to the next row, and in the last one adds a row; each row has a button that removes it. What is pasted
// from a spreadsheet fills as many rows as it has.

import { say } from "./say.js";

const inputs = (row) => [...row.querySelectorAll("input:not([type=hidden])")];
const nextShown = (row) => {
  const next = row.nextElementSibling;
  return next?.hidden ? nextShown(next) : next;
};
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
    button.setAttribute("aria-label", "Remove this row");
    button.title = "Remove this row";
    button.addEventListener("click", () => remove(row));
    row.querySelector(".act").replaceChildren(button);
  }

  function remove(row) {
    const neighbour = nextShown(row) ?? row.previousElementSibling;
    row.remove();
    const left = neighbour ?? add();
    (left.querySelector(".act button") ?? inputs(left)[0])?.focus();
    say("Row removed");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function goOn(row) {
    let following = nextShown(row);
    if (!following && !isBlank(row)) {
      following = add();
      say("Row added");
    }
    if (following) inputs(following)[0]?.focus();
  }

  body.addEventListener("keydown", (event) => {
    // A suggestion that was taken has used the key up.
    if (event.key !== "Enter" || event.defaultPrevented || !event.target.matches("input")) return;
    event.preventDefault();
    goOn(event.target.closest("tr"));
  });

  body.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!event.target.matches("input") || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    fill(event.target, text.replace(/\r/g, "").replace(/\n+$/, "").split("\n").map((line) => line.split("\t")));
  });

  function fill(start, lines) {
    let row = start.closest("tr");
    const column = inputs(row).indexOf(start);
    for (const [number, cells] of lines.entries()) {
      if (number > 0) row = row.nextElementSibling ?? add();
      cells.forEach((cell, place) => {
        const input = inputs(row)[column + place];
        if (input) input.value = cell.trim();
      });
    }
    say(`${lines.length} rows pasted`);
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The button that asks the server for more rows adds one here.
  field.querySelector("button[name=_more]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const last = body.lastElementChild;
    inputs(last && isBlank(last) ? last : add())[0]?.focus();
  });

  for (const row of body.rows) equip(row);
  const hint = field.querySelector(".keys");
  hint.textContent = "Enter leads to the next row.";
  hint.toggleAttribute("data-typing", true);
}

// 3 of `tuples-3-metric`.
function numberOf(element) {
  return Number(/-(\d+)-[^-]*$/.exec(element.name)?.[1] ?? -1);
}
