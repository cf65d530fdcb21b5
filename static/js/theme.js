// The switch between light and dark changes the page at once, and loses nothing that is typed in it.

const form = document.querySelector("[data-theme-switch]");

form?.addEventListener("submit", (event) => {
  const chosen = event.submitter;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, chosen));
  fetch(form.action, { method: "POST", body, redirect: "manual" });
  document.documentElement.dataset.theme = chosen.value;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
});
