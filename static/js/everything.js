// Results of the search over everything below the search in the header, while the user types. Enter without a choice
// leads to the page of results. Loaded when the search gets the focus.
//
// As in suggest.js, keys do not depend on how fast the server is: arrows and Enter are applied to the awaited answer.

import Combobox from "../vendor/combobox-nav-3.0.2/combobox-nav.js";
import { isComposing } from "./keys.js";
import { say } from "./say.js";
import { countOf, searchFor } from "./search_results.js";

// The most results of each kind.
const MOST = 3;

const input = document.getElementById("everything");
const { form } = input;
const list = document.createElement("div");
list.className = "suggestions";
list.id = "found";
list.hidden = true;
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Results");
input.after(list);
const combobox = new Combobox(input, list, { tabInsertsSuggestions: false });
// The question whose answer is awaited, with the keys that are applied to it.
let awaited = null;

function hide() {
  if (list.hidden) return;
  list.hidden = true;
  combobox.stop();
}

function forget() {
  awaited?.cancel();
  awaited = null;
}

async function ask(delay) {
  forget();
  const text = input.value.trim();
  if (!text) return hide();
  const asked = { ...searchFor(form, text, delay), arrows: [], isAccepted: false };
  awaited = asked;
  const found = await asked.answer;
  if (awaited !== asked) return;
  awaited = null;
  show(found, asked);
}

function show(found, { arrows, isAccepted }) {
  hide();
  const groups = found ? [...found.page.querySelectorAll(".findings")].map(group) : [];
  if (groups.length > 0 && document.activeElement === input) {
    list.replaceChildren(...groups, all(found.address));
    list.hidden = false;
    combobox.start();
    for (const step of arrows) combobox.navigate(step);
    say(countOf(found.page));
  } else if (found) say("No results");
  if (isAccepted) (list.querySelector("[aria-selected=true]") ?? form.querySelector("button")).click();
}

// Returns the first results of a kind, below its name.
function group(section) {
  const results = document.createElement("div");
  const name = section.querySelector("h2").firstChild.textContent.trim();
  results.setAttribute("role", "group");
  results.setAttribute("aria-label", name);
  const heading = document.createElement("p");
  heading.setAttribute("aria-hidden", "true");
  heading.append(name);
  const items = [...section.querySelectorAll("li")].slice(0, MOST);
  results.append(heading, ...items.map((item) => option(item.querySelector("a").href, [...item.childNodes])));
  return results;
}

function all(address) {
  return option(address.href, ["Show all results"]);
}

function option(href, content) {
  const link = document.createElement("a");
  link.setAttribute("role", "option");
  link.tabIndex = -1;
  link.href = href;
  // The link in the page of results is the option itself here.
  for (const part of content) link.append(...(part.tagName === "A" ? part.childNodes : [part]));
  return link;
}

input.addEventListener("input", () => ask());
input.addEventListener("focusout", ({ relatedTarget }) => {
  if (list.contains(relatedTarget)) return;
  forget();
  hide();
});
// The input keeps the focus while the list is clicked.
list.addEventListener("mousedown", (event) => event.preventDefault());

// Capturing, to run before combobox-nav.
form.addEventListener(
  "keydown",
  (event) => {
    if (event.target !== input || isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && awaited) {
      awaited.arrows.push(step);
      awaited.hurry();
    } else if (step && list.hidden && input.value.trim()) ask(0);
    else if (event.key === "Enter" && awaited?.arrows.length > 0) awaited.isAccepted = true;
    else if (event.key === "Escape" && (awaited || !list.hidden)) {
      forget();
      hide();
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// What was typed while this file was loaded.
if (input.value && document.activeElement === input) ask(0);
