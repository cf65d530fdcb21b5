// Warns before a page with unsaved changes is left.

// Everything that the form would send, including the order and hidden fields.
const content = (form) => new URLSearchParams(new FormData(form)).toString();

export function guard(form) {
  // A form that is shown again with errors has unsaved changes from the start.
  const saved = form.hasAttribute("data-unsaved") ? null : content(form);
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
  });
  // The user came back from the next page.
  addEventListener("pageshow", () => {
    isSent = false;
  });
  addEventListener("beforeunload", (event) => {
    if (!isSent && content(form) !== saved) event.preventDefault();
  });
}
