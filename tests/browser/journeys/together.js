// Two users edit the same object.

import assert from "node:assert/strict";
import { fillInAggregation, journey } from "./stage.js";

journey("the second user to save sees the changes of the first, and loses nothing", async ({ as }) => {
  const [ada, bruno] = [await as("ada"), await as("bruno")];
  for (const person of [ada, bruno]) {
    await person.open("/poem/admin/poem/probe/");
    await person.edit("cert-lifetime-probe");
    await person.page.getByLabel("New version").uncheck();
  }
  await bruno.fill({ comment: "Bruno's words.", docurl: "https://docs.egi.example.org/bruno" });
  await bruno.press("Save");
  await ada.fill({ comment: "Ada's words.", repository: "https://git.egi.example.org/ada" });
  await ada.press("Save");

  assert.equal(await ada.focused(), "conflict");
  assert.match(await ada.page.locator("#conflict").innerText(), /Saved by bruno/);
  const both = ada.page.locator("#conflict tr.both");
  assert.equal(await both.count(), 1);
  assert.match(await both.innerText(), /Comment[^]*Bruno's words\.[^]*Ada's words\./);
  assert.equal(await ada.field("comment").inputValue(), "Ada's words.");
  assert.equal(await ada.field("repository").inputValue(), "https://git.egi.example.org/ada");
  assert.equal(await ada.field("docurl").inputValue(), "https://docs.egi.example.org/bruno", "a field that only Bruno changed is taken over");
  assert.ok(!(await ada.page.getByLabel("New version").isChecked()), "check boxes are kept");

  await ada.fill({ comment: "Bruno's and Ada's words." });
  await ada.press("Save");
  assert.match(await ada.said(), /Changed repository and comment\./);
});

journey("an object that another user deleted is not found", async ({ as }) => {
  const [ada, bruno] = [await as("ada"), await as("bruno")];
  await ada.open("/poem/admin/poem/aggregation/add/");
  await fillInAggregation(ada, "journey-gone");
  await ada.press("Save and continue editing");
  await bruno.open(ada.page.url());
  await ada.go("Delete");
  await ada.press("Delete aggregation");
  const answer = await bruno.page.reload();
  assert.equal(answer.status(), 404);
});
