// A list of checkboxes becomes two: what there is on the left, what is chosen on the right. The checkboxes stay what
// is sent, and stay what keyboard and screen reader know: checking one moves it over.

import { say } from "./say.js";

// Fewer are seen at a glance.
const WORTHWHILE = 5;

export function makeTwoSided(field) {
  const list = field.querySelector(".picks");
  if (!list || list.children.length < WORTHWHILE) return;
  const name = field.querySelector("legend").firstChild.textContent.trim();
  const sides = document.createElement("div");
  sides.className = "sides";
  list.before(sides);
  const available = side(`${field.id}_available`, `${name} to choose from`, list);
  const chosen = side(`${field.id}_chosen`, "Chosen", document.createElement("ul"));
  chosen.element.classList.add("chosen");
  sides.append(available.element, chosen.element);
  for (const item of [...available.list.children]) {
    if (item.querySelector("input").checked) chosen.list.append(item);
  }

  field.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox") return;
    const item = target.closest("li");
    const [from, to] = target.checked ? [available, chosen] : [chosen, available];
    const neighbour = nextShown(item) ?? previousShown(item);
    insertSorted(to.list, item);
    (neighbour?.querySelector("input") ?? from.filter).focus();
    say(`${item.textContent.trim()} ${target.checked ? "chosen" : "no longer chosen"}`);
    refresh();
  });

  function refresh() {
    available.refresh();
    chosen.refresh();
  }
  refresh();
}

function side(id, label, list) {
  const element = document.createElement("div");
  const heading = document.createElement("p");
  heading.className = "label";
  const filter = document.createElement("input");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", `Filter: ${label}`);
  list.className = "picks";
  // A list that scrolls is reached by keyboard, even while it holds nothing.
  list.tabIndex = 0;
  list.setAttribute("aria-labelledby", id);
  heading.id = id;
  element.append(heading, filter, list);

  function refresh() {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const item of list.children) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
      if (!item.hidden) shown += 1;
    }
    const all = list.children.length;
    heading.textContent = `${label}: ${wanted ? `${shown} of ${all}` : all}`;
  }
  filter.addEventListener("input", refresh);
  // Enter in a filter does not save the form.
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  return { element, list, filter, refresh };
}

// As the server sorts: «cloud» stands before «Delta».
function standsBehind(other, item) {
  const [left, right] = [other, item].map((one) => one.textContent.trim());
  const [leftSmall, rightSmall] = [left.toLowerCase(), right.toLowerCase()];
  return leftSmall === rightSmall ? left > right : leftSmall > rightSmall;
}

function insertSorted(list, item) {
  const after = [...list.children].find((other) => standsBehind(other, item));
  list.insertBefore(item, after ?? null);
}

function nextShown(item) {
  let other = item.nextElementSibling;
  while (other?.hidden) other = other.nextElementSibling;
  return other;
}

function previousShown(item) {
  let other = item.previousElementSibling;
  while (other?.hidden) other = other.previousElementSibling;
  return other;
}
