// Edits groups of rows without a request: groups and rows are added, removed and moved, and what is unused, unknown or in
// two groups is shown at once. The buttons are those that post the form where there is no JavaScript.
//
// All events are handled by the field, and nothing is measured, so that hundreds of rows stay fast. The order of inputs on
// the page counts: their names get their numbers when the form is sent.

import { isComposing } from "./keys.js";
import { say } from "./say.js";
import { cellsOf } from "./spreadsheet.js";

// Milliseconds of silence before a changed warning is announced.
const DELAY = 400;

const cardsOf = (list) => [...list.children];
const rowsOf = (card) => [...card.querySelector("tbody").rows];
const nameOf = (part) => part.querySelector("[name$='-name']");
const operationOf = (part) => part.querySelector("select");
const originOf = (part) => part.querySelector("[name$='-origin']");
const textOf = (part) => nameOf(part).value.trim();
const joined = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

export function makeGroups(field) {
  const form = field.closest("form");
  const { rowGroups: name, rowsPart, offeredBy, joinedBy, suggestionsAll } = field.dataset;
  const list = field.querySelector(".group-cards");
  const templates = Object.fromEntries([...field.querySelectorAll("template")].map((one) => [one.dataset.of, one]));
  const source = form.querySelector(`#id_${CSS.escape(offeredBy)}`);
  const joining = form.querySelector(`#id_${CSS.escape(joinedBy)}`);
  const datalist = field.querySelector("datalist");
  // The names that rows can have, in order; null while they are not known.
  let offered = datalist.hasAttribute("data-known") ? [...datalist.options].map((option) => option.value) : null;
  // The group in which the user worked last: a click on an unused name adds it there.
  let current = null;
  let number = 1000;
  let asked = null;
  let isDue = false;

  // The list of suggestions replaces it.
  datalist.remove();
  field.querySelector("button[value$=':show']")?.remove();
  for (const hint of field.querySelectorAll(".keys")) explain(hint);

  // Adding and removing

  function addCard() {
    const card = templates.group.content.cloneNode(true).firstElementChild;
    const label = card.querySelectorAll("label");
    const inputs = [nameOf(card), operationOf(card)];
    inputs.forEach((input, place) => {
      input.id = `id_${name}-${number}-${input.name.split("-").at(-1)}`;
      label[place].htmlFor = input.id;
    });
    number += 1;
    card.querySelector(".joined span").textContent = joining?.value ?? "";
    explain(card.querySelector(".keys"));
    list.append(card);
    return card;
  }

  function addRow(card, text = "") {
    const rows = rowsOf(card);
    const row = templates.row.content.querySelector("tr").cloneNode(true);
    nameOf(row).id = `id_${name}-new-${number}-name`;
    number += 1;
    nameOf(row).value = text;
    row.dataset.new = "";
    const last = rows.at(-1);
    if (last) choose(operationOf(row), operationOf(last).value);
    card.querySelector("tbody").append(row);
    if (text) label(row, text);
    return row;
  }

  // A value that is none of the choices is not taken over.
  function choose(select, value) {
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  }

  function remove(part, word) {
    const neighbour = part.nextElementSibling ?? part.previousElementSibling;
    const owner = part.parentElement.closest(".group-item");
    const called = textOf(part) || word;
    part.remove();
    const next = neighbour?.querySelector(".remove") ?? owner?.querySelector("button[value*=':add-row']") ?? adder;
    next.focus();
    say(`${called} removed`);
    later();
  }

  function move(part, step) {
    const other = step < 0 ? part.previousElementSibling : part.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    // The other one moves: the part with the focus stays where it is, and so does the focus.
    if (step < 0) part.after(other);
    else part.before(other);
    settle();
    if (focused?.disabled) part.querySelector(`button[value*='move-${step < 0 ? "down" : "up"}']`).focus();
    const siblings = [...part.parentElement.children];
    say(`${textOf(part) || "Moved"} is now ${siblings.indexOf(part) + 1} of ${siblings.length}`);
    part.scrollIntoView({ block: "nearest" });
    later();
  }

  function use(text, button) {
    const card = current?.isConnected ? current : (list.lastElementChild ?? addCard());
    const blank = rowsOf(card).find((row) => textOf(row) === "");
    const row = blank ?? addRow(card, text);
    nameOf(row).value = text;
    label(row, text);
    row.classList.add("fresh");
    const item = button.closest("li");
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
    item.remove();
    (next ?? nameOf(row)).focus();
    say(`${text} added to ${textOf(card) || "the new group"}`);
    later();
  }

  // What the buttons are called, and which of them can be used

  function label(part, text) {
    const called = text || (part.matches("tr") ? "this row" : "this group");
    for (const button of part.querySelectorAll(part.matches("tr") ? "button" : ".group-head button")) {
      const verb = button.matches(".remove") ? "Remove {}" : button.value.includes("up") ? "Move {} up" : "Move {} down";
      button.setAttribute("aria-label", verb.replace("{}", called));
    }
    const legend = part.querySelector("legend");
    if (!legend) return;
    legend.textContent = text || "New group";
    part.querySelector(".more .unseen").textContent = ` to ${called}`;
  }

  // The first part cannot move up, the last one not down.
  function settle() {
    for (const card of list.children) {
      settleButtons(card.querySelector(".group-head"), !card.previousElementSibling, !card.nextElementSibling);
      for (const row of card.querySelector("tbody").rows) settleButtons(row, !row.previousElementSibling, !row.nextElementSibling);
    }
  }

  function settleButtons(part, isFirst, isLast) {
    const [up, down] = part.querySelector(".act").children;
    if (up.disabled !== isFirst) up.disabled = isFirst;
    if (down.disabled !== isLast) down.disabled = isLast;
  }

  // What is unused, unknown or in two groups

  const warnings = field.querySelector(".warnings");
  const unusedWords = field.querySelector(".unused-words");
  const unusedNames = field.querySelector(".unused-names");
  const adder = field.querySelector(".add-group button");
  const chooseFirst = field.querySelector(".choose-first");
  const sourceLabel = () => source?.selectedOptions?.[0]?.textContent ?? "";

  function check() {
    isDue = false;
    settle();
    const known = offered && new Set(offered);
    const groupsOf = new Map();
    const unknown = new Set();
    for (const card of list.children) {
      const group = textOf(card);
      for (const row of rowsOf(card)) {
        const text = textOf(row);
        // A name that is being typed is not finished.
        const isTyped = nameOf(row) === document.activeElement;
        const isUnknown = known !== null && text !== "" && !isTyped && !known.has(text);
        if (isUnknown) unknown.add(text);
        mark(row, isUnknown ? `${text} is not a service flavour of ${sourceLabel()}.` : "");
        if (text === "") continue;
        const groups = groupsOf.get(text) ?? [];
        if (groups.at(-1) !== group) groups.push(group);
        groupsOf.set(text, groups);
      }
    }
    showUnused(groupsOf);
    warn(groupsOf, unknown);
    const isChosen = source === null || source.value !== "";
    adder.disabled = !isChosen;
    chooseFirst.hidden = isChosen;
  }

  function mark(row, words) {
    let cell = row.querySelector(".row-warning");
    if ((cell?.textContent ?? "") === words || row.querySelector(".messages .errors")) return;
    if (words === "") {
      cell.closest(".messages").remove();
      describe(nameOf(row), "");
      return;
    }
    if (!cell) {
      const messages = document.createElement("td");
      messages.className = "messages";
      messages.setAttribute("role", "cell");
      messages.id = `${nameOf(row).id}_messages`;
      cell = document.createElement("span");
      cell.className = "row-warning";
      messages.append(cell);
      row.append(messages);
      describe(nameOf(row), messages.id);
    }
    cell.textContent = words;
  }

  function describe(input, id) {
    if (id) input.setAttribute("aria-describedby", id);
    else input.removeAttribute("aria-describedby");
  }

  function showUnused(groupsOf) {
    const unused = (offered ?? []).filter((text) => !groupsOf.has(text));
    const of = sourceLabel();
    let words;
    if (source && source.value === "") words = "Service flavours are those of the metric profile.";
    else if (offered === null) words = `The service flavours of ${of} are not known at the moment.`;
    else if (unused.length === 0) words = `All service flavours of ${of} are in a group.`;
    else words = `${unused.length} of ${offered.length} service flavours of ${of} ${unused.length === 1 ? "is" : "are"} in no group:`;
    write(unusedWords, words);
    unusedNames.hidden = unused.length === 0;
    const shown = [...unusedNames.querySelectorAll("button")].map((button) => button.lastChild.textContent);
    if (shown.length === unused.length && shown.every((text, place) => text === unused[place])) return;
    const focused = unusedNames.contains(document.activeElement) ? document.activeElement.lastChild.textContent : null;
    unusedNames.replaceChildren(...unused.map(chip));
    if (focused !== null) [...unusedNames.querySelectorAll("button")].find((button) => button.lastChild.textContent === focused)?.focus();
  }

  function chip(text) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.name = "_edit";
    button.value = `${name}:use:${text}`;
    const verb = document.createElement("span");
    verb.className = "unseen";
    verb.textContent = "Add ";
    button.append(verb, text);
    item.append(button);
    return item;
  }

  function warn(groupsOf, unknown) {
    const sentences = [];
    if (list.children.length === 0) sentences.push("Nothing is computed: there is no service flavour group.");
    for (const [text, groups] of groupsOf) {
      if (groups.length > 1) sentences.push(`${text} is in ${joined(groups)}: it counts in ${groups.at(-1)} only.`);
    }
    if (unknown.size > 0) sentences.push(`Some service flavours are not in the metric profile: ${[...unknown].join(", ")}.`);
    const shown = [...warnings.children].map((line) => line.textContent);
    if (shown.length === sentences.length && shown.every((text, place) => text === sentences[place])) return;
    clearTimeout(warn.timer);
    warn.timer = setTimeout(() => {
      warnings.replaceChildren(...sentences.map((text) => {
        const line = document.createElement("p");
        line.className = "warning";
        line.textContent = text;
        return line;
      }));
    }, DELAY);
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // Several changes at once are checked once.
  function later() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(check);
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    offered = null;
    if (source.value === "") {
      offered = [];
      later();
      return;
    }
    const address = new URL(suggestionsAll, location.href);
    address.searchParams.set(offeredBy, source.value);
    address.searchParams.set("all", "1");
    try {
      const response = await fetch(address, { signal, headers: { Accept: "application/json" } });
      if (response.ok) offered = (await response.json()).results.map(({ value }) => value);
    } catch {
      // Without them, nothing is compared; the server checks it when the form is saved.
    }
    if (!signal.aborted) later();
  }

  // Events

  const actions = {
    add: () => focus(nameOf(addCard())),
    remove: (card) => remove(card, "Group"),
    "move-up": (card) => move(card, -1),
    "move-down": (card) => move(card, 1),
    "add-row": (card) => focus(nameOf(rowsOf(card).find((row) => textOf(row) === "" && row === rowsOf(card).at(-1)) ?? addRow(card))),
    "remove-row": (_, row) => remove(row, "Row"),
    "move-up-row": (_, row) => move(row, -1),
    "move-down-row": (_, row) => move(row, 1),
  };

  function focus(input) {
    input.focus();
    later();
  }

  field.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=_edit]");
    if (!button) return;
    event.preventDefault();
    const [, action, ...rest] = button.value.split(":");
    if (action === "use") use(rest.join(":"), button);
    else actions[action]?.(button.closest(".group-item"), button.closest("tr"));
  });

  field.addEventListener("focusin", ({ target }) => {
    current = target.closest(".group-item") ?? current;
    for (const card of list.children) card.classList.toggle("current", card === current);
  });

  // An accepted suggestion is a change, without an input.
  for (const type of ["input", "change"]) {
    field.addEventListener(type, ({ target }) => {
      const part = target.closest("tr") ?? target.closest(".group-item");
      if (part && target === nameOf(part)) label(part, textOf(part));
      later();
    });
  }

  field.addEventListener("focusout", later);

  field.addEventListener("keydown", (event) => {
    const { target, key } = event;
    // The key was already used to accept a suggestion.
    if (event.defaultPrevented || isComposing(event) || !target.matches("input, button")) return;
    const card = target.closest(".group-item");
    const part = target.closest("tr") ?? card;
    if (!part) return;
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      event.preventDefault();
      move(part, key === "ArrowUp" ? -1 : 1);
    } else if (key === "Enter" && target.matches("input")) {
      event.preventDefault();
      onEnter(card, part);
    }
  });

  // Enter moves to the next row, and after the last one adds one.
  function onEnter(card, part) {
    const next = part === card ? rowsOf(card)[0] : part.nextElementSibling;
    if (next) nameOf(next).focus();
    else if (part === card || textOf(part) !== "") focus(nameOf(addRow(card)));
  }

  // Copied lines fill as many rows as they need.
  field.addEventListener("paste", (event) => {
    const row = event.target.closest("tr");
    const text = event.clipboardData?.getData("text") ?? "";
    if (!row || event.target !== nameOf(row) || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const card = row.closest(".group-item");
    let at = row;
    cellsOf(text).forEach(([cell, operation], place) => {
      if (place > 0) at = at.nextElementSibling ?? addRow(card);
      nameOf(at).value = cell;
      if (operation) choose(operationOf(at), operation.toUpperCase());
      label(at, cell);
    });
    say("Rows pasted");
    later();
  });

  source?.addEventListener("change", ask);
  joining?.addEventListener("change", () => {
    for (const chipText of list.querySelectorAll(".joined span")) chipText.textContent = joining.value;
  });

  // The server reads groups and rows by their numbers. Rows that were added and not filled are left out.
  form.addEventListener("submit", () => {
    cardsOf(list).forEach((card, group) => {
      for (const row of rowsOf(card)) if ("new" in row.dataset && textOf(row) === "") row.remove();
      for (const input of [nameOf(card), operationOf(card), originOf(card)]) rename(input, `${name}-${group}`);
      rowsOf(card).forEach((row, place) => {
        for (const input of [nameOf(row), operationOf(row), originOf(row)]) rename(input, `${name}-${group}-${rowsPart}-${place}`);
      });
    });
  });

  function rename(input, base) {
    input.name = `${base}-${input.name.slice(input.name.lastIndexOf("-") + 1)}`;
  }

  check();
}

function explain(hint) {
  hint.textContent = "Enter: next row. Alt+↑ and Alt+↓ move it.";
  hint.toggleAttribute("data-typing", true);
}
