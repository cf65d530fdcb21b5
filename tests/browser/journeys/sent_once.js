// Forms are sent once, however often the button is pressed.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

journey("press Save twice: the form is sent once, and can be sent again after going back", async ({ as }) => {
  const ada = await as("ada");
  const { page } = ada;
  let posts = 0;
  let answer;
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route("**/apikey/add/", async (route) => {
    if (route.request().method() === "POST") {
      posts += 1;
      await answered;
    }
    await route.continue();
  });
  await ada.open("/poem/admin/rest_framework_api_key/apikey/add/");
  await ada.fill({ client: "journey-double-click" });
  const save = page.getByRole("button", { name: "Save", exact: true });
  await save.click({ noWaitAfter: true });
  await page.waitForFunction(() => document.querySelector("form.form button.primary").disabled);
  await page.evaluate(() => document.querySelector("form.form").requestSubmit());
  answer();
  await page.locator("#secret").waitFor();
  assert.equal(posts, 1);
  await page.goBack();
  assert.ok(await save.isEnabled());
});
