// Whole jobs, as an operator does them by mouse, with the clicks and keys that they take. Choosing in a select is two clicks.

import assert from "node:assert/strict";
import { after } from "node:test";
import { journey } from "./stage.js";

const counted = [];
after(() => console.table(counted));

// A person whose clicks and keys are counted.
class Hand {
  clicks = 0;
  keys = 0;
  pages = 0;

  constructor(person) {
    this.person = person;
    this.page = person.page;
    this.page.on("domcontentloaded", () => { this.pages += 1; });
  }

  async click(locator, options) {
    await locator.click(options);
    this.clicks += 1;
  }

  async follow(locator) {
    await this.person.follow(() => locator.click());
    this.clicks += 1;
  }

  link(name) {
    return this.follow(this.page.getByRole("link", { name, exact: true }).first());
  }

  button(name) {
    return this.follow(this.page.getByRole("button", { name, exact: typeof name === "string" }).last());
  }

  // Chooses in a filter, which is applied at once.
  async filter(name, value) {
    await this.person.follow(() => this.page.locator(`#filter-${name}`).selectOption(value));
    this.clicks += 2;
  }

  async choose(name, value) {
    await this.person.field(name).selectOption(value);
    this.clicks += 2;
  }

  // Types where the focus is.
  async type(text) {
    await this.page.keyboard.type(text);
    this.keys += text.length;
  }

  async press(key, times = 1) {
    for (let time = 0; time < times; time += 1) await this.page.keyboard.press(key);
    this.keys += times;
  }
}

// Defines a job; it must not take more clicks than `most`. `before` are the clicks that it took in POEM without it, or
// “impossible”.
function job(name, before, most, act) {
  journey(`clicks: ${name}`, async ({ as }) => {
    const person = await as("ada");
    await person.open("/poem/admin/");
    const hand = new Hand(person);
    await act(hand, person);
    counted.push({ job: name, "clicks before": before, clicks: hand.clicks, keys: hand.keys, pages: hand.pages });
    assert.ok(hand.clicks <= most, `${hand.clicks} clicks, more than ${most}`);
  });
}

job("which metrics use a probe", 3, 3, async (hand, person) => {
  await hand.link("Metrics");
  await hand.filter("probe", "ams-probe");
  assert.ok((await person.rows()).every((row) => row[2].startsWith("ams-probe")));
});

job("change the timeout of five metrics of one group", 31, 10, async (hand, person) => {
  await hand.link("Metrics");
  await hand.filter("group", "ARGO");
  const boxes = hand.page.locator("input[name=pick]");
  await hand.click(boxes.nth(0));
  await hand.click(boxes.nth(4), { modifiers: ["Shift"] });
  await hand.button("Change…");
  await hand.type("timeout");
  await hand.press("Tab", 2);
  await hand.type("75");
  await hand.button("Preview");
  await hand.button(/^Change \d+ metrics?$/);
  assert.match(await person.said(), /^Changed \d metrics?\./);
});

job("passive metrics without a parent", "impossible", 2, async (hand, person) => {
  await hand.follow(hand.page.locator("main").getByRole("link", { name: /passive/ }).first());
  assert.ok((await person.rows()).length > 0);
});

job("change the comment of a probe, from the list back to the list", 3, 4, async (hand, person) => {
  await person.open("/poem/admin/poem/probe/?group=ARGO");
  await hand.follow(hand.page.locator("table.list tbody th a").first());
  await hand.link("Edit");
  await hand.click(person.page.getByLabel("New version"));
  await person.field("comment").fill("Changed by hand.");
  await hand.button("Save");
  assert.match(hand.page.url(), /group=ARGO$/);
});

job("compare two profiles", "impossible", 5, async (hand, person) => {
  await hand.link("Profiles");
  await hand.click(hand.page.locator("input[name=pick]").nth(0));
  await hand.click(hand.page.locator("input[name=pick]").nth(1));
  await hand.button("Compare");
  assert.match(await person.heading(), /Compare/);
});

job("undo a deletion", "impossible", 5, async (hand, person) => {
  await person.open("/poem/admin/poem/metric/?q=webdav.List");
  await hand.follow(hand.page.locator("table.list tbody th a").first());
  await hand.link("Edit");
  await hand.link("Delete");
  await hand.button("Delete metric");
  await hand.button("Undo");
  await person.open("/poem/admin/poem/metric/?q=webdav.List");
  assert.ok((await person.rows()).length > 0, "the metric is there again");
});

job("undo a change of a profile", "impossible", 5, async (hand, person) => {
  await person.open("/poem/admin/poem/profile/");
  await hand.follow(hand.page.locator("table.list tbody th a").first());
  await hand.link("Edit");
  const before = await person.field("description").inputValue();
  await hand.click(person.field("description"));
  await hand.press("End");
  await hand.type(" More.");
  await hand.button("Save");
  await hand.button("Undo");
  await person.open("/poem/admin/poem/profile/");
  await person.follow(() => hand.page.locator("table.list tbody th a").first().click());
  await person.go("Edit");
  assert.equal(await person.field("description").inputValue(), before);
});

for (const [name, heading] of [["Help", /Help/], ["API", /API/], ["About", /About/]]) {
  job(`newcomer: ${name}`, "not there", 1, async (hand, person) => {
    await hand.follow(hand.page.locator("footer").getByRole("link", { name, exact: true }));
    assert.match(await person.heading(), heading);
  });
}
