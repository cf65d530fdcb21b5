// Every kind of page of the running server, in light, dark and narrow: no violation found by axe-core, no horizontal
// overflow, no complaint of the browser. Screenshots for people are saved in target/screenshots/.
// PAGES=history,list limits the pages to names that contain one of the words.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { describe } from "node:test";
import { violations } from "../accessibility.js";
import { objectAddress } from "../poem.js";
import { PICTURES, journey, originOf } from "./stage.js";

// 640 is a width of 1280 at a zoom of 200 %.
const SCHEMES = {
  light: { width: 1280, height: 800, colorScheme: "light" },
  dark: { width: 1280, height: 800, colorScheme: "dark" },
  narrow: { width: 360, height: 740, colorScheme: "light" },
  zoomed: { width: 640, height: 400, colorScheme: "light" },
};

const ADMIN = "/poem/admin/";
const ENTITIES = ["profile", "probe", "metric", "aggregation", "custuser", "groupofprofiles", "groupofprobes", "groupofmetrics", "groupofaggregations"];
const VERSIONED = ["profile", "probe", "metric"];
const USED = ["profile", "probe", "metric", "groupofprofiles", "groupofprobes", "groupofmetrics", "groupofaggregations"];
// The objects of the demo data that are shown.
const OBJECTS = {
  profile: "ARGO_MON", probe: "ams-probe", metric: "argo.AMS-Check", aggregation: "critical", custuser: "bruno",
  groupofprofiles: "Operations", groupofprobes: "ARGO", groupofmetrics: "Storage", groupofaggregations: "Operations",
};

const words = (process.env.PAGES ?? "").split(",");
const isWanted = (name) => words.some((word) => name.includes(word));

// Checks the page that a person has open, and takes the screenshots.
async function check(person, name) {
  const { page } = person;
  assert.notEqual(await page.title(), "", name);
  for (const [scheme, { colorScheme, ...size }] of Object.entries(SCHEMES)) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > size.width) person.complaints.push(`${name}, ${scheme}: ${width} pixels wide`);
    const squeezed = await page.locator(".field:visible").evaluateAll((all) => all.filter((field) => field.offsetWidth < 100).map((field) => field.innerText));
    for (const text of squeezed) person.complaints.push(`${name}, ${scheme}: squeezed: ${text.slice(0, 60)}`);
    if (scheme === "zoomed") continue;
    // pages.test.js runs axe-core on the narrow samples.
    const found = scheme === "narrow" ? [] : await violations(page);
    for (const violation of found) person.complaints.push(`${name}, ${scheme}: ${violation}`);
    mkdirSync(`${PICTURES}${scheme}`, { recursive: true });
    // A window as high as the page, so that no sticky bar is in the middle of the picture.
    await page.setViewportSize({ ...size, height: await page.evaluate(() => document.documentElement.scrollHeight) });
    await page.screenshot({ path: `${PICTURES}${scheme}/${name}.png` });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

// Opens and checks pages: [name, address].
async function checkAll(person, pages) {
  for (const [name, address] of pages) {
    if (!isWanted(name)) continue;
    await person.open(address);
    await check(person, name);
  }
}

// Returns the address of an object of the demo data, to which `change/` or `history/` is appended.
async function addressOf(person, entity, name = OBJECTS[entity]) {
  // Of the metrics with the same name, only the one in production has a history.
  await person.open(`${ADMIN}poem/${entity}/?q=${name}${entity.endsWith("metric") ? "&tag=Production" : ""}`);
  const link = person.page.locator("table.list tbody th a").filter({ hasText: new RegExp(`^${name}$`) }).first();
  return objectAddress(await link.getAttribute("href"));
}

async function firstVersion(person, address) {
  await person.open(`${address}history/`);
  return person.page.locator("table.history tbody th a").last().getAttribute("href");
}

const comparison = (person, address) =>
  person.open(`${address}history/`).then(() => person.page.evaluate(() => {
    const ids = [...document.querySelectorAll("[name=version_id1]")].map((input) => input.value);
    return `compare/?version_id1=${ids.at(-1)}&version_id2=${ids[0]}`;
  }));

