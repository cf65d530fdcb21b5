// Everything works with the keyboard alone.

import assert from "node:assert/strict";
import { journey } from "./stage.js";

journey("the first Tab skips the navigation", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/");
  await ada.page.keyboard.press("Tab");
  assert.equal(await ada.page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await ada.page.keyboard.press("Enter");
  assert.equal(await ada.focused(), "content");
});

journey("a new object begins in its first field, and Tab follows the visible order", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/probe/add/");
  const order = [await ada.focused()];
  for (let step = 0; step < 9; step += 1) {
    await ada.page.keyboard.press("Tab");
    order.push(await ada.focused());
  }
  const fields = ["name", "version", "group", "repository", "docurl", "description", "comment"].map((name) => `id_${name}`);
  assert.deepEqual(order, [...fields, "id__reason", "_save", "_continue"]);
});

journey("the focus is visible", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/");
  for (let step = 0; step < 25; step += 1) {
    await ada.page.keyboard.press("Tab");
    const seen = await ada.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const box = document.activeElement.getBoundingClientRect();
      const isInView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      return { isSeen: isInView && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, what: document.activeElement.outerHTML.slice(0, 150) };
    });
    assert.ok(seen.isSeen, seen.what);
  }
});

journey("errors have the focus and link to their fields", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/probe/add/");
  await ada.field("name").focus();
  await ada.page.keyboard.type("journey-errors");
  await ada.follow(() => ada.page.keyboard.press("Enter"));
  assert.equal(await ada.focused(), "problems");
  assert.equal((await ada.problems()).length, 5);
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.press("Enter");
  assert.equal(await ada.focused(), "id_version");
  assert.equal(await ada.field("version").getAttribute("aria-invalid"), "true");
  assert.equal(await ada.field("name").inputValue(), "journey-errors");
});

journey("rows are added and removed by keyboard", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/metric/?q=argo.AMS-Check&tag=Devel");
  await bruno.edit("argo.AMS-Check");
  const rows = bruno.page.locator("#id_parameter tbody tr");
  // The last one is blank.
  const before = await rows.count();
  await rows.nth(before - 2).locator("input").last().focus();
  await bruno.page.keyboard.press("Enter");
  await bruno.page.keyboard.type("--journey");
  await bruno.page.keyboard.press("Tab");
  await bruno.page.keyboard.type("1");
  await bruno.follow(async () => {
    await bruno.page.getByRole("button", { name: "Save and continue editing" }).focus();
    await bruno.page.keyboard.press("Space");
  });
  assert.match(await bruno.said(), /--journey/);
  assert.equal(await rows.count(), before + 1);
  const added = rows.filter({ has: bruno.page.locator("input[value='--journey']") });
  await added.getByRole("button", { name: "Remove --journey, 1" }).press("Enter");
  await bruno.press("Save");
  assert.match(await bruno.said(), /--journey/);
});

journey("leaving a changed form asks for confirmation", async ({ as }) => {
  const bruno = await as("bruno");
  const { page } = bruno;
  await page.goto("/poem/admin/poem/probe/");
  await bruno.edit("portal-probe");
  let asked = 0;
  let answer = "dismiss";
  page.on("dialog", (dialog) => {
    asked += 1;
    assert.equal(dialog.type(), "beforeunload");
    return dialog[answer]();
  });
  const away = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Metrics" });
  await bruno.fill({ comment: "Not saved." });
  await away.click();
  assert.equal(asked, 1);
  assert.equal(await bruno.field("comment").inputValue(), "Not saved.", "the form is still open");
  answer = "accept";
  await bruno.follow(() => away.click());
  assert.equal(asked, 2);
  assert.equal(await bruno.heading(), "Metrics");
  await page.goto("/poem/admin/poem/probe/");
  await bruno.edit("portal-probe");
  await bruno.fill({ comment: "Saved." });
  await page.getByLabel("New version").uncheck();
  await bruno.press("Save");
  assert.equal(asked, 2, "saving does not ask");
});

