// Inputs that suggest what the server knows. Keyboard and ARIA come from @github/combobox-nav; one list serves all
// inputs of a form, so that a table of hundreds of rows costs nothing.

import Combobox from "../vendor/combobox-nav-3.0.2/combobox-nav.js";
import { say } from "./say.js";

// Milliseconds without a key before the server is asked.
const PATIENCE = 150;

export function suggest(form) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");

  let combobox = null;
  let asking = null;
  let timer = 0;

  function open(input) {
    close();
    combobox = new Combobox(input, list, { tabInsertsSuggestions: true });
    input.after(list);
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    if (!combobox) return;
    hide();
    combobox.destroy();
    combobox = null;
    list.remove();
  }

  function hide() {
    if (list.hidden) return;
    list.hidden = true;
    combobox?.stop();
  }

  async function ask(input) {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(addressOf(input, form), { signal: asking.signal, headers: { Accept: "application/json" } });
      // Without an answer the field is a plain input.
      show(input, answer.ok ? (await answer.json()).results : []);
    } catch (error) {
      if (error.name !== "AbortError") hide();
    }
  }

  function show(input, results) {
    if (combobox?.input !== input || document.activeElement !== input) return;
    const known = results.filter((result) => result.value !== input.value);
    hide();
    list.replaceChildren(...known.map(option));
    if (known.length === 0) return;
    list.hidden = false;
    combobox.start();
    say(known.length === 1 ? "1 suggestion" : `${known.length} suggestions`);
  }

  form.addEventListener("focusin", ({ target }) => {
    if (target.dataset?.suggestions) open(target);
    else close();
  });
  form.addEventListener("input", ({ target }) => {
    if (target !== combobox?.input) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE, target);
  });
  // Before combobox-nav hears of it: Arrow down asks, Escape closes and does no more.
  form.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== combobox?.input) return;
      if (event.key === "ArrowDown" && list.hidden) {
        event.preventDefault();
        ask(event.target);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        hide();
      }
    },
    true,
  );
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!list.contains(relatedTarget)) close();
  });
  // The input keeps the focus while the list is clicked.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("combobox-commit", ({ target }) => {
    const { input } = combobox;
    input.value = target.dataset.value;
    hide();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function addressOf(input, form) {
  const address = new URL(input.dataset.suggestions, location.href);
  address.searchParams.set("q", input.value);
  // What stands in rows comes from any group: the metrics of a profile are not of the profile's group.
  const group = input.closest("tr") ? "" : form.querySelector("#id_group")?.value;
  if (group) address.searchParams.set("group", group);
  return address;
}

function option({ value, note }, number) {
  const item = document.createElement("li");
  item.id = `suggestion-${number}`;
  item.setAttribute("role", "option");
  item.dataset.value = value;
  item.append(value);
  if (note) {
    const quiet = document.createElement("span");
    quiet.className = "note";
    quiet.append(note);
    item.append(quiet);
  }
  return item;
}
