// Filters of lists apply when they are changed, addresses have no empty parameters, and names can be copied.

// The select that was changed, for the page that follows: the keyboard goes on where it was.
const CHANGED = "poem-changed-filter";

// A wide page shows its filters unfolded; this browser may not know how.
const folded = document.querySelector("details[data-filters]");
if (folded && !CSS.supports("selector(::details-content)") && matchMedia("(width >= 46rem)").matches) folded.open = true;

for (const form of document.querySelectorAll("form[data-sieve]")) {
  const changed = sessionStorage.getItem(CHANGED);
  sessionStorage.removeItem(CHANGED);
  if (changed) form.elements[changed]?.focus();

  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => {
      sessionStorage.setItem(CHANGED, select.id);
      form.requestSubmit();
    });
  }

  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });

  // Only the search needs a button now.
  const apply = form.querySelector("[data-apply]");
  if (form.querySelector("[type=search]")) apply.textContent = "Search";
  else apply.hidden = true;
}

for (const place of document.querySelectorAll("[data-copy-names]")) {
  place.hidden = !navigator.clipboard;
  const button = place.querySelector("button");
  button.addEventListener("click", async () => {
    try {
      const response = await fetch(place.dataset.copyNames);
      if (!response.ok) throw new Error(response.statusText);
      await navigator.clipboard.writeText(await response.text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "The names could not be copied";
    }
  });
}
