// A form is sent once: a double click, or a second Enter, does not send it again. (The server can tell as well; this
// saves the second request, whose response would be shown instead of the first one.)

// The server answers within seconds. If no page follows after that, for example because loading was stopped, the form
// can be sent again.
const LONGEST_WAIT = 10_000;

const sent = new Map();

function release(form) {
  for (const button of sent.get(form) ?? []) button.disabled = false;
  sent.delete(form);
}

// On window, so that other handlers have decided before whether the form is sent at all.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  const buttons = [...form.querySelectorAll("button:not([type=button]):enabled")];
  sent.set(form, buttons);
  // Afterwards: a disabled button would not send its name.
  setTimeout(() => {
    for (const button of buttons) button.disabled = sent.has(form);
  });
  setTimeout(() => release(form), LONGEST_WAIT);
});

// The user came back, and the browser shows the page as it was left.
addEventListener("pageshow", () => {
  for (const form of [...sent.keys()]) release(form);
});
