// Groups of rows, on a sample page: with the keyboard and the mouse, without a request.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./chromium.js";
import { serveSamples } from "./samples.js";

let browser, server;
before(async () => {
  server = await serveSamples();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

// Opens a sample and runs `steps` on it. `sent` returns what the form would send of the groups.
async function on(name, steps) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(server.address(name));
  const sent = () =>
    page.evaluate(() => {
      const form = document.querySelector("form.form");
      form.addEventListener("submit", (event) => event.preventDefault(), { once: true });
      form.dispatchEvent(new Event("submit", { cancelable: true }));
      return [...new FormData(form)].filter(([input]) => input.startsWith("groups-") && !input.endsWith("-origin")).map((pair) => pair.join("="));
    });
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.value);
  await steps({ page, sent, focused });
  assert.deepEqual(errors, []);
  await page.close();
}

const names = (pairs) => pairs.filter((pair) => /-name=/.test(pair)).map((pair) => pair.replace(/^groups-/, ""));

test("rows are added, moved and removed with the keyboard", () =>
  on("form-aggregation", async ({ page, sent, focused }) => {
    await page.locator("#id_groups-2-services-0-name").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("GRAM5");
    await page.keyboard.press("Alt+ArrowUp");
    assert.equal(await focused(), "GRAM5");
    const pairs = await sent();
    assert.deepEqual(names(pairs).slice(-3), ["2-name=information", "2-services-0-name=GRAM5", "2-services-1-name=XRootD"]);
    // A new row has the operation of the row before it.
    assert.ok(pairs.includes("groups-2-services-0-operation=OR"));
    await page.getByRole("button", { name: "Remove GRAM5" }).last().press("Enter");
    assert.equal(await focused(), "Remove XRootD");
  }));

test("groups are added, moved and removed, and the focus stays with them", () =>
  on("form-aggregation", async ({ page, sent, focused }) => {
    await page.getByRole("button", { name: "Move storage up" }).click();
    // It is the first one now, so the other button has the focus.
    assert.equal(await focused(), "Move storage down");
    await page.getByRole("button", { name: "Remove compute" }).click();
    assert.equal(await focused(), "Remove information");
    await page.getByRole("button", { name: "Add service flavour group" }).click();
    await page.keyboard.type("new");
    await page.keyboard.press("Enter");
    await page.keyboard.type("SRM");
    const all = names(await sent());
    assert.deepEqual(all.slice(-2), ["2-name=new", "2-services-0-name=SRM"]);
    assert.deepEqual(all.filter((name) => /^\d-name/.test(name)), ["0-name=storage", "1-name=information", "2-name=new"]);
  }));

test("an unused name is added with a click to the group where the user was last", () =>
  on("form-aggregation", async ({ page, sent }) => {
    await page.locator("#id_groups-0-name").focus();
    await page.getByRole("button", { name: "Add unicore6.TargetSystemFactory" }).click();
    assert.ok((await sent()).includes("groups-0-services-4-name=unicore6.TargetSystemFactory"));
    await page.getByText("All service flavours of ROC_CRITICAL are in a group.").waitFor();
  }));

test("rows that were added and not filled are not sent", () =>
  on("form-aggregation", async ({ page, sent }) => {
    const before = await sent();
    await page.getByRole("button", { name: "Add service flavour to storage" }).click();
    assert.deepEqual(await sent(), before);
  }));

test("names that are unknown, or in two groups, are marked at once", () =>
  on("form-aggregation", async ({ page }) => {
    await page.locator("#id_groups-2-services-0-name").fill("Nope");
    await page.keyboard.press("Tab");
    await page.getByText("Nope is not a service flavour of ROC_CRITICAL.").waitFor();
    await page.locator("#id_groups-2-services-0-name").fill("SRM");
    await page.getByText("SRM is in storage and information: it counts in information only.").waitFor();
  }));

test("another metric profile changes the names that are offered", () =>
  on("form-aggregation", async ({ page }) => {
    await page.locator("#id_metric_profile").selectOption("ROC_OPERATORS");
    await page.getByText("3 of 3 service flavours of ROC_OPERATORS are in no group:").waitFor();
  }));

test("a change of 200 rows in 20 groups takes less than a frame's budget of script", () =>
  on("form-aggregation-large", async ({ page }) => {
    const spent = await page.evaluate(async () => {
      const input = document.querySelector("#id_groups-19-services-9-name");
      input.focus();
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      const start = performance.now();
      for (let time = 0; time < 10; time += 1) {
        input.value = `x${time}`;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await frame();
      }
      return (performance.now() - start) / 10;
    });
    // Generous: a slow machine that does other work, too.
    assert.ok(spent < 100, `${spent} ms`);
  }));
