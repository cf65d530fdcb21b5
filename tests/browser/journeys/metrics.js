// Metrics: active, passive and cloned ones, their versions, and what monitoring instances fetch.

import assert from "node:assert/strict";
import { CONFIG, journey, origin } from "./stage.js";

// Returns a metric as the API serves it to NCG; undefined if it does not.
async function fetched(tag, name) {
  const answer = await fetch(`${origin()}/poem/api/v2/metrics/${tag}`, { headers: { "X-API-KEY": "demo-egi-ncg" } });
  return (await answer.json()).map((metric) => metric[name]).find(Boolean);
}

journey("add an active metric with autocomplete, and see it served", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/metric/");
  await bruno.go("Add metric");
  await bruno.fill({ name: "journey.Active" });
  // The suggestions start with the newest version, so its number need not be known.
  await bruno.field("probeversion").pressSequentially("ams-probe");
  await bruno.suggested("ams-probe (0.1.8)").click();
  assert.equal(await bruno.field("probeversion").inputValue(), "ams-probe (0.1.8)");
  await bruno.fill({ tag: "Production", mtype: "Active", group: "ARGO", probeexecutable: "ams_check" });
  await bruno.press("Save");
  assert.match((await bruno.problems()).join("\n"), /Missing values for fields interval/);
  await bruno.fill(CONFIG);
  await bruno.fill({ "attribute-0-key": "AMS_TOKEN", "attribute-0-value": "--token" });
  await bruno.press("Save");
  assert.equal(await bruno.said(), "The metric “journey.Active (Production)” was added.");
  const served = await fetched("Production", "journey.Active");
  assert.equal(served.config.timeout, "60");
  assert.equal(served.attribute.AMS_TOKEN, "--token");
});

journey("add a passive metric", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/metric/add/");
  await bruno.fill({ name: "journey.Passive", tag: "Production", mtype: "Passive", group: "ARGO" });
  assert.ok(!(await bruno.field("probeexecutable").isVisible()), "a passive metric has no executable");
  assert.deepEqual([await bruno.field("flags-0-key").inputValue(), await bruno.field("flags-0-value").inputValue()], ["PASSIVE", "1"]);
  await bruno.fill({ "flags-0-key": "" });
  assert.match(await bruno.page.locator("#id_flags .warning").innerText(), /PASSIVE/);
  await bruno.fill({ "flags-0-value": "" });
  await bruno.press("Save");
  assert.equal(await bruno.focused(), "problems");
  assert.match((await bruno.problems()).join("\n"), /Missing PASSIVE key/);
  // The server has added the row.
  assert.equal(await bruno.field("flags-0-key").inputValue(), "PASSIVE");
  await bruno.field("parent").pressSequentially("journey.Act");
  await bruno.suggested("journey.Active").click();
  await bruno.press("Save");
  assert.equal(await bruno.said(), "The metric “journey.Passive (Production)” was added.");
  const served = await fetched("Production", "journey.Passive");
  assert.equal(served.flags.PASSIVE, "1");
  assert.equal(served.parent, "journey.Active");
});

journey("clone a metric", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/metric/?q=eu.egi.Portal-Page");
  await bruno.go("eu.egi.Portal-Page");
  await bruno.go("Clone");
  assert.equal(await bruno.heading(), "Clone metric eu.egi.Portal-Page Production");
  await bruno.press("Save");
  assert.equal((await bruno.problems()).length, 1, "a metric with this name and tag exists");
  await bruno.fill({ tag: "Devel" });
  await bruno.press("Save and continue editing");
  assert.match(await bruno.said(), /^The metric “eu\.egi\.Portal-Page \(Devel\)” was added\./);
  await bruno.go("History");
  assert.match((await bruno.rows())[0].join(" "), /Derived from eu\.egi\.Portal-Page \(Production\)/);
});

journey("change a metric, compare its versions, restore the first", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/metric/?q=eu.egi.GOCDB-API");
  await bruno.edit("eu.egi.GOCDB-API");
  const timeout = await bruno.field("config-4-value").inputValue();
  await bruno.fill({ "config-4-value": "999" });
  await bruno.press("Save and continue editing");
  assert.match(await bruno.said(), /Changed value for metric config "timeout"\./);
  await bruno.go("History");
  await bruno.press("Compare");
  const row = bruno.page.locator("table.differences").first().getByRole("row").filter({ hasText: "timeout" });
  assert.match(await row.innerText(), /999/);
  await bruno.go("History");
  await bruno.page.locator("tbody tr").nth(1).getByRole("link").click();
  await bruno.press("Restore this version");
  assert.match(await bruno.said(), /Restored .* to the version of/);
  await bruno.go("Edit");
  assert.equal(await bruno.field("config-4-value").inputValue(), timeout);
});
