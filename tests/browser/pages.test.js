// Every sample of every page: no violation found by axe-core, no error in the console, no horizontal overflow, and no
// page above the weight limit.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { violations } from "./accessibility.js";
import { launch } from "./chromium.js";
import { samples, serveSamples } from "./samples.js";

// The maximum size of a page and all that it loads, compressed, in bytes.
const MAX_WEIGHT = 150_000;

let browser, server;
before(async () => {
  server = await serveSamples();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

// Opens samples in new tabs; returns the complaints of `look` and of the console.
async function complaints(names, options, look) {
  const context = await browser.newContext(options);
  const found = [];
  for (const name of names) {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") found.push(`${name}: ${message.text()}`);
    });
    page.on("pageerror", (error) => found.push(`${name}: ${error.message}`));
    page.on("dialog", (dialog) => found.push(`${name}: a script of a text ran: ${dialog.message()}`) && dialog.dismiss());
    await page.goto(server.address(name));
    found.push(...(await look(page)).map((complaint) => `${name}: ${complaint}`));
    await page.close();
  }
  await context.close();
  return found;
}

test("axe-core finds nothing with any text", async () => {
  assert.deepEqual(await complaints(samples(), { viewport: { width: 1280, height: 800 } }, violations), []);
});

test("axe-core finds nothing in dark mode", async () => {
  const names = samples({ plain: true });
  assert.deepEqual(await complaints(names, { colorScheme: "dark", viewport: { width: 1280, height: 800 } }, violations), []);
});

test("axe-core finds nothing on a phone", async () => {
  assert.deepEqual(await complaints(samples({ plain: true }), { viewport: { width: 360, height: 740 } }, violations), []);
});

// In CSS pixels; 640 is a width of 1280 at a zoom of 200 %. A page is opened once and made narrower.
const NARROW = [640, 360];

test("no page overflows in a narrow window", async () => {
  const look = async (page) => {
    const found = [];
    for (const width of NARROW) {
      await page.setViewportSize({ width, height: 740 });
      const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      if (scrollWidth > clientWidth) found.push(`${scrollWidth} pixels wide at ${width}`);
    }
    return found;
  };
  assert.deepEqual(await complaints(samples(), { viewport: { width: NARROW[0], height: 740 } }, look), []);
});

test("all fields are usable without JavaScript", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.address("form-profile"));
  assert.equal(await page.locator("[name^=tuples-]:visible").count(), 24);
  assert.ok(await page.getByRole("button", { name: "Add row" }).isVisible());
  await page.goto(server.address("form-group"));
  assert.equal(await page.locator("[name=metrics]:visible").count(), 6);
  await context.close();
});

test("every page is below the weight limit", async () => {
  const page = await browser.newPage();
  let loaded = [];
  page.on("response", (response) => loaded.push(response));
  const heavy = [];
  for (const name of samples({ plain: true })) {
    loaded = [];
    await page.goto(server.address(name), { waitUntil: "networkidle" });
    // A font is compressed already.
    const weights = loaded.map(async (response) => {
      const body = await response.body();
      return response.url().endsWith(".woff2") ? body.length : gzipSync(body).length;
    });
    const weight = (await Promise.all(weights)).reduce((sum, one) => sum + one, 0);
    if (process.env.WEIGHTS) console.log(`${name}: ${weight}`);
    if (weight > MAX_WEIGHT) heavy.push(`${name}: ${weight}`);
    // The next page starts with an empty cache.
    await (await page.context().newCDPSession(page)).send("Network.clearBrowserCache");
  }
  await page.close();
  assert.deepEqual(heavy, []);
});
