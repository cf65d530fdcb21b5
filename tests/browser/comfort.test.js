// The enhancements by JavaScript, tested with the keyboard on the samples.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { violations } from "./accessibility.js";
import { launch } from "./chromium.js";
import { serveSamples } from "./samples.js";

let browser, server, page;
before(async () => {
  server = await serveSamples();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});
beforeEach(async () => {
  page = await browser.newPage();
});
afterEach(() => page.close());

const open = (name) => page.goto(server.address(name));
const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.className);
const options = () => page.locator("#suggestions [role=option]:visible");
const tuples = () => page.locator("#id_tuples tbody tr");

test("a slash focuses the search, but is typed in a field", async () => {
  await open("form-profile");
  await page.keyboard.press("/");
  assert.equal(await focused(), "everything");
  await page.locator("#id_name").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("/");
  assert.equal(await page.locator("#id_name").inputValue(), "ARGO_MON/");
});

test("Escape closes the account menu", async () => {
  await open("list");
  await page.locator(".account summary").press("Enter");
  assert.ok(await page.getByRole("button", { name: "Log out" }).isVisible());
  await page.keyboard.press("Escape");
  assert.ok(!(await page.getByRole("button", { name: "Log out" }).isVisible()));
});

test("the errors have the focus and link to their fields", async () => {
  await open("form-profile-refused");
  assert.equal(await focused(), "problems");
  await page.getByRole("link", { name: /^Virtual organization/ }).press("Enter");
  assert.equal(await focused(), "id_vo");
});

test("a conflict has the focus", async () => {
  await open("form-probe-conflict");
  assert.equal(await focused(), "conflict");
});

test("Enter moves to the next row and adds one at the end", async () => {
  await open("form-profile");
  assert.equal(await tuples().count(), 8);
  await page.locator("#id_tuples-6-fqan").press("Enter");
  assert.equal(await focused(), "id_tuples-7-service");
  // No second blank row is added.
  await page.keyboard.press("Enter");
  assert.equal(await tuples().count(), 8);
  await page.keyboard.type("SRM");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "id_tuples-8-service");
  assert.equal(await page.locator("[name=tuples-8-metric]").count(), 1);
});

test("a row is removed by keyboard, and the next one gets the focus", async () => {
  await open("form-profile");
  await tuples().nth(2).getByRole("button").press("Enter");
  assert.equal(await tuples().count(), 7);
  assert.equal(await page.locator("[name=tuples-2-metric]").count(), 0);
  const isNext = await page.evaluate(() => document.activeElement.closest("tr").querySelector("[name=tuples-3-metric]") !== null);
  assert.ok(isNext);
});

test("the rows of a long table are found by their content", async () => {
  await open("form-profile-large");
  await page.getByLabel(/^Find rows/).fill("lcgadmin");
  // The blank row is shown too.
  assert.equal(await page.locator("#id_tuples tbody tr:visible").count(), 76);
  await page.locator("#id_tuples-2-fqan").press("Enter");
  assert.equal(await focused(), "id_tuples-6-service");
});

test("fixed keys cannot be removed", async () => {
  await open("form-metric");
  assert.equal(await page.locator("#id_config [data-fixed]").count(), 5);
  assert.equal(await page.locator("#id_config [data-fixed] button").count(), 0);
});

