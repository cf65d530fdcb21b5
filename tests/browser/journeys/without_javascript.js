// Reading and saving work with JavaScript switched off.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

const OFF = { javaScriptEnabled: false };

journey("log in, read and save without JavaScript; “Add rows” adds rows", async ({ visit }) => {
  const bruno = await visit(OFF);
  await bruno.open("/poem/admin/login/");
  await bruno.logIn("bruno", "demo-bruno");
  await bruno.edit("ARGO_MON_OPERATORS");
  const rows = bruno.page.locator("#id_tuples tbody tr");
  const before = await rows.count();
  await bruno.fill({ description: "Typed before rows were asked for." });
  await bruno.follow(() => bruno.page.getByRole("button", { name: /^Add row/ }).click());
  assert.ok((await rows.count()) > before);
  assert.equal(await bruno.field("description").inputValue(), "Typed before rows were asked for.", "nothing typed is lost");
  const blank = rows.last().locator("input");
  await blank.nth(0).fill("XRootD");
  await blank.nth(1).fill("eu.egi.webdav.Delete");
  await bruno.press("Save");
  assert.match(await bruno.said(), /Added tuple "XRootD, eu\.egi\.webdav\.Delete"/);

  // A row that is emptied is removed.
  await bruno.edit("ARGO_MON_OPERATORS");
  const row = rows.filter({ has: bruno.page.locator("input[value='eu.egi.webdav.Delete']") }).filter({ has: bruno.page.locator("input[value='XRootD']") });
  for (const input of await row.locator("input").all()) await input.fill("");
  await bruno.press("Save");
  assert.match(await bruno.said(), /(Deleted|Removed) tuple "XRootD, eu\.egi\.webdav\.Delete"/);
});

journey("errors, search, comparison and logout without JavaScript", async ({ visit }) => {
  const bruno = await visit(OFF);
  await bruno.open("/poem/admin/poem/probe/add/");
  await bruno.logIn("bruno", "demo-bruno");
  await bruno.fill({ name: "journey-plain" });
  await bruno.press("Save");
  assert.ok((await bruno.problems()).length >= 5);
  assert.equal(await bruno.field("name").inputValue(), "journey-plain");
  await bruno.page.locator("#everything").fill("webdav");
  await bruno.follow(() => bruno.page.locator("#everything").press("Enter"));
  await bruno.go("webdav-storage-probe");
  await bruno.go("History");
  await bruno.press("Compare");
  assert.ok((await bruno.page.locator("table.differences tbody tr").count()) > 0);
  await bruno.page.locator(".account summary").click();
  await bruno.press("Log out");
  assert.equal(await bruno.heading(), "You are logged out");
});

journey("a group is composed of checkboxes without JavaScript", async ({ visit }) => {
  const ada = await visit(OFF);
  await ada.open("/poem/admin/poem/groupofaggregations/add/");
  await ada.logIn("ada", "demo-ada");
  await ada.fill({ name: "Plain" });
  await ada.page.getByLabel("emil", { exact: true }).check();
  await ada.press("Save");
  assert.match(await ada.said(), /“Plain” was added/);
});

journey("columns and filters are chosen without JavaScript", async ({ visit }) => {
  const emil = await visit(OFF);
  await emil.open("/poem/admin/poem/metric/");
  await emil.logIn("emil", "demo-emil");
  const heading = (name) => emil.page.getByRole("columnheader", { name });
  assert.equal(await heading("Type").count(), 0);
  await emil.page.getByText("Columns", { exact: true }).click();
  await emil.page.getByLabel("Type", { exact: true }).and(emil.page.locator("[type=checkbox]")).check();
  await emil.press("Show");
  assert.equal(await heading("Type").count(), 1);
  await emil.page.getByText("More filters", { exact: true }).click();
  await emil.page.getByLabel("Parent", { exact: true }).and(emil.page.locator("select")).selectOption("With parent");
  await emil.press("Apply");
  assert.equal(await heading("Type").count(), 1, "the form of filters keeps the columns");
  const types = new Set((await emil.rows()).map((row) => row.at(-1)));
  assert.deepEqual([...types], ["Passive"]);
});
