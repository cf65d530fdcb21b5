// Users and groups: a superuser adds them; then what the users may do and what they are refused.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

journey("add a group and a user, log in as that user, do what the group may do, be refused the rest", async ({ as, visit }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/groupofprobes/");
  await ada.go("Add group of probes");
  await ada.fill({ name: "Travellers" });
  await ada.page.getByLabel("accounting-probe", { exact: true }).check();
  await ada.press("Save");
  assert.match(await ada.said(), /“Travellers” was added/);

  await ada.open("/poem/admin/poem/custuser/add/");
  await ada.fill({ username: "ines", password: "12345678", password_again: "12345678", email: "ines@egi.example.org" });
  await ada.press("Save");
  assert.equal((await ada.problems()).length > 0, true, "a bad password is refused");
  assert.equal(await ada.field("password").inputValue(), "", "and is not shown again");
  await ada.fill({ password: "walks slowly 12", password_again: "walks slowly 12" });
  await ada.page.locator("#id_groups_of_probes").getByLabel("Travellers").check();
  await ada.press("Save");
  assert.match(await ada.said(), /“ines” was added/);

  const ines = await visit();
  await ines.open("/poem/admin/login/");
  await ines.logIn("ines", "walks slowly 12");
  await ines.open("/poem/admin/poem/probe/");
  await ines.edit("accounting-probe");
  await ines.fill({ comment: "Seen by Ines." });
  await ines.page.getByLabel("New version").uncheck();
  await ines.press("Save");
  assert.match(await ines.said(), /Changed comment\./);

  // Objects of other groups can be read, and the page names who may change them.
  await ines.go("ams-probe");
  assert.match(await ines.page.locator(".facts-side").innerText(), /Members of the group ARGO/);
  assert.equal(await ines.page.getByRole("link", { name: "Edit", exact: true }).count(), 0);
  assert.equal(await ines.page.getByRole("button", { name: "Save", exact: true }).count(), 0);
  // A user in no group of metrics cannot add one.
  await ines.open("/poem/admin/poem/metric/");
  assert.equal(await ines.page.getByRole("link", { name: "Add metric" }).count(), 0);
  for (const address of ["poem/metric/add/", "poem/custuser/", "poem/groupofprobes/", "admin/logentry/", "rest_framework_api_key/apikey/"]) {
    const answer = await ines.open(`/poem/admin/${address}`);
    assert.equal(answer.status(), 403, address);
    assert.equal(await ines.page.getByRole("heading", { level: 1 }).count(), 1, address);
  }
});

journey("the page to change the password has the navigation", async ({ as }) => {
  const emil = await as("emil");
  await emil.open("/poem/admin/password_change/");
  await emil.go("Probes");
  assert.equal(await emil.heading(), "Probes");
});

journey("a superuser sets a password; the user's sessions end", async ({ as, visit }) => {
  const chloe = await visit();
  await chloe.open("/poem/admin/login/");
  await chloe.logIn("chloe", "demo-chloe");
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/custuser/");
  await ada.go("chloe");
  await ada.go("Set a new password");
  await ada.fill({ new_password1: "lavender and rain", new_password2: "lavender and rain" });
  await ada.press("Change password");
  assert.match(await ada.said(), /The password of “chloe” was changed/);
  await chloe.open("/poem/admin/poem/probe/");
  assert.equal(await chloe.heading(), "Log in");
});

journey("add a key; its token is shown once", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/rest_framework_api_key/apikey/add/");
  await ada.fill({ client: "journey" });
  await ada.press("Save");
  const token = await ada.page.locator("#secret").innerText();
  assert.match(token, /\S{16,}/);
  await ada.open("/poem/admin/rest_framework_api_key/apikey/");
  await ada.go("journey");
  assert.equal(await ada.page.getByText(token).count(), 0);
});
