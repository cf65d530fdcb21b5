// Parts of a form that depend on another field.

const valueOf = (form, name) => form.querySelector(`#id_${CSS.escape(name)}`)?.value;

// Shows parts only while the field they depend on has their value. Hidden inputs are still sent: the server knows which
// apply, and no input is lost if the user changes the field back.
export function showWhatApplies(form) {
  const parts = [...form.querySelectorAll("[data-only-if]")];
  function refresh() {
    for (const part of parts) {
      const value = valueOf(form, part.dataset.onlyIf);
      part.hidden = value !== undefined && value !== part.dataset.onlyIfValue;
    }
  }
  if (parts.length === 0) return;
  form.addEventListener("change", refresh);
  refresh();
}

// Adds the key that the value of another field requires when that is selected; warns while it is missing.
export function addRequiredKeys(form) {
  const tables = [...form.querySelectorAll("[data-needs]")];
  const add = (table) => table.dispatchEvent(new CustomEvent("fill", { detail: [table.dataset.needs, table.dataset.needsFilled] }));
  for (const table of tables) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Add it";
    button.hidden = true;
    button.addEventListener("click", () => add(table));
    table.querySelector(".warning").after(button);
  }
  function refresh(event) {
    for (const table of tables) {
      const { needs, needsField, needsValue } = table.dataset;
      // Upper and lower case are equal, as on the server.
      const keys = [...table.querySelectorAll("tbody tr")].map((row) => row.querySelector("input, textarea")?.value.trim().toLowerCase());
      const isMissing = valueOf(form, needsField) === needsValue && !keys.includes(needs.toLowerCase());
      if (isMissing && event?.target.id === `id_${needsField}`) {
        // Its event comes back here.
        add(table);
        return;
      }
      const warning = table.querySelector(".warning");
      const words = isMissing ? warning.dataset.words : "";
      // A screen reader announces it once, not after every key.
      if (warning.textContent !== words) warning.textContent = words;
      warning.nextElementSibling.hidden = !isMissing;
    }
  }
  if (tables.length === 0) return;
  form.addEventListener("input", refresh);
  form.addEventListener("change", refresh);
  refresh();
}
