// Probes: add one, save a new version, compare, restore, delete.

import assert from "node:assert/strict";
import { CONFIG, journey } from "./stage.js";

const NEW = {
  name: "journey-probe",
  version: "0.1.0",
  group: "ARGO",
  repository: "https://git.egi.example.org/journey",
  docurl: "https://docs.egi.example.org/journey",
  description: "Looks whether people get where they want.",
  comment: "First release.",
};

journey("add a probe; move its metrics to a new version; compare; restore", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/probe/");
  await bruno.go("Add probe");
  await bruno.fill(NEW);
  await bruno.press("Save");
  assert.equal(await bruno.said(), "The probe “journey-probe” was added.");

  // A metric that uses it.
  await bruno.open("/poem/admin/poem/metric/add/");
  await bruno.fill({ name: "journey.Probe-Metric", probeversion: "journey-probe (0.1.0)", tag: "Test", group: "ARGO", probeexecutable: "check_journey" });
  await bruno.fill(CONFIG);
  await bruno.press("Save");
  assert.match(await bruno.said(), /was added/);

  // A new version needs a higher number.
  await bruno.open("/poem/admin/poem/probe/?q=journey-probe");
  await bruno.go("journey-probe");
  assert.match(await bruno.page.locator(".facts-side").innerText(), /journey\.Probe-Metric \(Test\)/);
  await bruno.go("Used by");
  assert.deepEqual(await bruno.rows(), [["journey.Probe-Metric", "Test"]]);
  await bruno.go("Edit");
  await bruno.fill({ comment: "Second release." });
  await bruno.press("Save");
  assert.equal((await bruno.problems()).length, 1);
  await bruno.fill({ version: "0.2.0" });
  await bruno.press("Save");
  assert.match(await bruno.said(), /was changed\. Changed version and comment\./);
  assert.match(await bruno.said(), /journey\.Probe-Metric/, "the message lists the metrics that moved");
  await bruno.open("/poem/admin/poem/metric/?q=journey.Probe");
  assert.deepEqual(await bruno.rows(), [["journey.Probe-Metric", "Test", "journey-probe (0.2.0)", "ARGO"]]);

  // Without a new version the current one is updated in place.
  await bruno.open("/poem/admin/poem/probe/?q=journey-probe");
  await bruno.edit("journey-probe");
  await bruno.fill({ comment: "Second release, in better words." });
  await bruno.page.getByLabel("New version").uncheck();
  await bruno.press("Save and continue editing");
  assert.match(await bruno.said(), /Changed comment\./);

  await bruno.go("History");
  assert.equal((await bruno.rows()).length, 2);
  await bruno.press("Compare");
  assert.equal(await bruno.heading(), "Compare versions of journey-probe");
  const differences = await bruno.page.locator("table.differences").first().innerText();
  assert.match(differences, /Version[^]*0\.1\.0[^]*0\.2\.0/);
  assert.ok((await bruno.page.locator("ins").count()) > 0);

  // To restore, the form is filled with the old version and saved as a new one.
  await bruno.go("History");
  await bruno.go("0.1.0");
  assert.match(await bruno.page.locator(".notice-line").innerText(), /^Version 0\.1\.0 of /);
  await bruno.go("Restore this version");
  assert.equal(await bruno.field("comment").inputValue(), "First release.");
  await bruno.fill({ version: "0.3.0" });
  await bruno.press("Save");
  await bruno.open("/poem/admin/poem/metric/?q=journey.Probe");
  assert.equal((await bruno.rows())[0][2], "journey-probe (0.3.0)");
});

journey("delete a probe after the page has shown what it affects", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/probe/add/");
  await ada.fill({ ...NEW, name: "journey-probe-to-go" });
  await ada.press("Save and continue editing");
  await ada.go("Delete");
  assert.equal(await ada.heading(), "Delete the probe journey-probe-to-go?");
  await ada.go("Cancel");
  await ada.go("Delete");
  await ada.press("Delete probe");
  assert.match(await ada.said(), /journey-probe-to-go.* was deleted/);
  await ada.open("/poem/admin/poem/probe/?q=journey-probe-to-go");
  assert.deepEqual(await ada.rows(), []);
});
