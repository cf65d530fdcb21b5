// Finds rows in a long table of inputs. (The search of a browser does not look into inputs.)

// Fewer rows need no search.
const MIN_ROWS = 20;

export function makeFindable(field) {
  const table = field.querySelector("table");
  const rows = table?.tBodies[0].rows;
  if (!rows || rows.length < MIN_ROWS) return;
  const find = document.createElement("input");
  find.type = "search";
  find.placeholder = "Find rows";
  find.setAttribute("aria-label", `Find rows: ${field.querySelector(".label").textContent}`);
  const count = document.createElement("span");
  count.className = "quiet";
  count.setAttribute("role", "status");
  const line = document.createElement("p");
  line.className = "find";
  line.append(find, count);
  table.before(line);

  // Blank rows are always shown, so that they can be filled.
  const fits = (row, wanted) => {
    const values = [...row.querySelectorAll("input, textarea")].map((input) => input.value.toLowerCase());
    return values.some((value) => value.includes(wanted)) || values.every((value) => value === "");
  };
  find.addEventListener("input", (event) => {
    // The search is not a change of the form.
    event.stopPropagation();
    const wanted = find.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !fits(row, wanted);
    const shown = [...rows].filter((row) => !row.hidden).length;
    count.textContent = wanted ? `${shown} of ${rows.length}` : "";
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
