// The looks of pages: light and dark as chosen, the colours of tenants, and the room that lists have on a phone.

import assert from "node:assert/strict";
import { journey, origin, originOf } from "./stage.js";

const PHONE = { viewport: { width: 360, height: 740 } };
const METRICS = "/poem/admin/poem/metric/";

const ground = (person) => person.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const pressed = (person) => person.page.locator(".theme [aria-pressed=true]").innerText();

journey("dark pages are chosen at the foot, and what is typed stays", async ({ as }) => {
  const bruno = await as("bruno", { colorScheme: "light" });
  await bruno.open("/poem/admin/poem/probe/add/");
  await bruno.fill({ name: "journey-dark" });
  const light = await ground(bruno);
  await Promise.all([
    bruno.page.waitForResponse((answer) => answer.url().endsWith("/theme/")),
    bruno.page.getByRole("button", { name: "Dark", exact: true }).click(),
  ]);
  const dark = await ground(bruno);
  assert.notEqual(dark, light);
  assert.equal(await bruno.field("name").inputValue(), "journey-dark");
  await bruno.open("/poem/admin/poem/public_probe/");
  assert.deepEqual([await ground(bruno), await pressed(bruno)], [dark, "Dark"]);
});

journey("dark pages are chosen without JavaScript, on a public page", async ({ visit }) => {
  const visitor = await visit({ javaScriptEnabled: false, colorScheme: "light" });
  await visitor.open("/poem/admin/poem/public_probe/?q=probe");
  const choose = (name) => visitor.follow(() => visitor.page.getByRole("button", { name, exact: true }).click());
  const light = await visitor.page.locator("html").getAttribute("data-theme");
  await choose("Dark");
  assert.match(visitor.page.url(), /public_probe\/\?q=probe$/);
  assert.deepEqual([light, await visitor.page.locator("html").getAttribute("data-theme")], ["system", "dark"]);
  assert.equal(await pressed(visitor), "Dark");
  await choose("System");
  assert.equal(await visitor.page.locator("html").getAttribute("data-theme"), "system");
});

journey("two tenants differ in colour and icon", async ({ visit }) => {
  const visitor = await visit();
  const looks = async (tenant) => {
    await visitor.open(`${tenant}/poem/admin/poem/public_probe/`);
    const bar = await visitor.page.locator(".bar").evaluate((bar) => getComputedStyle(bar).backgroundColor);
    const icon = visitor.page.locator(".product img");
    assert.ok((await icon.evaluate((image) => image.naturalWidth)) > 0, "the icon is shown");
    return [bar, await icon.getAttribute("src")];
  };
  const [egi, eudat] = [await looks(origin()), await looks(originOf("eudat"))];
  assert.notEqual(egi[0], eudat[0]);
  assert.notEqual(egi[1], eudat[1]);
});

for (const javaScriptEnabled of [true, false]) {
  journey(`on a phone the filters are folded, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ as }) => {
    const emil = await as("emil", { ...PHONE, javaScriptEnabled });
    await emil.open(METRICS);
    const tag = emil.page.getByLabel("Tag", { exact: true });
    assert.ok(!(await tag.isVisible()));
    const first = await emil.page.locator("tbody tr").first().boundingBox();
    assert.ok(first.y < 400, `the first row begins at ${first.y}`);
    await emil.page.locator(".filters > summary").click();
    await tag.waitFor();
    if (javaScriptEnabled) return emil.follow(() => tag.selectOption("Test"));
    await tag.selectOption("Test");
    await emil.page.getByRole("button", { name: "Apply" }).click();
    assert.match(emil.page.url(), /tag=Test/);

    await emil.page.setViewportSize({ width: 1280, height: 800 });
    assert.ok(await tag.isVisible(), "a wide page shows its filters");
    assert.ok(!(await emil.page.locator(".filters > summary").isVisible()));
  });
}

journey("on a phone, services are read without scrolling sideways", async ({ visit }) => {
  const visitor = await visit(PHONE);
  await visitor.open("/poem/admin/poem/public_service/");
  const hidden = await visitor.page.locator(".scroller").evaluate((table) => table.scrollWidth - table.clientWidth);
  assert.ok(hidden <= 0, `${hidden} pixels are hidden`);
});
