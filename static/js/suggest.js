// Suggestions from the server while typing. Keyboard and ARIA come from @github/combobox-nav; all inputs of a form
// share one list, so that tables of hundreds of rows stay fast.

import Combobox from "../vendor/combobox-nav-3.0.2/combobox-nav.js";
import { say } from "./say.js";

// Milliseconds after the last key before the request is sent (debounce).
const DELAY = 150;

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
      const response = await fetch(addressOf(input, form), { signal: asking.signal, headers: { Accept: "application/json" } });
      // If the request fails, the field is a plain input.
      show(input, response.ok ? (await response.json()).results : []);
    } catch (error) {
      if (error.name !== "AbortError") hide();
    }
  }

  function show(input, results) {
    if (combobox?.input !== input || document.activeElement !== input) return;
    const others = results.filter((result) => result.value !== input.value);
    hide();
    list.replaceChildren(...others.map(option));
    if (others.length === 0) return;
    list.hidden = false;
    combobox.start();
    say(others.length === 1 ? "1 suggestion" : `${others.length} suggestions`);
  }

  form.addEventListener("focusin", ({ target }) => {
    if (target.dataset?.suggestions) open(target);
    else close();
  });
  form.addEventListener("input", ({ target }) => {
    if (target !== combobox?.input) return;
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY, target);
  });
  // Capturing, to run before combobox-nav: Arrow down asks for suggestions, Escape only closes them.
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
  // Rows take names from any group: the metrics of a profile are not in the profile's group.
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
