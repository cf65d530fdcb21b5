// One page of each kind over the demo data, a large tenant, an empty one, and one with the lengths and shapes of real
// data. No word is broken at five widths, nothing scrolls sideways, axe-core is silent, the
// Tab key never leads to something invisible, and the first field has the focus.
//
// POEM_TEST_DUMP=FILE adds a tenant with any dump of POEM 2.3. POEM_TEST_OBJECTS=N looks at the N objects of
// each list with the longest names instead of one, POEM_TEST_OBJECTS=all at every object.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "./accessibility.js";
import { launch } from "./chromium.js";
import { large, shaped } from "./dumps.js";
import { objectAddress, startPoem } from "./poem.js";
import { WIDTHS, brokenWords, invisibleTabStops, sidewaysScroll } from "./readable.js";
import { SUPERUSER, addTenant } from "./tenants.js";

const ADMIN = "/poem/admin/";
const ENTITIES = ["metric", "probe", "profile", "aggregation", "custuser", "groupofmetrics"];
const VERSIONED = ["metric", "probe", "profile"];
const PUBLIC = ["metric", "probe", "profile"];
const dump = process.env.POEM_TEST_DUMP;
const limit = process.env.POEM_TEST_OBJECTS === "all" ? Infinity : Number(process.env.POEM_TEST_OBJECTS ?? 1);
// Name, data, and whether every page is looked at by axe-core.
const TENANTS = [["demo", null, true], ["shaped", shaped(), true], ["large", large(), false], ["empty", null, true], ...(dump ? [["given", dump, true]] : [])];
const DEMO_USER = { username: "ada", password: "demo-ada" };

let poem, browser;
before(async () => {
  browser = await launch();
  poem = await startPoem();
});
after(async () => {
  await browser?.close();
  await poem?.stop();
});

const fixed = () => [
  ADMIN, ...ENTITIES.map((entity) => `${ADMIN}poem/${entity}/`), ...PUBLIC.map((entity) => `${ADMIN}poem/public_${entity}/`), `${ADMIN}poem/service/`, `${ADMIN}poem/public_service/`, `${ADMIN}admin/logentry/`,
  `${ADMIN}rest_framework_api_key/apikey/`, `${ADMIN}search/?q=a`, `${ADMIN}poem/metric/add/`, `${ADMIN}poem/probe/add/`, `${ADMIN}poem/profile/add/`, `${ADMIN}poem/custuser/add/`, `${ADMIN}poem/groupofmetrics/add/`,
];

// Returns the addresses of the objects with the longest names in the first page of a list, or of all on all pages.
async function objects(page, list) {
  const found = [];
  await page.goto(list);
  for (;;) {
    const links = await page.locator("table.list tbody th a").evaluateAll((all) => all.map((link) => [link.getAttribute("href"), link.textContent.length]));
    found.push(...links);
    const next = page.locator(".pages a[rel=next]");
    if (limit < Infinity || (await next.count()) === 0) break;
    await page.goto(await next.getAttribute("href"));
  }
  return found.sort((one, other) => other[1] - one[1]).slice(0, limit).map(([href]) => href);
}

// Returns the addresses of the pages of the objects of all lists.
async function ofObjects(page) {
  const addresses = [];
  for (const entity of ENTITIES) {
    for (const link of await objects(page, `${ADMIN}poem/${entity}/`)) {
      const object = objectAddress(link);
      addresses.push(object, `${object}change/`, `${object}delete/`, `${object}history/`);
      if (entity === "metric" || entity === "probe" || entity.startsWith("groupof")) addresses.push(`${object}usedby/`);
      if (VERSIONED.includes(entity)) addresses.push(await versionOf(page, object));
      if (entity === "metric" || entity === "profile") addresses.push(`${object}change/clone/`);
      if (PUBLIC.includes(entity)) addresses.push(`${object}change/`.replace(`/${entity}/`, `/public_${entity}/`));
    }
  }
  addresses.push(...(await objects(page, `${ADMIN}admin/logentry/`)));
  return addresses.filter(Boolean);
}

async function versionOf(page, object) {
  await page.goto(`${object}history/`);
  const links = page.locator("table.history tbody th a");
  return (await links.count()) > 0 ? links.last().getAttribute("href") : null;
}

// Returns what is wrong with the page that is open.
async function complaints(page, withAxe) {
  const found = [];
  const address = new URL(page.url()).pathname;
  const wanted = /\/add\/$/.test(address) ? "id_" : (await page.locator("#list-search").count()) > 0 ? "list-search" : "";
  // The browser moves the focus with the first rendering, which may come after the load event.
  const focused = (prefix) => document.activeElement?.id.startsWith(prefix) ?? false;
  await page.waitForFunction(focused, wanted, { timeout: 10_000 }).catch(async () => {
    found.push(`the focus is on “${await page.evaluate(() => document.activeElement?.id)}”`);
  });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    found.push(...[...(await brokenWords(page)), ...(await sidewaysScroll(page))].map((text) => `at ${width} pixels: ${text.slice(0, 200)}`));
  }
  found.push(...(await invisibleTabStops(page)).map((html) => `an invisible Tab stop: ${html}`));
  if (withAxe) found.push(...(await violations(page)));
  return found;
}

for (const [name, data, withAxe] of TENANTS) {
  test(`every kind of page is readable over the tenant “${name}”`, async () => {
    const [baseURL, user] = name === "demo" ? [poem.origin, DEMO_USER] : [await addTenant(poem, name, data), SUPERUSER];
    const context = await browser.newContext({ baseURL, viewport: { width: 1440, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${ADMIN}login/`);
    await page.getByLabel("Username").fill(user.username);
    await page.getByLabel("Password").fill(user.password);
    await Promise.all([page.waitForURL(/admin\/$/), page.locator("main").getByRole("button", { name: "Log in" }).click()]);
    const found = [];
    for (const address of [...fixed(), ...(await ofObjects(page))]) {
      const response = await page.goto(address);
      if (!response.ok()) found.push(`${address}: status ${response.status()}`);
      found.push(...(await complaints(page, withAxe)).map((complaint) => `${address}: ${complaint}`));
    }
    await context.close();
    assert.deepEqual(found, []);
  });
}
