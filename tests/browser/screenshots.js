// Takes the screenshots of the README: node screenshots.js   They are saved in docs/screenshots/, over the demo data of a
// POEM of its own. Each is smaller than MOST bytes, so that the README stays light.

import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.js";
import { startPoem } from "./poem.js";

const PICTURES = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const MOST = 150_000;
const VIEWPORT = { width: 1280, height: 800 };

// The metrics of one group, and the settings of one of them.
async function openList(page) {
  await page.getByRole("link", { name: "Metrics", exact: true }).first().click();
}

async function openMetric(page) {
  await openList(page);
  await page.getByRole("link", { name: "argo.AMS-Check", exact: true }).first().click();
  await page.locator("#id_name").waitFor();
}

const SHOTS = [
  { name: "metrics-light", colorScheme: "light", open: openList },
  { name: "metric-dark", colorScheme: "dark", open: openMetric },
];

async function logIn(page, origin) {
  await page.goto(`${origin}/poem/admin/login/`);
  await page.locator("#id_username").fill("ada");
  await page.locator("#id_password").fill("demo-ada");
  await page.locator("#id_password").press("Enter");
  await page.locator(".account summary").waitFor();
}

async function take(browser, origin, { name, colorScheme, open }) {
  const context = await browser.newContext({ viewport: VIEWPORT, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await logIn(page, origin);
  await open(page);
  await page.evaluate(() => document.fonts.ready);
  // No cursor, which blinks.
  await page.evaluate(() => document.activeElement?.blur());
  const path = `${PICTURES}${name}.png`;
  await page.screenshot({ path });
  await context.close();
  const { size } = statSync(path);
  if (size > MOST) throw new Error(`${path} has ${size} bytes; at most ${MOST} are wanted`);
  console.log(path, size);
}

mkdirSync(PICTURES, { recursive: true });
const poem = await startPoem();
const browser = await launch();
try {
  for (const shot of SHOTS) await take(browser, poem.origin, shot);
} finally {
  await browser.close();
  await poem.stop();
}