// Pastes text as from a spreadsheet: cells separated by tabs, rows by newlines.
async function paste(id, text) {
  await page.locator(`#${id}`).focus();
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", text);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

const typed = (name) => page.locator(`[name="${name}"]`).inputValue();
const announced = () => page.locator("body > .unseen[role=status]").textContent();

test("rows are pasted from a spreadsheet", async () => {
  await open("form-profile");
  await paste("id_tuples-7-service", "APEL\torg.apel.APEL-Sync\t\nSRM\torg.sam.SRM-All\t/ops\n");
  assert.equal(await tuples().count(), 9);
  assert.equal(await typed("tuples-8-fqan"), "/ops");
  assert.equal(await announced(), "2 rows pasted");
});

test("pasting does not change rows that the filter hides", async () => {
  await open("form-profile-large");
  await page.getByLabel(/^Find rows/).fill("lcgadmin");
  await paste("id_tuples-2-fqan", "/ops/one\n/ops/two");
  assert.deepEqual([await typed("tuples-2-fqan"), await typed("tuples-3-fqan"), await typed("tuples-6-fqan")], ["/ops/one", "", "/ops/two"]);
});

test("a pasted column stays in its column, even at fixed keys", async () => {
  await open("form-metric");
  await paste("id_config-0-value", "1\n2\n3\n4\n5\n6");
  assert.deepEqual([await typed("config-4-value"), await typed("config-5-key"), await typed("config-5-value")], ["5", "", "6"]);
});

test("cells that do not fit are reported", async () => {
  await open("form-profile");
  await paste("id_tuples-7-fqan", "/ops\tmore\n/ops\tand more\t\n");
  assert.equal(await announced(), "2 rows pasted, 2 pasted cells were ignored: they had no column.");
  assert.equal(await page.locator("#id_tuples .lost").innerText(), "2 pasted cells were ignored: they had no column.");
});

test("a quoted cell with a line break is one cell", async () => {
  await open("form-profile");
  await paste("id_tuples-7-service", '"ARC-CE\r\nold"\torg.example.M\t/ops\r\nSRM\t"say ""hi"""\t"kept"\r\n');
  const cells = (row) => Promise.all(["service", "metric", "fqan"].map((column) => typed(`tuples-${row}-${column}`)));
  assert.deepEqual(await cells(7), ["ARC-CE old", "org.example.M", "/ops"]);
  assert.deepEqual(await cells(8), ["SRM", 'say "hi"', '"kept"']);
});

test("a pasted line with the headings is left out", async () => {
  await open("form-profile");
  await paste("id_tuples-7-service", "Service flavour\tMetric\tFQAN\nSRM\torg.sam.SRM-All\t/ops\n");
  assert.deepEqual([await typed("tuples-7-service"), await tuples().count()], ["SRM", 8]);
  assert.equal(await announced(), "1 row pasted, The line with the headings was left out.");
  await paste("id_tuples-7-metric", "METRIC\norg.example.M\n");
  assert.equal(await typed("tuples-7-metric"), "org.example.M");
});

// Presses a key as an input method does: with `isComposing`, or only with the code 229 (Safari).
function compose(key, how) {
  return page.evaluate(
    ([key, how]) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...how })),
    [key, how],
  );
}

test("the keys of an input method move nothing and select nothing", async () => {
  await open("form-profile");
  await page.locator("#id_tuples-6-metric").fill("ams");
  await options().first().waitFor();
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    for (const key of ["ArrowDown", "Enter", "Tab"]) await compose(key, how);
    assert.equal(await page.locator("#id_tuples-6-metric").getAttribute("aria-activedescendant"), null);
    assert.deepEqual([await focused(), await typed("tuples-6-metric")], ["id_tuples-6-metric", "ams"]);
  }
  await page.locator("#id_tuples-6-fqan").focus();
  await compose("Enter", { isComposing: true });
  assert.equal(await focused(), "id_tuples-6-fqan");
});

test("Tab takes the selected suggestion and moves on", async () => {
  await open("form-profile");
  await page.locator("#id_tuples-7-metric").fill("ams");
  await options().first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.deepEqual([await typed("tuples-7-metric"), await focused()], ["argo.AMS-Check", "id_tuples-7-fqan"]);
});

// Holds the answers of the server back until the returned function is called.
async function holdAnswers() {
  let release;
  const released = new Promise((done) => (release = done));
  await page.route("**/suggestions/**", async (route) => {
    await released;
    await route.continue().catch(() => {});
  });
  return release;
}

for (const [way, keys, value, focus] of [
  ["Tab", ["ArrowDown", "Tab"], "argo.AMS-Check", "id_tuples-7-fqan"],
  ["Enter", ["ArrowDown", "ArrowDown", "Enter"], "argo.AMSPublisher-Check", "id_tuples-7-metric"],
  ["Enter twice", ["ArrowDown", "Enter", "Enter"], "argo.AMS-Check", "id_tuples-8-service"],
  ["an arrow back", ["ArrowUp", "Tab"], "argo.AMSPublisher-Check", "id_tuples-7-fqan"],
]) {
  test(`keys wait for the answer: ${way}`, async () => {
    await open("form-profile");
    const release = await holdAnswers();
    await page.locator("#id_tuples-7-metric").focus();
    await page.keyboard.type("ams");
    for (const key of keys) await page.keyboard.press(key);
    assert.deepEqual([await typed("tuples-7-metric"), await focused()], ["ams", focus]);
    release();
    await page.waitForFunction((value) => document.querySelector("[name=tuples-7-metric]").value === value, value);
    assert.deepEqual([await focused(), await options().count()], [focus, 0]);
  });
}

test("what is typed after the keys counts, not the late answer", async () => {
  await open("form-profile");
  const release = await holdAnswers();
  await page.locator("#id_tuples-7-metric").focus();
  await page.keyboard.type("ams");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("own");
  const answered = page.waitForResponse((response) => response.url().includes("q=own"));
  release();
  await answered;
  assert.equal(await typed("tuples-7-metric"), "own");
});

