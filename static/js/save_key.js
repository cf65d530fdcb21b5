// Ctrl+S, or ⌘S on a Mac, presses the Save button of a form.

export function saveByKey(form) {
  const button = form.querySelector("button.primary[type=submit]");
  if (!button) return;
  document.addEventListener("keydown", (event) => {
    const isSave = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "s";
    if (!isSave) return;
    event.preventDefault();
    if (!button.disabled && !event.repeat) form.requestSubmit(button);
  });
}
