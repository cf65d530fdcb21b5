// Tells while typing that a row of a table is the same as an earlier one. A save would refuse it.

import { released } from "./press.js";
import { say } from "./say.js";

// The time after the last key, in milliseconds.
const DELAY = 400;

export function markDuplicates(field) {
  const body = field.querySelector("tbody");
  // The rows of sections are told apart by the server alone.
  if (!body || !field.classList.contains("wide")) return;
  let timer;
  for (const type of ["input", "change"]) {
    body.addEventListener(type, () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        await released();
        const told = check();
        if (told.length > 0) say(told.length === 1 ? told[0] : `${told.length} rows are the same as earlier ones.`);
      }, DELAY);
    });
  }
  check();

  // Marks the rows; returns what is to be said about those that were not marked before.
  function check() {
    const earlier = new Map();
    const told = [];
    let number = 0;
    for (const row of body.rows) {
      const texts = [...row.querySelectorAll("input")].map((input) => input.value.trim());
      if (texts.every((text) => text === "")) {
        mark(row, "");
        continue;
      }
      number += 1;
      const key = JSON.stringify(texts);
      const first = earlier.get(key);
      if (first === undefined) earlier.set(key, number);
      if (mark(row, first === undefined ? "" : `Same as row ${first}.`)) told.push(`Row ${number}: same as row ${first}.`);
    }
    return told;
  }
}

// Shows the text below the first input of a row, or removes it; returns true if it was not shown before. An error that the
// server has found stays.
function mark(row, text) {
  const input = row.querySelector("input");
  const shown = row.querySelector(".twice");
  if (!input || (shown?.textContent ?? "") === text || row.classList.contains("wrong")) return false;
  const id = `${input.id}_twice`;
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other !== "" && other !== id);
  shown?.remove();
  if (text !== "") {
    const note = document.createElement("span");
    note.className = "twice";
    note.id = id;
    note.textContent = text;
    input.closest("td").append(note);
    others.push(id);
  }
  if (others.length > 0) input.setAttribute("aria-describedby", others.join(" "));
  else input.removeAttribute("aria-describedby");
  return text !== "";
}
