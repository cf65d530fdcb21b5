// Splits a list of checkboxes into two: available items on the left, selected ones on the right. The checkboxes remain,
// for the form, the keyboard and screen readers: checking one moves it to the other side. A button moves all that are shown.

import { say } from "./say.js";

// Shorter lists are not split.
const MIN_ITEMS = 5;

export function makeTwoSided(field) {
  const list = field.querySelector(".picks");
  if (!list || list.children.length < MIN_ITEMS) return;
  const name = field.querySelector("legend").firstChild.textContent.trim();
  const sides = document.createElement("div");
  sides.className = "sides";
  list.before(sides);
  const available = side(`${field.id}_available`, name, ["Available", "Select all shown"], list);
  const chosen = side(`${field.id}_chosen`, name, ["Selected", "Remove all shown"], document.createElement("ul"));
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
    say(`${item.textContent.trim()} ${target.checked ? "selected" : "no longer selected"}`);
    refresh();
  });

  function moveAll(from, to, checked) {
    const items = [...from.list.children].filter((item) => !item.hidden);
    for (const item of items) item.querySelector("input").checked = checked;
    to.list.append(...[...to.list.children, ...items].sort(inOrder));
    say(`${items.length} ${checked ? "selected" : "no longer selected"}`);
    refresh();
  }
  available.all.addEventListener("click", () => moveAll(available, chosen, true));
  chosen.all.addEventListener("click", () => moveAll(chosen, available, false));

  function refresh() {
    available.refresh();
    chosen.refresh();
  }
  refresh();
}

function side(id, name, [label, moving], list) {
  const element = document.createElement("div");
  const heading = document.createElement("p");
  heading.className = "label";
  const filter = document.createElement("input");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", `Filter ${label.toLowerCase()}: ${name}`);
  list.className = "picks";
  // The keyboard reaches a list that scrolls, even an empty one.
  list.tabIndex = 0;
  list.setAttribute("aria-labelledby", id);
  heading.id = id;
  const all = document.createElement("button");
  all.type = "button";
  all.className = "all";
  all.textContent = moving;
  all.setAttribute("aria-describedby", id);
  element.append(heading, filter, all, list);

  function refresh() {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const item of list.children) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
      if (!item.hidden) shown += 1;
    }
    const all = list.children.length;
    heading.textContent = `${label} (${wanted ? `${shown} of ${all}` : all})`;
  }
  filter.addEventListener("input", refresh);
  // Enter in a filter must not save the form.
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  return { element, list, filter, all, refresh };
}

// Compares items as the server sorts them: “cloud” is before “Delta”.
function inOrder(one, other) {
  const [left, right] = [one, other].map((item) => item.textContent.trim());
  const [leftSmall, rightSmall] = [left.toLowerCase(), right.toLowerCase()];
  const [a, b] = leftSmall === rightSmall ? [left, right] : [leftSmall, rightSmall];
  return Number(a > b) - Number(a < b);
}

function insertSorted(list, item) {
  const after = [...list.children].find((other) => inOrder(other, item) > 0);
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
