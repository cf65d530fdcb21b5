// Suggestions from the server while typing. ARIA and the highlight come from @github/combobox-nav; all inputs of a form
// share one list, so that tables of hundreds of rows stay fast.
//
// Keys never depend on how fast the server is: an arrow that is pressed while an answer is awaited is applied to that
// answer, and so is an Enter or Tab after it, even if the focus is in another field by then.

import Combobox from "../vendor/combobox-nav-3.0.2/combobox-nav.js";
import { isComposing } from "./keys.js";
import { question } from "./question.js";
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
  // The question whose answer the focused input awaits, if any.
  let awaited = null;
  // The questions that were accepted and not answered yet; their inputs may have lost the focus.
  const accepted = new Set();

  function open(input) {
    close();
    combobox = new Combobox(input, list, { tabInsertsSuggestions: false });
    input.after(list);
  }

  function close() {
    forget();
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

  // Drops the awaited question, unless it was accepted.
  function forget() {
    if (awaited && !accepted.has(awaited)) awaited.cancel();
    awaited = null;
  }

  function ask(input, delay) {
    forget();
    const asked = questionOf(input, addressOf(input, form), delay);
    awaited = asked;
    asked.answer.then((results) => {
      if (accepted.delete(asked)) commitLate(asked, results);
      if (awaited !== asked) return;
      awaited = null;
      if (!asked.isAccepted) show(asked, results);
    });
  }

  function show({ input, arrows }, results) {
    if (combobox?.input !== input || document.activeElement !== input) return;
    hide();
    list.replaceChildren(...results.map(option));
    if (results.length === 0) return;
    list.hidden = false;
    combobox.start();
    for (const step of arrows) combobox.navigate(step);
    say(results.length === 1 ? "1 suggestion" : `${results.length} suggestions`);
  }

  // Remembers that the awaited answer is accepted as the arrows select it.
  function accept(asked) {
    asked.isAccepted = true;
    accepted.add(asked);
    asked.hurry();
  }

  function commitLate({ input, text, arrows }, results) {
    const chosen = selected(arrows, results);
    if (chosen && input.isConnected && input.value === text) commit(input, chosen.value);
    else if (!chosen) say(`No suggestion for ${text}`);
  }

  function commit(input, value) {
    input.value = value;
    // Names that are suggested are not new.
    input.dataset.known = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  form.addEventListener("focusin", ({ target }) => {
    if (target.dataset?.suggestions) open(target);
    else close();
  });
  form.addEventListener("input", ({ target }) => {
    if (target !== combobox?.input) return;
    if (awaited) accepted.delete(awaited);
    ask(target, DELAY);
  });

  // Capturing, to run before combobox-nav and before the keys of rows.
  form.addEventListener("keydown", onKey, true);

  function onKey(event) {
    const { target, key } = event;
    if (target !== combobox?.input) return;
    // The keys of an input method are not ours.
    if (isComposing(event)) event.stopImmediatePropagation();
    else if (event.altKey || event.ctrlKey || event.metaKey) return;
    else if (key === "ArrowDown" || key === "ArrowUp") onArrow(event, key === "ArrowDown" ? 1 : -1);
    else if (key === "Tab") onTab(event);
    else if (key === "Enter") onEnter(event);
    else if (key === "Escape") onEscape(event);
  }

  function onArrow(event, step) {
    if (awaited && !awaited.isAccepted) {
      awaited.arrows.push(step);
      awaited.hurry();
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (list.hidden && step === 1) {
      event.preventDefault();
      ask(event.target, 0);
    }
  }

  // Takes what is selected; the browser moves the focus.
  function onTab(event) {
    event.stopImmediatePropagation();
    if (awaited) {
      if (awaited.arrows.length > 0) accept(awaited);
    } else highlighted()?.click();
  }

  function onEnter(event) {
    const isRow = event.target.closest("tr") !== null;
    if (awaited && !awaited.isAccepted && awaited.arrows.length > 0) {
      accept(awaited);
      event.preventDefault();
    } else if (!isRow && (awaited || !list.hidden || form.querySelector("[data-rows], [data-row-groups]"))) {
      // Enter never sends a form by accident: in a field that offers suggestions, and above rows to fill in.
      if (!highlighted()) hide();
      event.preventDefault();
      if (!awaited) return;
      forget();
    } else return;
    event.stopImmediatePropagation();
  }

  function onEscape(event) {
    if (list.hidden && !awaited) return;
    event.preventDefault();
    forget();
    hide();
  }

  const highlighted = () => (list.hidden ? null : list.querySelector("[aria-selected=true]"));

  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!list.contains(relatedTarget)) close();
  });
  // Accepted suggestions are sent, not what was typed before.
  form.addEventListener(
    "submit",
    async (event) => {
      if (accepted.size === 0) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      await Promise.all([...accepted].map(({ answer }) => answer));
      form.requestSubmit(event.submitter);
    },
    true,
  );
  // The input keeps the focus while the list is clicked.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("combobox-commit", ({ target }) => {
    const { input } = combobox;
    hide();
    commit(input, target.dataset.value);
  });
}

// A question about the text of an input. `answer` resolves to the suggestions: without any, the field is a plain input.
function questionOf(input, address, delay) {
  const text = input.value;
  const { answer, hurry, cancel } = question(delay, (signal) => results(address, signal));
  const suggestions = answer.then((found) => (found ?? []).filter(({ value }) => value !== text));
  return { input, text, arrows: [], isAccepted: false, answer: suggestions, hurry, cancel };
}

async function results(address, signal) {
  const response = await fetch(address, { signal, headers: { Accept: "application/json" } });
  return response.ok ? (await response.json()).results : [];
}

// Returns the suggestion that the arrows select: as in the list, none is selected before the first and after the last.
function selected(arrows, results) {
  const stops = results.length + 1;
  const place = arrows.reduce((at, step) => (at + step + stops) % stops, 0);
  return results[place - 1];
}

function addressOf(input, form) {
  const address = new URL(input.dataset.suggestions, location.href);
  address.searchParams.set("q", input.value);
  // The suggestions depend on another field.
  const other = input.dataset.suggestionsWith;
  if (other) address.searchParams.set(other, form.querySelector(`#id_${CSS.escape(other)}`)?.value ?? "");
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