test("a form is sent with the suggestions that were chosen", async () => {
  await open("form-profile");
  const release = await holdAnswers();
  await page.locator("#id_tuples-7-metric").focus();
  await page.keyboard.type("ams");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  release();
  assert.equal(new URLSearchParams((await sent).postData()).get("tuples-7-metric"), "argo.AMS-Check");
});

test("Enter in a field with suggestions does not send a form with rows", async () => {
  await open("form-profile");
  let posts = 0;
  page.on("request", (request) => (posts += request.method() === "POST"));
  await page.locator("#id_vo").fill("arg");
  await page.keyboard.press("Enter");
  await page.locator("#id_vo").fill("argo");
  await options().first().waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await options().count(), 0);
  await page.keyboard.press("Enter");
  assert.deepEqual([posts, await focused()], [0, "id_vo"]);
});

test("a new name is marked, announced, and corrected", async () => {
  await open("form-profile");
  await page.locator("#id_tuples-7-metric").fill("argo.Host-Alvie");
  await page.keyboard.press("Tab");
  const hint = page.locator("#id_tuples-7-metric_new");
  await hint.waitFor();
  assert.equal(await announced(), "argo.Host-Alvie is a new name. Did you mean argo.Host-Alive?");
  assert.equal(await page.locator("#id_tuples-7-metric").getAttribute("aria-describedby"), "id_tuples-7-metric_new");
  assert.deepEqual(await violations(page), []);
  await page.locator("#id_tuples-7-metric").focus();
  await page.keyboard.press("End");
  await page.keyboard.type("x");
  assert.equal(await hint.count(), 0, "the mark goes while the name is typed");
  await page.locator("#id_tuples-7-metric").fill("argo.Host-Alvie");
  await page.keyboard.press("Tab");
  await hint.getByRole("button", { name: "argo.Host-Alive" }).click();
  assert.deepEqual([await typed("tuples-7-metric"), await hint.count()], ["argo.Host-Alive", 0]);
});

test("a mark does not move the button that is being pressed", async () => {
  await open("form-profile");
  await page.evaluate(() => {
    globalThis.sent = 0;
    document.querySelector("form.form").addEventListener("submit", (event) => {
      event.preventDefault();
      globalThis.sent += 1;
    });
  });
  await page.locator("#id_tuples-7-metric").fill("argo.Host-Alvie");
  const save = page.getByRole("button", { name: "Save", exact: true });
  await save.hover();
  const before = await save.boundingBox();
  await page.mouse.down();
  // Longer than the answer about the name takes.
  await page.waitForTimeout(500);
  assert.equal(await focused() === "id_tuples-7-metric", false);
  assert.deepEqual(await save.boundingBox(), before);
  await page.mouse.up();
  await page.locator("#id_tuples-7-metric_new").waitFor();
  assert.equal(await page.evaluate(() => globalThis.sent), 1);
});

test("pasted rows are checked for new names", async () => {
  await open("form-profile");
  await paste("id_tuples-7-service", "ARC-CE\tX.one\nSRM\tX.two\n");
  await page.locator(".new-name").nth(1).waitFor();
  assert.equal(await page.locator(".new-name").count(), 2);
  assert.equal(await announced(), "2 names are new.");
});

test("the question about new names has the focus", async () => {
  await open("form-profile-new-names");
  assert.equal(await focused(), "new-names");
});

test("suggestions are selected by keyboard, and depend on the group of the form", async () => {
  await open("form-metric");
  const asked = page.waitForRequest((request) => request.url().includes("suggestions"));
  await page.locator("#id_name").fill("publ");
  assert.match((await asked).url(), /q=publ&group=ARGO$/);
  await options().first().waitFor();
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#id_name").getAttribute("aria-activedescendant"), "suggestion-0");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#id_name").inputValue(), "argo.AMSPublisher-Check");
  assert.equal(await options().count(), 0);
});

test("Escape closes the suggestions and keeps the input", async () => {
  await open("form-profile");
  await page.locator("#id_tuples-7-metric").fill("ams");
  await options().first().waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await options().count(), 0);
  assert.equal(await page.locator("#id_tuples-7-metric").inputValue(), "ams");
});

test("suggestions and menus are accessible", async () => {
  await open("form-metric");
  await page.locator("#id_name").fill("ams");
  await options().first().waitFor();
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await violations(page), []);
  await page.locator(".account summary").click();
  assert.deepEqual(await violations(page), []);
});

