// Enhancements of forms. Each part works on the elements it finds; forms can be saved without any of them.

import { addRequiredKeys, showWhatApplies } from "./conditions.js";
import { markDuplicates } from "./duplicates.js";
import { makeFindable } from "./find_rows.js";
import { readFiles } from "./import_file.js";
import { showLimits } from "./limits.js";
import { markNewNames } from "./new_names.js";
import { makeTwoSided } from "./picker.js";
import { makeGroups } from "./row_groups.js";
import { makeGrow } from "./rows.js";
import { saveByKey } from "./save_key.js";
import { suggest } from "./suggest.js";
import { guard } from "./unsaved.js";

for (const form of document.querySelectorAll("form[data-guarded]")) guard(form);
for (const table of document.querySelectorAll("[data-rows]")) {
  makeGrow(table);
  makeFindable(table);
  markDuplicates(table);
}
for (const field of document.querySelectorAll("[data-row-groups]")) makeGroups(field);
for (const picker of document.querySelectorAll("[data-picker]")) makeTwoSided(picker);
for (const form of document.querySelectorAll("form.form")) {
  suggest(form);
  markNewNames(form);
  showWhatApplies(form);
  addRequiredKeys(form);
  showLimits(form);
  readFiles(form);
  saveByKey(form);
}
