// Logging in, being refused, and resuming after the session has ended.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

journey("log in, see the first page, log out", async ({ visit }) => {
  const bruno = await visit();
  // A bookmark redirects to the login, and the login back to the bookmarked page.
  await bruno.open("/poem/admin/poem/probe/?group=ARGO");
  assert.equal(await bruno.heading(), "Log in");
  await bruno.logIn("bruno", "demo-bruno");
  assert.match(bruno.page.url(), /\/probe\/\?group=ARGO$/);
  await bruno.go("POEM");
  assert.match(bruno.page.url(), /\/poem\/profile\/$/, "users who are not superusers start at the profiles");
  await bruno.page.locator(".account summary").click();
  assert.match(await bruno.page.locator(".account .sheet").innerText(), /Member of[^]*probes: ARGO/);
  await bruno.press("Log out");
  assert.equal(await bruno.heading(), "You are logged out");
  await bruno.open("/poem/admin/poem/profile/");
  assert.equal(await bruno.heading(), "Log in");
});

journey("be refused at the login", async ({ visit }) => {
  const refusals = [];
  for (const [username, password] of [["bruno", "wrong"], ["nobody-at-all", "wrong"], ["goran", "demo-goran"]]) {
    const person = await visit();
    await person.open("/poem/admin/login/");
    await person.logIn(username, password);
    refusals.push(await person.page.locator("#problems").innerText());
    assert.equal(await person.focused(), "problems");
    assert.equal(await person.field("username").inputValue(), username);
    assert.equal(await person.field("password").inputValue(), "");
  }
  assert.equal(new Set(refusals).size, 1, "a refusal does not reveal which users exist");
});

journey("a superuser sees the index, others do not", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/");
  assert.equal(await ada.heading(), "Administration");
  await ada.go("Users");
  assert.equal(await ada.heading(), "Users");
  const emil = await as("emil");
  await emil.open("/poem/admin/");
  assert.equal(await emil.heading(), "Profiles");
  assert.equal(await emil.page.getByText("Admin", { exact: true }).count(), 0);
});

journey("the input is kept when the session has ended", async ({ visit }) => {
  const bruno = await visit();
  await bruno.open("/poem/admin/poem/probe/");
  await bruno.logIn("bruno", "demo-bruno");
  await bruno.edit("information-probe");
  await bruno.fill({ comment: "Typed for an hour; ends & quotes \"stay\"." });
  await bruno.endSession();
  await bruno.press("Save");
  assert.equal(await bruno.heading(), "Log in");
  assert.match(await bruno.page.locator("main").innerText(), /Your unsaved changes are kept/);
  // It survives a mistyped password.
  await bruno.logIn("bruno", "oops");
  await bruno.logIn("bruno", "demo-bruno");
  assert.equal(await bruno.heading(), "You are logged in again");
  await bruno.press("Back to the form");
  assert.equal(await bruno.field("comment").inputValue(), "Typed for an hour; ends & quotes \"stay\".");
  await bruno.page.locator("#id_new_version").uncheck();
  await bruno.press("Save");
  assert.match(await bruno.said(), /was changed\. Changed comment\./);
});

journey("change one's own password", async ({ visit }) => {
  const dunja = await visit();
  await dunja.open("/poem/admin/login/");
  await dunja.logIn("dunja", "demo-dunja");
  await dunja.page.locator(".account summary").click();
  await dunja.go("Change password");
  await dunja.fill({ old_password: "demo-dunja", new_password1: "12345", new_password2: "12345" });
  await dunja.press("Change password");
  assert.equal(await dunja.focused(), "problems");
  await dunja.fill({ old_password: "demo-dunja", new_password1: "lantern orchard 7", new_password2: "lantern orchard 7" });
  await dunja.press("Change password");
  assert.match(await dunja.page.locator("main").innerText(), /The password was changed\./);
  const again = await visit();
  await again.open("/poem/admin/login/");
  await again.logIn("dunja", "lantern orchard 7");
  assert.equal(await again.heading(), "Profiles");
});
