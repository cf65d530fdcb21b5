// Typing at full speed: keys are sent without any delay, and the server answers late.

import assert from "node:assert/strict";
import { journey, origin } from "./stage.js";

const API = { headers: { "X-API-KEY": "demo-egi-ncg" } };
const fetched = async (path) => (await fetch(`${origin()}/poem/api/v2/${path}`, API)).json();

// Makes the server answer to suggestions late, each time a different number of milliseconds later.
async function slowDown(page) {
  let answers = 0;
  await page.route("**/poem/admin/suggest/**", async (route) => {
    answers += 1;
    await new Promise((done) => setTimeout(done, (answers * 137) % 700));
    await route.continue().catch(() => {});
  });
}

// Returns the suggestions of a source for a text, as the list under the input has them.
function suggestions(page, source, text) {
  return page.evaluate(async ([source, text]) => {
    const { results } = await (await fetch(`/poem/admin/suggest/${source}/?q=${encodeURIComponent(text)}`)).json();
    return results.map(({ value }) => value).filter((value) => value !== text);
  }, [source, text]);
}

// The beginnings that are typed: each combination is another tuple.
const FLAVOURS = ["arc", "htc", "clou", "webd", "xro"];
const METRICS = ["argo.h", "bdii.f", "webdav.wr", "portal-l", "ams-c", "cloud.t"];
// The keys that take the first or second suggestion and move to the next cell.
const WAYS = [["ArrowDown", "Tab"], ["ArrowDown", "Enter", "Tab"], ["ArrowDown", "ArrowDown", "ArrowUp", "Tab"]];

for (const isSlow of [false, true]) {
  journey(`30 tuples typed at full speed, the server is ${isSlow ? "slow" : "fast"}`, async ({ as }) => {
    const name = `JOURNEY_TYPED_${isSlow ? "SLOW" : "FAST"}`;
    const bruno = await as("bruno");
    const { keyboard } = bruno.page;
    await bruno.open("/poem/admin/poem/profile/add/");
    const first = {};
    for (const text of FLAVOURS) first[text] = (await suggestions(bruno.page, "service-flavours", text))[0];
    for (const text of METRICS) first[text] = (await suggestions(bruno.page, "metric-names", text))[0];
    assert.equal(new Set(Object.values(first)).size, FLAVOURS.length + METRICS.length);
    if (isSlow) await slowDown(bruno.page);
    await bruno.fill({ name, vo: "biomed", group: "Communities", description: "Typed." });
    await bruno.field("tuples-0-service_flavour").focus();
    const wanted = [];
    for (const flavour of FLAVOURS) {
      for (const metric of METRICS) {
        if (wanted.length > 0) await keyboard.press("Enter");
        for (const text of [flavour, metric]) {
          await keyboard.type(text);
          for (const key of WAYS[wanted.length % WAYS.length]) await keyboard.press(key);
        }
        wanted.push([first[flavour], first[metric]]);
      }
    }
    // Sent at once: the last answers are still awaited.
    await bruno.press("Save");
    assert.equal(await bruno.said(), `The profile “${name}” was added.`);
    const { metric_instances } = await fetched(`profiles/${name}`);
    const stored = metric_instances.map(({ service_flavour, metric }) => [service_flavour, metric]);
    assert.deepEqual(stored.sort(), wanted.sort());
  });
}

journey("the timeout of five metrics of one group is changed, and nothing else", async ({ as }) => {
  const ada = await as("ada");
  const list = "/poem/admin/poem/metric/?tag=Production&group=ARGO";
  const before = await fetched("metrics/Production");
  await ada.open(list);
  const names = (await ada.rows()).map(([name]) => name).slice(0, 5);
  assert.equal(names.length, 5);
  const changed = [];
  for (const name of names) {
    await ada.open(list);
    await ada.edit(name);
    if ((await ada.field("mtype").inputValue()) !== "Active") continue;
    const timeout = ada.page.locator("#id_config tbody tr").filter({ hasText: "timeout" }).locator("textarea");
    await timeout.focus();
    await ada.page.keyboard.press("ControlOrMeta+A");
    await ada.page.keyboard.type("77");
    // Enter in the last row leads on, and sends nothing.
    await ada.page.keyboard.press("Enter");
    await ada.press("Save");
    assert.match(await ada.said(), /timeout/);
    changed.push(name);
  }
  assert.ok(changed.length > 0);
  const expected = before.map((metric) => {
    const [name] = Object.keys(metric);
    if (!changed.includes(name)) return metric;
    return { [name]: { ...metric[name], config: { ...metric[name].config, timeout: "77" } } };
  });
  assert.deepEqual(await fetched("metrics/Production"), expected);
});

journey("a typing error in a name is marked, and corrected with one key", async ({ as }) => {
  const bruno = await as("bruno");
  const { keyboard } = bruno.page;
  await bruno.open("/poem/admin/poem/profile/add/");
  await bruno.fill({ name: "JOURNEY_NEW_NAMES", vo: "biomed", group: "Communities", description: "x" });
  await bruno.field("tuples-0-service_flavour").focus();
  await keyboard.type("ARC-CE");
  await keyboard.press("Tab");
  await keyboard.type("argo.Host-Alvie");
  await keyboard.press("Tab");
  const hint = bruno.page.locator("#id_tuples-0-metric_new");
  await hint.waitFor();
  assert.match(await hint.innerText(), /new\s+Did you mean argo\.Host-Alive\?/);
  assert.equal(await bruno.page.locator(".new-name").count(), 1, "known names are not marked");
  await bruno.press("Save");
  assert.match(await bruno.page.locator("#new-names").innerText(), /Did you mean argo\.Host-Alive\?/);
  await hint.getByRole("button").press("Enter");
  assert.equal(await bruno.field("tuples-0-metric").inputValue(), "argo.Host-Alive");
  assert.equal(await hint.count(), 0);
  await bruno.press("Save");
  assert.equal(await bruno.said(), "The profile “JOURNEY_NEW_NAMES” was added.");
});

journey("a superuser removes a name that nothing uses any more", async ({ as }) => {
  const ada = await as("ada");
  const name = "JOURNEY.Flavour";
  await ada.open("/poem/admin/poem/profile/add/");
  await ada.fill({ name: "JOURNEY_UNUSED_NAME", vo: "biomed", group: "Communities", description: "x" });
  await ada.fill({ "tuples-0-service_flavour": name, "tuples-0-metric": "argo.Host-Alive" });
  await ada.press("Save");
  assert.match(await ada.page.locator("#new-names").innerText(), new RegExp(name));
  await ada.page.getByLabel("Add it when I save").check();
  await ada.press("Save");
  await ada.edit("JOURNEY_UNUSED_NAME");
  await ada.go("Delete");
  await ada.press("Delete profile");
  await ada.open("/poem/admin/");
  await ada.go("Service flavours");
  await ada.page.getByRole("checkbox", { name: `Remove ${name}` }).check();
  await ada.press("Remove the ticked names");
  assert.equal(await ada.said(), `Removed ${name}.`);
  assert.equal(await ada.page.getByRole("rowheader", { name, exact: true }).count(), 0);
});