test("a selected object moves to the other side, and the focus stays", async () => {
  await open("form-group");
  const chosen = page.locator(".chosen .picks li");
  assert.equal(await chosen.count(), 2);
  await page.getByLabel("Filter available: Metrics").fill("org");
  assert.equal(await page.locator(".sides > :first-child li:visible").count(), 2);
  await page.getByLabel("org.bdii.Entries").press("Space");
  assert.equal(await chosen.count(), 3);
  assert.equal(await page.evaluate(() => document.activeElement.value), "org.nordugrid.ARC-CE-ARIS");
});

test("all objects that are shown are selected at once, and removed again", async () => {
  await open("form-group");
  const chosen = page.locator("#id_metrics .chosen .picks input");
  const before = await chosen.count();
  await page.getByLabel("Filter available: Metrics").fill("org");
  const all = page.locator("#id_metrics").getByRole("button", { name: "Select all shown" });
  await all.press("Enter");
  assert.equal(await chosen.count(), before + 2);
  assert.ok(await chosen.evaluateAll((boxes) => boxes.every((box) => box.checked)));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Select all shown", "the focus stays");
  assert.match(await page.locator("body > .unseen[role=status]").innerText(), /2 selected/);
  await page.getByLabel("Filter selected: Metrics").fill("org");
  await page.locator("#id_metrics").getByRole("button", { name: "Remove all shown" }).press("Enter");
  assert.equal(await chosen.count(), before);
  assert.deepEqual(await violations(page), []);
});

test("a row that is the same as an earlier one is told while typing", async () => {
  await open("form-profile");
  const first = await tuples().first().locator("input").evaluateAll((inputs) => inputs.map((input) => input.value));
  const last = tuples().last();
  for (const [place, text] of first.entries()) await last.locator("input").nth(place).fill(text);
  const twice = last.locator(".twice");
  await twice.waitFor();
  assert.equal(await twice.innerText(), "Same as row 1.");
  assert.ok((await last.locator("input").first().getAttribute("aria-describedby")).includes(await twice.getAttribute("id")));
  assert.match(await page.locator("body > .unseen[role=status]").innerText(), /same as row 1/i);
  assert.deepEqual(await violations(page), []);
  await last.locator("input").last().fill("/other");
  await twice.waitFor({ state: "detached" });
  assert.equal(await last.locator("input").first().getAttribute("aria-describedby"), null);
});

test("a selected object is sorted as the server sorts", async () => {
  await open("form-group");
  await page.getByLabel("Delta-Check").press("Space");
  const chosen = await page.locator(".chosen .picks li").allInnerTexts();
  assert.deepEqual(chosen.map((text) => text.trim()), ["argo.AMS-Check", "argo.AMSPublisher-Check", "Delta-Check"]);
});

test("a passive metric hides the fields it does not have, and gets the flag that it needs", async () => {
  await open("form-metric");
  const executable = page.locator("#id_probeexecutable");
  const warning = page.locator("#id_flags .warning");
  assert.ok(await executable.isVisible());
  await page.locator("#id_mtype").selectOption("Passive");
  assert.ok(!(await executable.isVisible()));
  assert.deepEqual([await typed("flags-2-key"), await typed("flags-2-value"), await warning.textContent()], ["PASSIVE", "1", ""]);
  // Upper or lower case does not matter, as in the server.
  await page.locator("#id_flags-2-key").fill("Passive");
  assert.equal(await warning.textContent(), "");
  await page.locator("#id_flags-2-key").fill("");
  assert.match(await warning.textContent(), /PASSIVE/);
  await page.getByRole("button", { name: "Add it" }).click();
  assert.equal(await warning.textContent(), "");
  assert.equal(await page.locator("#id_flags tbody tr input[name$=-key]").evaluateAll((all) => all.filter(({ value }) => value === "PASSIVE").length), 1);
});

// Leaves the page; returns whether a confirmation was shown.
async function leavingAsks() {
  let wasAsked = false;
  page.on("dialog", (dialog) => {
    wasAsked = true;
    dialog.accept();
  });
  await page.getByRole("link", { name: "POEM", exact: true }).click();
  await page.waitForURL(/\/poem\/admin\/$/);
  return wasAsked;
}

test("leaving a changed form asks for confirmation", async () => {
  await open("form-probe");
  await page.locator("#id_version").fill("0.2.0");
  assert.ok(await leavingAsks());
});

test("leaving an unchanged form does not ask", async () => {
  await open("form-probe");
  await page.locator("#id_version").click();
  assert.ok(!(await leavingAsks()));
});

