// Reading: the public pages, search and lists.

import assert from "node:assert/strict";
import { journey, originOf } from "./stage.js";

journey("a visitor reads public probes, metrics, profiles and services, without links to other pages", async ({ visit }) => {
  const visitor = await visit();
  await visitor.open("/poem/admin/poem/public_metric/");
  assert.equal(await visitor.heading(), "Metrics");
  await visitor.go("argo.AMSPublisher-Check");
  assert.match(await visitor.page.locator(".notice-line").innerText(), /public, read-only/);
  assert.equal(await visitor.page.locator("main form").count(), 0);
  await visitor.go("History");
  await visitor.go("Probes");
  await visitor.go("ams-probe");
  await visitor.go("History");
  await visitor.press("Compare");
  await visitor.go("Services");
  await visitor.go("Profiles");
  await visitor.go("ARGO_MON");
  const links = await visitor.page.locator("a[href^='/poem/']").evaluateAll((all) => all.map((link) => link.pathname));
  const others = links.filter((path) => !/\/public_|^\/poem\/admin\/((login|help|api|about)\/)?$/.test(path));
  assert.deepEqual(others, []);
  await visitor.go("Log in");
  assert.equal(await visitor.heading(), "Log in");
});

journey("another tenant has its own objects", async ({ visit }) => {
  const visitor = await visit();
  await visitor.open(`${originOf("eudat")}/poem/admin/poem/public_probe/`);
  assert.match(await visitor.page.locator(".tenant").innerText(), /EUDAT/);
  assert.ok(!(await visitor.rows()).some(([name]) => name === "ams-probe"));
});

journey("search everything", async ({ as }) => {
  const emil = await as("emil");
  await emil.open("/poem/admin/poem/profile/");
  await emil.page.keyboard.press("/");
  await emil.page.keyboard.type("webdav");
  await emil.follow(() => emil.page.keyboard.press("Enter"));
  assert.equal(await emil.heading(), "Results for “webdav”");
  const kinds = await emil.page.locator(".findings h2").allInnerTexts();
  assert.deepEqual(kinds.map((kind) => kind.replace(/\s*\d+$/, "")).sort(), ["Metrics", "Probes", "Profiles", "Service flavours", "Services"]);
  await emil.go("webdav-storage-probe");
  assert.match(await emil.heading(), /webdav-storage-probe/);
});

journey("find a setting, and all metrics that have it", async ({ as }) => {
  const emil = await as("emil");
  await emil.open("/poem/admin/search/");
  await emil.page.keyboard.type("timeout");
  await emil.page.locator(".findings .place").first().waitFor();
  assert.match(await emil.page.locator(".findings .place").first().innerText(), /^in configuration timeout/);
  await emil.follow(() => emil.page.getByRole("link", { name: /^Show all \d+ metrics$/ }).click());
  const total = Number(await emil.page.locator(".findings h2 .figure").innerText());
  assert.ok(total > 10 && (await emil.page.locator(".findings li").count()) === Math.min(total, 30));
});

journey("search everything without a login, from the header", async ({ visit }) => {
  const visitor = await visit();
  await visitor.open("/poem/admin/poem/public_probe/");
  await visitor.page.keyboard.press("/");
  await visitor.page.keyboard.type("webdav-storage");
  await visitor.page.locator("#found [role=option]").first().waitFor();
  await visitor.page.keyboard.press("ArrowDown");
  await visitor.follow(() => visitor.page.keyboard.press("Enter"));
  assert.match(new URL(visitor.page.url()).pathname, /^\/poem\/admin\/poem\/public_/);
});

journey("search, filter and sort a list; clear the filters", async ({ as }) => {
  const emil = await as("emil");
  await emil.open("/poem/admin/poem/metric/");
  const all = await emil.page.locator(".count").innerText();
  await emil.follow(() => emil.page.getByLabel("Tag").selectOption("Test"));
  assert.equal(await emil.page.evaluate(() => document.activeElement.id), "filter-tag", "the keyboard goes on there");
  assert.equal(new URL(emil.page.url()).search, "?tag=Test", "no empty parameters");
  await emil.page.getByLabel("Search names").fill("argo");
  await emil.press("Search");
  assert.deepEqual(await emil.rows(), [["argo.AMS-Check", "Test", "ams-probe (0.1.7)", "ARGO"]]);
  await emil.go("Clear all");
  assert.equal(await emil.page.locator(".count").innerText(), all);
  await emil.page.getByRole("columnheader", { name: "Name" }).getByRole("link").click();
  await emil.page.waitForURL(/o=|sort/);
  assert.equal(await emil.page.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort"), "descending");
  const names = (await emil.rows()).map(([name]) => name);
  assert.ok(names[0] > names.at(-1));
  await emil.page.getByLabel("Search names").fill("nothing like that");
  await emil.press("Search");
  await emil.go("Clear filters");
  assert.equal(await emil.page.locator(".count").innerText(), all);
});

journey("services link to their metrics and probes", async ({ as }) => {
  const emil = await as("emil");
  await emil.open("/poem/admin/poem/service/");
  await emil.page.getByLabel("Search all columns").fill("arc");
  await emil.press("Search");
  await emil.page.locator("table.merged tbody a").first().click();
  await emil.page.waitForURL(/\/(metric|probe|profile)\//);
});

journey("share the public page of a metric, and come back to edit it", async ({ as, visit }) => {
  const ada = await as("ada");
  await ada.open("/poem/admin/poem/metric/?q=AMS-Check&tag=Production");
  await ada.go("argo.AMS-Check");
  const object = new URL(ada.page.url()).pathname;
  await ada.go("Public page");
  assert.match(new URL(ada.page.url()).pathname, /^\/poem\/admin\/poem\/public_metric\//);
  const shared = ada.page.url();
  await ada.go("Edit");
  assert.equal(new URL(ada.page.url()).pathname, `${object}change/`);
  // The one who gets the address needs no login; the login leads to the same page for users.
  const visitor = await visit();
  await visitor.open(new URL(shared).pathname);
  assert.match(await visitor.heading(), /argo\.AMS-Check/);
  await visitor.go("Log in");
  assert.equal(new URL(visitor.page.url()).searchParams.get("next"), object);
  await visitor.go("open the public page");
  assert.equal(visitor.page.url(), shared);
});
