// Asks the search over everything while the user types. The answer is the page of results, as a form without JavaScript
// would show it: its links are the suggestions.

import { question } from "./question.js";

// Milliseconds after the last key before the request is sent (debounce).
const DELAY = 150;

// Returns a question whose answer has the address and the page of results; null if there is none.
export function searchFor(form, text, delay = DELAY) {
  const address = new URL(form.action);
  if (text) address.searchParams.set("q", text);
  return question(delay, async (signal) => {
    const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // After the end of a session, it is the login page.
    return response.ok && page.querySelector("[data-live=results]") ? { address, page } : null;
  });
}

// Returns the sentence for screen readers.
export function countOf(page) {
  const figures = [...page.querySelectorAll(".findings h2 .figure")].map(({ textContent }) => Number(textContent));
  const total = figures.reduce((sum, figure) => sum + figure, 0);
  if (total === 0) return "No results";
  return total === 1 ? "1 result" : `${total} results`;
}
