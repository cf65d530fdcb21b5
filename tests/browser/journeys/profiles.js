// Profiles: composed with autocomplete and the keyboard, and cloned.

import assert from "node:assert/strict";
import { journey, origin } from "./stage.js";

// Returns the tuples of a profile as the API serves them: [flavour, metric].
async function tuples(name) {
  const answer = await fetch(`${origin()}/poem/api/v2/profiles/${name}`, { headers: { "X-API-KEY": "demo-egi-ncg" } });
  const { metric_instances } = await answer.json();
  return metric_instances.map(({ service_flavour, metric }) => [service_flavour, metric]);
}

journey("compose a profile with autocomplete, by keyboard alone", async ({ as }) => {
  const bruno = await as("bruno");
  const { keyboard } = bruno.page;
  // Types the beginning of a value, waits for the suggestion, and selects the first one.
  async function complete(beginning, whole) {
    await keyboard.type(beginning);
    await bruno.suggested(whole).waitFor();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
  }
  await bruno.open("/poem/admin/poem/profile/add/");
  await bruno.field("name").focus();
  await keyboard.type("JOURNEY");
  await keyboard.press("Tab");
  assert.equal(await bruno.focused(), "id_version");
  await keyboard.press("Tab");
  await complete("biom", "biomed");
  assert.equal(await bruno.field("vo").inputValue(), "biomed");
  await keyboard.press("Tab");
  assert.equal(await bruno.focused(), "id_group");
  await keyboard.type("Comm");
  await keyboard.press("Tab");
  await keyboard.type("What people need on their way.");
  await keyboard.press("Tab");
  assert.equal(await bruno.focused(), "id_tuples-0-service_flavour");
  await complete("arc", "ARC-CE");
  await keyboard.press("Tab");
  await complete("submit", "ch.htcondor.CE-submit");
  await keyboard.press("Tab");
  await keyboard.type("/biomed/Role=pilot");
  await keyboard.press("Enter");
  await complete("webd", "WebDAV");
  await keyboard.press("Tab");
  await complete("webdav.wr", "eu.egi.webdav.Write");
  // A superfluous row is removed.
  await keyboard.press("Enter");
  await keyboard.type("SRM");
  await bruno.page.getByRole("row").filter({ has: bruno.field("tuples-2-service_flavour") }).getByRole("button").focus();
  await keyboard.press("Enter");
  assert.equal(await bruno.field("tuples-2-service_flavour").count(), 0);
  await bruno.page.getByRole("button", { name: "Save", exact: true }).focus();
  await bruno.follow(() => keyboard.press("Enter"));
  assert.equal(await bruno.said(), "The profile “JOURNEY” was added.");
  assert.deepEqual(await tuples("JOURNEY"), [["ARC-CE", "ch.htcondor.CE-submit"], ["WebDAV", "eu.egi.webdav.Write"]]);
  await bruno.edit("JOURNEY");
  assert.equal(await bruno.field("tuples-0-fqan").inputValue(), "/biomed/Role=pilot");
});

journey("clone a profile; an error in a row is shown at that row", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/profile/");
  await bruno.go("ARGO_MON_BIOMED");
  const before = await bruno.page.locator("#id_tuples tbody tr").count();
  await bruno.go("Clone");
  await bruno.fill({ name: "JOURNEY_CLONE", vo: "dteam" });
  await bruno.page.getByRole("button", { name: /^Add row/ }).click();
  const added = bruno.page.locator("#id_tuples tbody tr").last();
  const first = bruno.page.locator("#id_tuples tbody tr").first();
  for (const place of [0, 1, 2]) {
    await added.locator("input").nth(place).fill(await first.locator("input").nth(place).inputValue());
  }
  await bruno.press("Save");
  assert.match((await bruno.problems()).join("\n"), /Same as row 1\./);
  await bruno.page.locator("#problems a").first().press("Enter");
  assert.match(await bruno.focused(), /^id_tuples-\d+-service_flavour$/);
  await bruno.page.keyboard.press("ControlOrMeta+A");
  await bruno.page.keyboard.type("A flavour of ours");
  await bruno.press("Save");
  // Once, because nobody has used that name before.
  assert.equal(await bruno.focused(), "new-names");
  assert.match(await bruno.page.locator("#new-names").innerText(), /1 name is new\. Add it\?[^]*A flavour of ours/);
  await bruno.page.getByLabel("Add it when I save").check();
  await bruno.press("Save");
  assert.match(await bruno.said(), /The profile “JOURNEY_CLONE” was added\.[^]*A flavour of ours/);
  assert.equal((await tuples("JOURNEY_CLONE")).length, before + 1);
});
