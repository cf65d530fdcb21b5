// Aggregation profiles, whose definitions are on the ARGO WEB-API.

import assert from "node:assert/strict";
import { fillInAggregation, journey, origin } from "./stage.js";

const LIST = "/poem/admin/poem/aggregation/";

journey("add, change, rename, clone and delete an aggregation profile by mouse", async ({ as }) => {
  const ada = await as("ada");
  await ada.open(`${LIST}add/`);
  await fillInAggregation(ada, "journey-boxes");
  const unused = ada.page.locator(".unused-names button");
  await unused.first().waitFor();
  await ada.page.getByRole("button", { name: "Add service flavour group" }).click();
  await ada.page.keyboard.type("storage");
  // One click adds a service flavour that is in no group.
  const offered = await unused.count();
  await unused.filter({ hasText: "WebDAV" }).click();
  assert.equal(await unused.count(), offered - 1);
  await unused.filter({ hasText: "XRootD" }).click();
  await ada.press("Save");
  assert.match(await ada.said(), /The aggregation “journey-boxes” was added\./);

  await ada.edit("journey-boxes");
  await ada.fill({ name: "journey-renamed", metric_operation: "OR" });
  await ada.page.getByRole("button", { name: "Move XRootD up" }).click();
  await ada.press("Save");
  assert.match(await ada.said(), /“journey-renamed” was changed\. Changed name and metric operation\. Changed service flavour group "storage"\./);

  await ada.edit("journey-renamed");
  assert.equal(await ada.page.locator("#id_groups-0-services-0-name").inputValue(), "XRootD");
  await ada.go("Clone");
  await ada.fill({ name: "journey-copy" });
  await ada.press("Save");
  assert.match(await ada.said(), /“journey-copy” was added/);

  await ada.go("journey-renamed");
  await ada.go("History");
  await ada.press("Compare");
  assert.match(await ada.page.locator("table.differences").first().innerText(), /XRootD/);

  for (const name of ["journey-copy", "journey-renamed"]) {
    await ada.open(LIST);
    await ada.edit(name);
    await ada.go("Delete");
    await ada.press("Delete aggregation");
    assert.match(await ada.said(), new RegExp(`“${name}” was deleted`));
  }
});

journey("compose an aggregation profile without JavaScript", async ({ visit }) => {
  const ada = await visit({ javaScriptEnabled: false });
  await ada.open(`${LIST}add/`);
  await ada.logIn("ada", "demo-ada");
  await fillInAggregation(ada, "journey-plain");
  const press = (name) => ada.follow(() => ada.page.getByRole("button", { name }).first().click());
  await press("Show its service flavours");
  await press("Add service flavour group");
  await ada.page.locator("#id_groups-0-name").fill("compute");
  await press("Add HTCondorCE");
  await press("Add ARC-CE");
  await press("Move ARC-CE up");
  assert.equal(await ada.field("name").inputValue(), "journey-plain", "nothing typed is lost");
  assert.equal(await ada.page.locator("#id_groups-0-services-0-name").inputValue(), "ARC-CE");
  await press("Remove HTCondorCE");
  await ada.press("Save");
  assert.match(await ada.said(), /“journey-plain” was added/);
});

journey("take over a profile of the WEB-API", async ({ as }) => {
  const ada = await as("ada");
  await ada.open(LIST);
  const line = ada.page.locator(".remote-line");
  assert.match(await line.innerText(), /1 profile on the ARGO WEB-API is not in POEM: cloud\./);
  await line.locator("summary").click();
  await line.getByLabel("Group").selectOption("Operations");
  await ada.press("Take over");
  assert.match(await ada.said(), /The aggregation “cloud” was added\./);
  assert.equal(new URL(ada.page.url()).href, `${origin()}${LIST}`);
});