journey("a question mark shows the keys, but not in a field", async ({ as, visit }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/probe/add/");
  await ada.field("name").focus();
  await ada.page.keyboard.type("why?");
  assert.equal(await ada.field("name").inputValue(), "why?");
  assert.equal(await ada.page.locator("dialog").count(), 0);
  await ada.page.evaluate(() => document.activeElement.blur());
  await ada.page.keyboard.press("?");
  const dialog = ada.page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /goes to the next row/);
  await ada.page.keyboard.press("Escape");
  assert.equal(await dialog.count(), 0);
  assert.equal(await ada.field("name").inputValue(), "why?", "the form stays");
  // Once more, and closed by its button; visitors have it as well.
  const visitor = await visit();
  await visitor.open("/poem/admin/poem/public_probe/");
  await visitor.page.keyboard.press("?");
  await visitor.page.getByRole("dialog", { name: "Keys" }).getByRole("button", { name: "Close" }).click();
  assert.equal(await visitor.page.getByRole("dialog").count(), 0);
});

journey("e opens the form of an object, but not in a field", async ({ as }) => {
  const bruno = await as("bruno");
  await bruno.open("/poem/admin/poem/probe/?q=portal");
  await bruno.go("portal-probe");
  await bruno.page.locator("#everything").press("e");
  assert.match(bruno.page.url(), /\/probe\/\d+\/\?_list=/);
  await bruno.page.evaluate(() => document.activeElement.blur());
  await bruno.follow(() => bruno.page.keyboard.press("e"));
  assert.match(bruno.page.url(), /\/change\/\?_list=/);
  await bruno.fill({ comment: "Opened by a key." });
  await bruno.page.getByLabel("New version").uncheck();
  await bruno.press("Save");
  assert.match(bruno.page.url(), /\/probe\/\?q=portal$/, "the list is as it was");
});

journey("the menu of superusers opens, marks the page, and closes with Escape", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/probe/");
  const menu = ada.page.locator(".rooms summary");
  await menu.press("Enter");
  await ada.page.keyboard.press("Escape");
  assert.ok(!(await ada.page.locator(".rooms details").evaluate((details) => details.open)));
  assert.equal(await ada.page.evaluate(() => document.activeElement.textContent), "Admin");
  await menu.press("Enter");
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.press("Tab");
  await ada.follow(() => ada.page.keyboard.press("Enter"));
  assert.equal(await ada.heading(), "Users");
  assert.equal(await ada.page.locator(".trail").innerText().then((text) => text.replace(/\s+/g, " ")), "POEM Admin Users");
  assert.equal(await menu.getAttribute("aria-current"), "true");
  await menu.click();
  assert.equal(await ada.page.locator(".rooms [aria-current=page]").innerText(), "Users");
});

journey("Ctrl+S saves a form, and is the browser's on other pages", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/groupofprobes/add/");
  await ada.field("name").fill("journey-ctrl-s");
  await ada.follow(() => ada.page.keyboard.press("Control+s"));
  assert.match(await ada.page.locator(".messages").innerText(), /journey-ctrl-s/);
  assert.match(ada.page.url(), /groupofprobes\/$/);
  const isKept = await ada.page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, cancelable: true })));
  assert.ok(isKept, "a list has nothing to save");
});

journey("one object after the other is added without the list in between", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/groupofprobes/add/");
  for (const name of ["journey-another-1", "journey-another-2"]) {
    await ada.field("name").fill(name);
    await ada.follow(() => ada.page.getByRole("button", { name: "Save and add another" }).click());
    assert.match(ada.page.url(), /groupofprobes\/add\/$/);
    assert.equal(await ada.field("name").inputValue(), "");
    assert.match(await ada.page.locator(".messages").innerText(), new RegExp(name));
  }
});

journey("times say how long ago they were, and their tooltip says when", async ({ as }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/groupofprobes/add/");
  await ada.field("name").fill("journey-ago");
  await ada.follow(() => ada.page.keyboard.press("Control+s"));
  await ada.open("/poem/admin/admin/logentry/");
  const time = ada.page.locator("tbody time").first();
  assert.match(await time.innerText(), /^(just now|\d+ minutes? ago)$/);
  assert.match(await time.getAttribute("title"), /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
  assert.match(await time.getAttribute("datetime"), /^\d{4}-\d\d-\d\dT/);
  // What is older than a month is a date.
  await ada.open("/poem/admin/poem/probe/?q=ams-probe");
  await ada.go("ams-probe");
  await ada.go("History");
  assert.match(await ada.page.locator("tbody td time").last().innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
});
