// A form that was changed is not left by accident.

// What the form would send; order and hidden fields included.
const content = (form) => new URLSearchParams(new FormData(form)).toString();

export function guard(form) {
  // Shown again with errors, it holds what is not saved.
  const saved = form.hasAttribute("data-unsaved") ? null : content(form);
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
  });
  // Back from the page it was sent to.
  addEventListener("pageshow", () => {
    isSent = false;
  });
  addEventListener("beforeunload", (event) => {
    if (!isSent && content(form) !== saved) event.preventDefault();
  });
}
