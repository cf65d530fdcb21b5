// Forms are sent once, however often the button is pressed.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

journey("double-click Save: the form is sent once, and can be sent again after going back", async ({ as }) => {
  const ada = await as("ada");
  const { page } = ada;
  let posts = 0;
  await page.route("**/apikey/add/", async (route) => {
    if (route.request().method() === "POST") {
      posts += 1;
      // Both clicks are over before the server answers.
      await new Promise((done) => setTimeout(done, 500));
    }
    await route.continue().catch(() => {});
  });
  await ada.open("/poem/admin/rest_framework_api_key/apikey/add/");
  await ada.fill({ client: "journey-double-click" });
  const save = page.getByRole("button", { name: "Save", exact: true });
  await save.dblclick({ noWaitAfter: true });
  await page.locator("#secret").waitFor();
  assert.equal(posts, 1);
  await page.goBack();
  assert.ok(await save.isEnabled());
});