// The pages of an entity, for a superuser.
async function checkEntity(ada, entity) {
  const address = await addressOf(ada, entity);
  await checkAll(ada, [
    [`list-${entity}`, `${ADMIN}poem/${entity}/`],
    [`form-${entity}-add`, `${ADMIN}poem/${entity}/add/`],
    [`view-${entity}`, address],
    [`form-${entity}`, `${address}change/`],
    [`delete-${entity}`, `${address}delete/`],
    [`history-${entity}`, `${address}history/`],
  ]);
  if (USED.includes(entity)) await checkAll(ada, [[`used-by-${entity}`, `${address}usedby/`]]);
  if (entity === "custuser") await checkAll(ada, [["password-of-user", `${address}password/`]]);
  if (entity === "metric" || entity === "profile") await checkAll(ada, [[`form-${entity}-clone`, `${address}change/clone/`]]);
  if (!VERSIONED.includes(entity)) return;
  await checkAll(ada, [
    [`version-${entity}`, await firstVersion(ada, address)],
    [`compare-${entity}`, `${address}history/${await comparison(ada, address)}`],
  ]);
}

// Two at a time, each in its own browser context: a page is waited for while another is looked at.
describe("every page", { concurrency: 2 }, () => {
  journey("every page of a superuser without an entity", async ({ as }) => {
    const ada = await as("ada");
    await checkAll(ada, [
      ["index", ADMIN],
      ["help", `${ADMIN}help/`],
      ["api", `${ADMIN}api/`],
      ["about", `${ADMIN}about/`],
      ["list-service", `${ADMIN}poem/service/`],
      ["list-service-nothing", `${ADMIN}poem/service/?q=nothing-like-that`],
      ["list-logentry", `${ADMIN}admin/logentry/`],
      ["list-logentry-page", `${ADMIN}admin/logentry/?page=2`],
      ["list-apikey", `${ADMIN}rest_framework_api_key/apikey/`],
      ["form-apikey-add", `${ADMIN}rest_framework_api_key/apikey/add/`],
      ["list-metric-filtered", `${ADMIN}poem/metric/?q=argo&tag=Production`],
      ["list-metric-nothing", `${ADMIN}poem/metric/?q=nothing-like-that`],
      ["search", `${ADMIN}search/?q=argo`],
      ["search-empty", `${ADMIN}search/`],
      ["search-nothing", `${ADMIN}search/?q=nothing-like-that`],
      ["password-own", `${ADMIN}password_change/`],
      ["logout", `${ADMIN}logout/`],
      ["error-404", `${ADMIN}poem/probe/999999/change/`],
    ]);
    await ada.open(`${ADMIN}admin/logentry/`);
    await checkAll(ada, [["logentry", await ada.page.locator("tbody td.figure a").first().getAttribute("href")]]);
  });

  for (const entities of [ENTITIES.slice(0, 5), ENTITIES.slice(5)]) {
    journey(`every page of a superuser: ${entities.join(", ")}`, async ({ as }) => {
      const ada = await as("ada");
      for (const entity of entities) await checkEntity(ada, entity);
    });
  }

  journey("every page of a user who may only read", async ({ as }) => {
    const emil = await as("emil");
    const pages = [];
    for (const entity of ["profile", "probe", "metric", "aggregation"]) {
      const address = await addressOf(emil, entity);
      pages.push([`view-${entity}-to-read`, address], [`form-${entity}-to-read`, `${address}change/`]);
    }
    await checkAll(emil, [...pages, ["error-403", `${ADMIN}poem/custuser/`], ["error-403-add", `${ADMIN}poem/probe/add/`]]);
  });

  journey("every public page", async ({ visit }) => {
    const visitor = await visit();
    const pages = [["login", `${ADMIN}login/`], ["public-service", `${ADMIN}poem/public_service/`], ["public-tenant", `${originOf("eudat")}${ADMIN}poem/public_probe/`]];
    for (const entity of ["profile", "probe", "metric"]) {
      const address = await addressOf(visitor, `public_${entity}`, OBJECTS[entity]);
      pages.push([`public-list-${entity}`, `${ADMIN}poem/public_${entity}/`], [`public-form-${entity}`, `${address}change/`]);
      if (!VERSIONED.includes(entity)) continue;
      pages.push([`public-history-${entity}`, `${address}history/`]);
      pages.push([`public-version-${entity}`, await firstVersion(visitor, address)]);
      pages.push([`public-compare-${entity}`, `${address}history/${await comparison(visitor, address)}`]);
    }
    pages.push(["error-404-public", `${ADMIN}poem/public_probe/999999/change/`], ["error-tenant", `${originOf("nowhere")}${ADMIN}`]);
    await checkAll(visitor, pages);
  });
});

