// The stage of the journeys: one POEM and one browser for all journeys of this process, and the persons who visit it.
//
// Journeys give the objects that they add unique names, so that none depends on what another left behind.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../chromium.js";
import { startPoem } from "../poem.js";

export const PICTURES = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));

// The required configuration of an active metric, by field.
export const CONFIG = {
  "config-0-value": "5",
  "config-1-value": "3",
  "config-2-value": "/opt/probes/journey",
  "config-3-value": "3",
  "config-4-value": "60",
};

// Fills in what every aggregation profile needs.
export async function fillInAggregation(person, name) {
  await person.fill({
    name, metric_operation: "AND", profile_operation: "OR", metric_profile: "ARGO_MON_CRITICAL",
    endpoint_group: "sites", group: "Operations",
  });
}

// The time limit of a step, in milliseconds.
const STEP_TIMEOUT = 20_000;

let poem, browser;
// The cookies of the users who have logged in already, by username.
let known = new Map();

before(async () => {
  browser = await launch();
  poem = await startPoem();
});
after(async () => {
  await browser?.close();
  await poem?.stop();
});

// Returns the origin of a tenant.
export const originOf = (tenant) => `http://${tenant}.localhost:${poem.port}`;
// Returns the origin of the demo tenant EGI.
export const origin = () => poem.origin;
// Returns the POEM itself (see poem.js).
export const startedPoem = () => poem;

// A person with a separate browser context. `page` is the open page; `complaints` collects errors of the browser.
class Person {
  static async come(options) {
    const context = await browser.newContext({ baseURL: poem.origin, viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(STEP_TIMEOUT);
    return new Person(context, await context.newPage());
  }

  constructor(context, page, complaints = []) {
    this.context = context;
    this.page = page;
    this.complaints = complaints;
    page.on("console", (message) => {
      // The browser reports a 403 or 422 as an error; the journeys check such pages themselves.
      const isAnswer = message.text().startsWith("Failed to load resource") && message.location().url === page.url();
      // What another site's pages lack is not POEM's fault.
      const isForeign = message.text().startsWith("Failed to load resource") && !message.location().url.includes(`:${poem.port}/`);
      if (message.type() === "error" && !isAnswer && !isForeign) this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.message}`));
    page.on("response", (answer) => {
      if (answer.status() >= 500) this.complaints.push(`${answer.url()}: ${answer.status()}`);
    });
  }

  async logIn(username, password) {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Password").fill(password);
    await this.press("Log in");
  }

  // Ends the session: the server gets no session cookie any more.
  endSession() {
    return this.context.clearCookies({ name: "sessionid" });
  }

  // Does something that leads to another page, and waits for that page.
  async follow(act) {
    await Promise.all([this.page.waitForEvent("domcontentloaded"), act()]);
  }

  // Presses the last button with this name: the navigation has a “Search” too.
  press(name) {
    return this.follow(() => this.page.getByRole("button", { name, exact: true }).last().click());
  }

  // Follows the first link with this name.
  go(name) {
    return this.follow(() => this.page.getByRole("link", { name, exact: true }).first().click());
  }

  // Opens the form of the object that a link with this name leads to.
  async edit(name) {
    await this.go(name);
    await this.go("Edit");
  }

  // Does something that opens a tab. Returns the same person, at that tab.
  async newTab(act) {
    const [page] = await Promise.all([this.context.waitForEvent("page"), act()]);
    await page.waitForURL((url) => url.href !== "about:blank", { waitUntil: "domcontentloaded" });
    return new Person(this.context, page, this.complaints);
  }

  open(address) {
    return this.page.goto(address);
  }

  // Returns the field with this name.
  field(name) {
    return this.page.locator(`#id_${name}`);
  }

  // Fills fields by name; in a select, selects the option. An empty section of a form is opened first.
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.field(name);
      const folded = this.page.locator(".rows.folded").filter({ has: field });
      if ((await folded.count()) > 0) await folded.getByRole("button", { name: "Add row" }).click();
      const isChoice = await field.evaluate((element) => element.tagName === "SELECT");
      await (isChoice ? field.selectOption(value) : field.fill(value));
    }
  }

  // Returns the first visible suggestion with this text.
  suggested(text) {
    return this.page.locator("#suggestions [role=option]").filter({ hasText: text }).first();
  }

  // Returns the flash messages of the page.
  async said() {
    return (await this.page.locator(".messages").innerText()).replace(/ Open it$/gm, "").replace(/\s*^Undo$/gm, "").trim();
  }

  // Returns the heading of the page.
  async heading() {
    return (await this.page.locator("h1").innerText()).replace(/\s+/g, " ").trim();
  }

  // Returns the errors above the form.
  async problems() {
    return this.page.locator("#problems li").allInnerTexts();
  }

  // Returns the rows of the list as texts.
  async rows() {
    const rows = await this.page.locator("table.list tbody tr").all();
    return Promise.all(rows.map(async (row) => (await row.locator("th, td:not(.tick)").allInnerTexts()).map((text) => text.trim())));
  }

  // Returns the id, or the name, of the focused element.
  focused() {
    return this.page.evaluate(() => document.activeElement.id || document.activeElement.name);
  }
}

// Defines a test. `visit(options)` returns a person without a session, `as(username, options)` a logged-in user of the
// demo data. The test also fails for every complaint of their browsers; a failure leaves a screenshot of each person.
// `options` are those of node:test.
export function journey(name, act, options = {}) {
  test(name, options, async () => {
    const people = [];
    const visit = async (options = {}) => {
      const person = await Person.come(options);
      people.push(person);
      return person;
    };
    const as = async (username, options = {}) => {
      if (!known.has(username)) {
        const person = await Person.come();
        await person.open("/poem/admin/login/");
        await person.logIn(username, `demo-${username}`);
        known.set(username, await person.context.storageState());
        await person.context.close();
      }
      return visit({ storageState: known.get(username), ...options });
    };
    try {
      await act({ as, visit });
    } catch (error) {
      await picture(name, people);
      throw error;
    } finally {
      for (const person of people) await person.context.close();
    }
    assert.deepEqual(people.flatMap((person) => person.complaints), []);
  });
}

// Takes a screenshot of what each person saw last.
async function picture(name, people) {
  mkdirSync(`${PICTURES}failed`, { recursive: true });
  for (const [number, { page }] of people.entries()) {
    const path = `${PICTURES}failed/${name.replace(/[^a-z0-9]+/gi, "-")}-${number}.png`;
    // If even that fails, the error of the journey is more important.
    await page.screenshot({ path, fullPage: true }).then(() => console.error(`What was seen last: ${path}`), () => {});
  }
}
