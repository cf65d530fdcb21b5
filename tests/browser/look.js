// Takes screenshots of the samples: node look.js [PART OF A NAME]…   They are saved in target/pages/pictures/.
// WIDTHS=360 and SCHEMES=dark limit them to some; FOLD=1 shows only what fits into a window.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.js";
import { samples, serveSamples } from "./samples.js";

const PICTURES = fileURLToPath(new URL("../../target/pages/pictures/", import.meta.url));
const WIDTHS = (process.env.WIDTHS ?? "1440,768,360").split(",").map(Number);
const SCHEMES = (process.env.SCHEMES ?? "light,dark").split(",");

const parts = process.argv.slice(2);
const wanted = parts.length === 0 ? samples({ plain: true }) : samples().filter((name) => parts.some((part) => name.includes(part)));

mkdirSync(PICTURES, { recursive: true });
const server = await serveSamples();
const browser = await launch();
for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    for (const name of wanted) {
      await page.goto(server.address(name));
      if (process.env.FOLD !== "1") {
        // A window as high as the page, so that no sticky bar is in the middle of the picture.
        await page.setViewportSize({ width, height: 600 });
        await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
      }
      await page.screenshot({ path: `${PICTURES}${name}-${width}-${colorScheme}.png` });
    }
    await context.close();
  }
}
await browser.close();
server.close();
console.log(PICTURES);
