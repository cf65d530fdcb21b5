// Marks names that the registry does not know yet, and offers the one that was probably meant. A save asks for them.

import { released } from "./press.js";
import { say } from "./say.js";

// The most names in one request.
const MOST = 50;

export function markNewNames(form) {
  // By address, what is known of a name: null if the registry has it, else { near }.
  const known = new Map();
  const isSaved = !form.hasAttribute("data-unsaved");
  const inputs = (within = form) => [...within.querySelectorAll("[data-new-names]")];

  async function check(changed) {
    await released();
    for (const input of changed) mark(input);
    for (const [address, names] of unknown(changed)) {
      for (let at = 0; at < names.length; at += MOST) await ask(address, names.slice(at, at + MOST));
    }
    await released();
    const marked = changed.filter((input) => mark(input));
    if (marked.length === 1) say(`${marked[0].value.trim()} is a new name. ${meant(marked[0])}`);
    else if (marked.length > 1) say(`${marked.length} names are new.`);
  }

  // Returns the names of inputs that were not asked for yet, by address.
  function unknown(changed) {
    const asked = new Map();
    for (const input of changed) {
      const name = input.value.trim();
      if (name === "" || isKnown(input, name) || ofAddress(input).has(name)) continue;
      const { newNames } = input.dataset;
      asked.set(newNames, [...new Set([...(asked.get(newNames) ?? []), name])]);
    }
    return asked;
  }

  // Returns true for a name that was suggested, and for one that is saved.
  const isKnown = (input, name) => input.dataset.known === name || (isSaved && input.defaultValue === name);

  async function ask(address, names) {
    const url = new URL(address, location.href);
    for (const name of names) url.searchParams.append("name", name);
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (!response.ok) return;
      const found = new Map((await response.json()).new.map(({ name, near }) => [name, { near }]));
      for (const name of names) known.get(address).set(name, found.get(name) ?? null);
    } catch {
      // Without an answer nothing is marked; the save asks.
    }
  }

  function ofAddress({ dataset: { newNames } }) {
    if (!known.has(newNames)) known.set(newNames, new Map());
    return known.get(newNames);
  }

  const finding = (input) => ofAddress(input).get(input.value.trim());
  const meant = (input) => (finding(input).near ? `Did you mean ${finding(input).near}?` : "");

  // Shows or removes the mark of an input; returns true if it was not shown before.
  function mark(input) {
    const id = `${input.id}_new`;
    const shown = document.getElementById(id);
    if (shown && shown.dataset.name === input.value.trim()) return false;
    shown?.remove();
    input.classList.remove("new");
    describe(input, id, false);
    if (!finding(input)) return false;
    input.classList.add("new");
    input.parentElement.append(hint(input, id));
    describe(input, id, true);
    return true;
  }

  function hint(input, id) {
    const line = document.createElement("span");
    line.id = id;
    line.className = "new-name";
    line.dataset.name = input.value.trim();
    const badge = document.createElement("strong");
    badge.textContent = "new";
    line.append(badge);
    const { near } = finding(input);
    if (near) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = near;
      button.addEventListener("click", () => take(input, near));
      line.append(" Did you mean ", button, "?");
    }
    return line;
  }

  function take(input, name) {
    input.value = name;
    input.dataset.known = name;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // A name that was changed and typed again as it was is no change for the browser.
  for (const event of ["change", "focusout"]) {
    form.addEventListener(event, ({ target }) => {
      if (target.dataset?.newNames) check([target]);
    });
  }
  form.addEventListener("input", ({ target }) => {
    // Pasted rows.
    if (target.matches("tbody")) check(inputs(target).filter((input) => input.value.trim() !== ""));
    else if (target.dataset?.newNames && target.classList.contains("new")) mark(target);
  });
  if (!isSaved) check(inputs());
}

function describe(input, id, isOn) {
  const ids = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
  if (isOn) ids.push(id);
  if (ids.length > 0) input.setAttribute("aria-describedby", ids.join(" "));
  else input.removeAttribute("aria-describedby");
}