// Pages that follow an action: [name, username, action].
const ACTIONS = [
  ["login-refused", null, async (person) => {
    await person.open(`${ADMIN}login/`);
    await person.logIn("nobody-there", "wrong");
  }],
  ["logged-out", null, async (person) => {
    await person.open(`${ADMIN}login/`);
    await person.logIn("emil", "demo-emil");
    await person.open(`${ADMIN}logout/`);
    await person.page.locator("main").getByRole("button", { name: "Log out" }).click();
    await person.page.getByText("You are logged out").waitFor();
  }],
  ["session-ended", null, async (person) => {
    await person.open(`${ADMIN}poem/probe/add/`);
    await person.logIn("bruno", "demo-bruno");
    await person.fill({ name: "typed" });
    await person.endSession();
    await person.press("Save");
  }],
  ["logged-in-again", null, async (person) => {
    await person.open(`${ADMIN}poem/probe/add/`);
    await person.logIn("bruno", "demo-bruno");
    await person.fill({ name: "typed" });
    await person.endSession();
    await person.press("Save");
    await person.logIn("bruno", "demo-bruno");
  }],
  ["form-probe-errors", "bruno", async (person) => {
    await person.open(`${ADMIN}poem/probe/add/`);
    await person.fill({ name: "ams-probe", repository: "no address" });
    await person.press("Save");
  }],
  ["form-metric-errors", "bruno", async (person) => {
    await person.open(`${ADMIN}poem/metric/add/`);
    await person.fill({ name: "wrong", probeversion: "no-such-probe (1)", "flags-0-value": "1" });
    await person.press("Save");
  }],
  ["form-profile-errors", "bruno", async (person) => {
    await person.open(`${ADMIN}poem/profile/add/`);
    await person.fill({ name: "ARGO_MON", vo: "no-such-vo", "tuples-0-service_flavour": "NO-CE", "tuples-0-metric": "no.such.Metric" });
    await person.press("Save");
  }],
  ["form-user-errors", "ada", async (person) => {
    await person.open(`${ADMIN}poem/custuser/add/`);
    await person.fill({ username: "bru no", password: "12345", password_again: "12346", email: "nowhere" });
    await person.press("Save");
  }],
  ["password-errors", "emil", async (person) => {
    await person.open(`${ADMIN}password_change/`);
    await person.fill({ old_password: "wrong", new_password1: "12345", new_password2: "12345" });
    await person.press("Change password");
  }],
  ["form-apikey-token", "ada", async (person) => {
    await person.open(`${ADMIN}rest_framework_api_key/apikey/add/`);
    await person.fill({ client: "looked-at" });
    await person.press("Save");
  }],
  ["form-probe-saved", "bruno", async (person) => {
    await person.open(`${await addressOf(person, "probe", "ams-publisher-probe")}change/`);
    await person.fill({ version: "9.0.0", comment: "Looked at." });
    await person.press("Save and continue editing");
  }],
  ["form-metric-suggestions", "bruno", async (person) => {
    await person.open(`${ADMIN}poem/metric/add/`);
    await person.field("probeversion").pressSequentially("probe");
    await person.suggested("probe").waitFor();
  }],
  ["menu-admin", "ada", async (person) => {
    await person.open(`${ADMIN}poem/custuser/`);
    await person.page.locator(".rooms summary").click();
  }],
  ["menu", "bruno", async (person) => {
    await person.open(`${ADMIN}poem/probe/`);
    await person.page.locator(".account summary").click();
  }],
];

for (const [name, username, act] of ACTIONS.filter(([name]) => isWanted(name))) {
  journey(`the page “${name}”`, async ({ as, visit }) => {
    const person = await (username ? as(username) : visit());
    await act(person);
    await check(person, name);
  });
}

journey("the page of a conflict", async ({ as }) => {
  const people = [await as("bruno"), await as("ada")];
  for (const person of people) await person.open(`${await addressOf(person, "probe", "htcondor-ce-probe")}change/`);
  for (const person of people) {
    await person.fill({ comment: `As ${person === people[0] ? "Bruno" : "Ada"} puts it.`, version: "5.0.0" });
    await person.press("Save");
  }
  await check(people[1], "form-probe-conflict");
});