test("a text that is too long is reported, not cut", async () => {
  await open("form-probe");
  await page.locator("#id_version").fill("1".repeat(130));
  assert.match(await page.locator(".excess").textContent(), /Too long by 2 /);
  assert.equal((await page.locator("#id_version").inputValue()).length, 130);
});

test("an empty section of a metric is one line until a row is added", async () => {
  await open("form-metric");
  const section = page.locator("#id_fileparameter");
  assert.equal(await section.getByRole("textbox").count(), 0);
  await section.getByRole("button", { name: "Add row" }).click();
  assert.equal(await focused(), await section.locator("input").first().getAttribute("id"));
});

test("long values of a metric are seen whole", async () => {
  await open("form-metric");
  await page.locator("#id_attribute textarea").first().fill("-q 'w:metrics+g:published360' -c 8000 ".repeat(9));
  const cut = await page.locator(".rows :is(input, textarea):visible").evaluateAll((all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth + 1 || cell.scrollHeight > cell.clientHeight + 2).map((cell) => cell.name));
  assert.deepEqual(cut, []);
});

test("a slash leads from the untouched search of a list to the search of everything", async () => {
  await open("list");
  assert.equal(await focused(), "list-search");
  await page.keyboard.press("/");
  assert.equal(await focused(), "everything");
  await page.locator("#list-search").fill("a");
  await page.keyboard.press("/");
  assert.equal(await page.locator("#list-search").inputValue(), "a/");
});

test("on paper, a page says where it is from, and shows no buttons", async () => {
  await open("list");
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const text = await page.locator("main").innerText();
  assert.match(text, /^POEM, tenant egi\. http.*Printed on \d/);
  assert.match(text, /Only the rows 31 to 60 of 8412 are printed/);
  assert.equal(await page.locator("button:visible, .button:visible").count(), 0);
});

// The results below the search in the header.
const found = () => page.locator("#found [role=option]:visible");
const typeInHeader = async (text) => {
  await page.keyboard.press("/");
  await page.keyboard.type(text);
};

test("the search in the header shows results by kind, which the keys select", async () => {
  await open("list");
  await typeInHeader("ams");
  await found().first().waitFor();
  const search = page.getByRole("combobox", { name: "Search everything" });
  assert.equal(await search.getAttribute("aria-expanded"), "true");
  assert.deepEqual(await page.locator("#found [role=group]").evaluateAll((groups) => groups.map((group) => group.getAttribute("aria-label"))), ["Metrics", "Probes"]);
  assert.equal(await found().last().innerText(), "Show all results");
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("ArrowDown");
  const selected = page.locator("#found [aria-selected=true]");
  assert.match(await selected.innerText(), /^argo\.AMS-Check/);
  assert.equal(await search.getAttribute("aria-activedescendant"), await selected.getAttribute("id"));
  const target = await selected.getAttribute("href");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.href === target || url.pathname === target);
});

test("Escape closes the results, and Enter without a choice leads to the page of results", async () => {
  await open("list");
  await typeInHeader("ams");
  await found().first().waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await found().count(), 0);
  assert.equal(await page.locator("#everything").inputValue(), "ams");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/poem/admin/search/" && url.searchParams.get("q") === "ams");
});

test("arrows and Enter that are faster than the server select in the answer", async () => {
  await open("list");
  await page.locator("#everything").focus();
  await page.locator("#found").waitFor({ state: "attached" });
  await page.keyboard.type("ams");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/argo\.ams-check-\(devel\)/);
});

test("a word that is typed in one go is one request, and the results follow the text", async () => {
  await open("list");
  await page.locator("#everything").focus();
  await page.locator("#found").waitFor({ state: "attached" });
  const requests = [];
  page.on("request", (request) => request.url().includes("/search/") && requests.push(request.url()));
  await page.keyboard.type("am");
  await found().first().waitFor();
  assert.equal(requests.length, 1);
  await page.keyboard.type("zzz");
  await page.locator("#found").waitFor({ state: "hidden" });
  assert.match(await page.locator("[role=status].unseen").last().innerText(), /No results/);
});

test("the results on the page of the search grow while one types", async () => {
  await open("search-blank");
  assert.equal(await focused(), "search-again");
  await page.keyboard.type("ams");
  await page.locator(".findings").first().waitFor();
  assert.equal(await page.locator("h1").innerText(), "Results for “ams”");
  assert.equal(await focused(), "search-again");
  assert.ok(page.url().endsWith("/poem/admin/search/?q=ams"), page.url());
  await page.keyboard.type("x");
  await page.locator(".empty").waitFor();
  assert.equal(await page.locator(".findings").count(), 0);
});
