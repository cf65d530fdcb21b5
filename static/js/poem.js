// Enhancements of every page: forms are sent once, the keys for the search, the form of an object and the overview of keys,
// relative times, the switch between light and dark, the account menu, the focus on errors, and the line on paper.

import "./send_once.js";
import "./theme.js";
import { showAgo } from "./ago.js";
import { showKeys } from "./key_overview.js";

// The search of a list has the focus from the start, so while it is empty, nothing is typed yet.
const isUntouched = (element) => element.matches("input[type=search][autofocus]") && element.value === "";
const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null && !isUntouched(element);

// The results of the search in the header are loaded by those who search.
const search = document.getElementById("everything");
const findWhileTyping = () => import("./everything.js");
if (search && search === document.activeElement) findWhileTyping();
else search?.addEventListener("focus", findWhileTyping, { once: true });

document.addEventListener("keydown", (event) => {
  const help = document.querySelector("a[data-help]");
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?" && help) {
    event.preventDefault();
    showKeys(help);
  } else if (event.key === "e") {
    document.querySelector('.tabs [aria-keyshortcuts="e"]:not([aria-current])')?.click();
  }
});

showAgo();

for (const menu of document.querySelectorAll("details[data-menu]")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

document.querySelector("#problems, #conflict, #new-names")?.focus();

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.firstChild.textContent = "Copied";
  });
}

// On paper, the page says where it is from and when it was printed.
const printed = document.querySelector("[data-printed]");
const whose = printed?.textContent;
addEventListener("beforeprint", () => {
  if (printed) printed.textContent = `${whose}. ${location.href}. Printed on ${new Date().toLocaleString("en-GB")}.`;
});
