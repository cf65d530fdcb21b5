// Many objects at once: ticked rows, the preview, and the change.

import assert from "node:assert/strict";
import { violations } from "../accessibility.js";
import { journey } from "./stage.js";

const tick = (person, name) => person.page.getByRole("checkbox", { name: `Tick ${name}` });

journey("change the timeout of the metrics of a group", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/?group=Storage");
  const bar = ada.page.locator("#bulk");
  assert.ok(!(await bar.isVisible()), "without ticks there is nothing to do");
  await ada.page.getByRole("checkbox", { name: "Tick all rows of this page" }).check();
  const rows = await ada.rows();
  assert.ok(rows.length > 1);
  assert.match(await bar.innerText(), new RegExp(`${rows.length} ticked`));
  assert.deepEqual(await violations(ada.page), []);
  await ada.press("Change…");
  assert.equal(await ada.focused(), "id_setting_key");
  await ada.fill({ setting_key: "timeout", setting_value: "77", _reason: "ticket 77" });
  await ada.press("Preview");
  assert.match(await ada.heading(), /^Change \d+ metrics\?$/);
  assert.deepEqual(await violations(ada.page), []);
  const changed = await ada.page.locator("table.differences tbody th a").first().innerText();
  const button = ada.page.getByRole("button", { name: /^Change \d+ metrics?$/ });
  await ada.follow(() => button.click());
  assert.match(await ada.said(), /^Changed \d+ metrics?\./);
  assert.match(ada.page.url(), /group=Storage/, "the list is as it was");
  const [name, tag] = changed.split(/ \(|\)/);
  await ada.follow(() => ada.page.locator("tr").filter({ hasText: name }).filter({ hasText: tag }).locator("th a").first().click());
  const values = await ada.page.locator("#id_config .value").allInnerTexts();
  assert.ok(values.includes("77"), `${values}`);
  await ada.go("History");
  assert.match(await ada.page.locator("table.history").innerText(), /ticket 77/);
});

journey("tick a range with Shift, and untick", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/");
  const boxes = ada.page.locator("input[name=pick]");
  await boxes.nth(0).click();
  await boxes.nth(3).click({ modifiers: ["Shift"] });
  assert.equal(await ada.page.locator("input[name=pick]:checked").count(), 4);
  const whole = ada.page.getByRole("checkbox", { name: "Tick all rows of this page" });
  assert.ok(await whole.evaluate((box) => box.indeterminate));
  await whole.check();
  await whole.uncheck();
  assert.equal(await ada.page.locator("input[name=pick]:checked").count(), 0);
  assert.ok(!(await ada.page.locator("#bulk").isVisible()));
});

journey("compare two ticked metrics", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/?q=webdav.Write");
  await ada.page.locator("input[name=pick]").nth(0).check();
  const compare = ada.page.getByRole("button", { name: "Compare", exact: true });
  assert.ok(!(await compare.isVisible()), "one metric cannot be compared");
  await ada.page.locator("input[name=pick]").nth(1).check();
  await ada.follow(() => compare.click());
  assert.match(await ada.page.locator("main").innerText(), /Production[^]*Devel|Devel[^]*Production/);
});

journey("change and delete many metrics without JavaScript", async ({ as }) => {
  const ada = await as("ada", { javaScriptEnabled: false });
  await ada.open("/poem/admin/poem/metric/add/");
  await ada.page.locator("#id_name").fill("journey.Many");
  await ada.page.locator("#id_tag").selectOption("Test");
  await ada.page.locator("#id_mtype").selectOption("Passive");
  await ada.page.locator("#id_group").selectOption("ARGO");
  await ada.page.locator("#id_flags-0-key").fill("PASSIVE");
  await ada.page.locator("#id_flags-0-value").fill("1");
  await ada.press("Save");
  await ada.open("/poem/admin/poem/metric/?q=journey.Many");
  await tick(ada, "journey.Many (Test)").check();
  await ada.press("Change…");
  await ada.page.locator("#id_to_tag").selectOption("Devel");
  await ada.press("Preview");
  await ada.press("Change 1 metric");
  assert.equal(await ada.said(), "Changed 1 metric.");
  await tick(ada, "journey.Many (Devel)").check();
  await ada.press("Delete…");
  await ada.press("Delete 1 metric");
  assert.equal(await ada.said(), "Deleted 1 metric.");
});

journey("export a list, and copy its names", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/?group=Storage");
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await ada.page.locator("summary", { hasText: "Export" }).click();
  assert.deepEqual(await violations(ada.page), []);
  const [download] = await Promise.all([ada.page.waitForEvent("download"), ada.page.getByRole("link", { name: "CSV", exact: true }).click()]);
  assert.match(download.suggestedFilename(), /metrics\.csv$/);
  await ada.page.getByRole("button", { name: "Copy names" }).click();
  await ada.page.getByRole("button", { name: "Copied" }).waitFor();
  const names = (await ada.page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
  assert.deepEqual(names, (await ada.rows()).map((row) => row[0]));
});

journey("change the tuples of a profile in a spreadsheet", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/profile/");
  await ada.follow(() => ada.page.locator("tbody th a").first().click());
  await ada.go("Import from CSV");
  assert.deepEqual(await violations(ada.page), []);
  await ada.fill({ rows_table: "Service flavour;Metric\nXRootD;eu.egi.Host-Alvie" });
  await ada.page.getByLabel("What to do").selectOption("add");
  await ada.press("Preview");
  assert.match(await ada.page.locator("section.warning").innerText(), /new/);
  assert.deepEqual(await violations(ada.page), []);
  await ada.press("Change 1 profile");
  assert.match(await ada.said(), /^Changed 1 profile\./);
});
