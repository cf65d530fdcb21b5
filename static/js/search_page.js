// The results of the search over everything are updated while the user types.

import { say } from "./say.js";
import { countOf, searchFor } from "./search_results.js";

const form = document.getElementById("search-form");
const input = form.querySelector("[name=q]");
let asked = null;

input.addEventListener("input", async () => {
  asked?.cancel();
  const current = searchFor(form, input.value.trim());
  asked = current;
  const found = await current.answer;
  if (!found || asked !== current) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    part.replaceWith(document.importNode(found.page.querySelector(`[data-live=${part.dataset.live}]`), true));
  }
  history.replaceState(history.state, "", found.address);
  say(countOf(document));
});
