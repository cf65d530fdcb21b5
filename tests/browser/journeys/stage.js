// Where the journeys take place: one POEM and one browser for all that run in this process, and who visits.
//
// What journeys add to the demo data they name after themselves, so that none meets what another left behind.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../chromium.js";
import { startPoem } from "../poem.js";

export const PICTURES = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));

// What an active metric must have, by the names of the fields.
export const CONFIG = {
  "config-0-value": "5",
  "config-1-value": "3",
  "config-2-value": "/opt/probes/journey",
  "config-3-value": "3",
  "config-4-value": "60",
};

// Milliseconds until a step counts as failed.
const PATIENCE = 20_000;

let poem, browser;
// Cookies of who has logged in already, by username.
let known = new Map();

before(async () => {
  browser = await launch();
  poem = await startPoem();
});
after(async () => {
  await browser?.close();
  await poem?.stop();
});

// The address of another tenant's POEM.
export const originOf = (tenant) => `http://${tenant}.localhost:${poem.port}`;
export const origin = () => poem.origin;

// Somebody before a browser of their own. `page` is their page; `complaints` is what should not have been.
class Person {
  static async come(options) {
    const context = await browser.newContext({ baseURL: poem.origin, viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    return new Person(context, await context.newPage());
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.complaints = [];
    page.on("console", (message) => {
      // That an answer was 403 or 422 is no error of the page: the journeys look at what it says.
      const isAnswer = message.text().startsWith("Failed to load resource") && message.location().url === page.url();
      if (message.type() === "error" && !isAnswer) this.complaints.push(`${page.url()}: ${message.text()}`);
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

  // As if the session had ended meanwhile: the server does not know it any more.
  endSession() {
    return this.context.clearCookies({ name: "sessionid" });
  }

  // Does what leads to another page, and waits for that.
  async follow(act) {
    await Promise.all([this.page.waitForEvent("domcontentloaded"), act()]);
  }

  // The last of that name: the bar on top has a «Search» too.
  press(name) {
    return this.follow(() => this.page.getByRole("button", { name, exact: true }).last().click());
  }

  go(name) {
    return this.follow(() => this.page.getByRole("link", { name, exact: true }).first().click());
  }

  open(address) {
    return this.page.goto(address);
  }

  field(name) {
    return this.page.locator(`#id_${name}`);
  }

  // Fills fields by their names; a choice is chosen.
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.field(name);
      const isChoice = await field.evaluate((element) => element.tagName === "SELECT");
      await (isChoice ? field.selectOption(value) : field.fill(value));
    }
  }

  // One of the suggestions that are open.
  suggested(text) {
    return this.page.locator("#suggestions [role=option]").filter({ hasText: text }).first();
  }

  // What the page says was done.
  async said() {
    return (await this.page.locator(".messages").innerText()).trim();
  }

  async heading() {
    return (await this.page.locator("h1").innerText()).replace(/\s+/g, " ").trim();
  }

  // The errors on top of the form.
  async problems() {
    return this.page.locator("#problems li").allInnerTexts();
  }

  // The rows of the page's list as texts.
  async rows() {
    const rows = await this.page.locator("table.list tbody tr").all();
    return Promise.all(rows.map(async (row) => (await row.locator("th, td").allInnerTexts()).map((text) => text.trim())));
  }

  // The id of what has the focus.
  focused() {
    return this.page.evaluate(() => document.activeElement.id || document.activeElement.name);
  }
}

// A test; `visit(options)` brings somebody unknown, `as(username, options)` somebody of the demo data who is logged in.
// It fails also for what any of their browsers complained of, and leaves pictures of what they saw last.
export function journey(name, act) {
  test(name, async () => {
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

async function picture(name, people) {
  mkdirSync(`${PICTURES}failed`, { recursive: true });
  for (const [number, { page }] of people.entries()) {
    const path = `${PICTURES}failed/${name.replace(/[^a-z0-9]+/gi, "-")}-${number}.png`;
    // Where even that fails, the error of the journey is what counts.
    await page.screenshot({ path, fullPage: true }).then(() => console.error(`What was seen last: ${path}`), () => {});
  }
}
