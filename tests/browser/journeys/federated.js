// Logging in through an institution, and logging out there as well. Its pages are another site than POEM's, so these
// journeys also show which cookies a browser sends.

import assert from "node:assert/strict";
import { LINK, NAME, NEEDED, institution } from "./institution.js";
import { journey as any, originOf } from "./stage.js";

const PROFILES = "/poem/admin/poem/profile/";

const eudat = () => ({ baseURL: originOf("eudat") });
const journey = (name, act) => any(name, act, NEEDED);

// Opens a page of POEM and logs in through the institution.
async function comeAs(username, person, path = PROFILES) {
  const idp = await institution();
  await person.open(path);
  await person.go(LINK);
  await idp.logIn(person.page, username);
}

// Follows a link that leads to the institution and back, without a question.
async function thereAndBack(person, name) {
  await person.page.getByRole("link", { name, exact: true }).first().click();
  await person.page.waitForURL((url) => url.origin === originOf("eudat") && !url.pathname.startsWith("/poem/admin/log"));
}

// Returns the username that the page shows as the user's; null if nobody is logged in.
async function userOf(person) {
  const account = person.page.locator("details.account > summary");
  return (await account.count()) === 0 ? null : (await account.innerText()).replace("Account of", "").trim();
}

async function csrfToken(person) {
  const cookies = await person.context.cookies();
  return cookies.find(({ name, domain }) => name === "csrftoken" && domain === "eudat.localhost")?.value;
}

journey("log in through an institution, the first time and again", async ({ visit }) => {
  const ana = await visit(eudat());
  const wanted = "/poem/admin/poem/metric/?q=b2";
  await comeAs("ana", ana, wanted);
  assert.equal(ana.page.url(), `${originOf("eudat")}${wanted}`);
  assert.equal(await userOf(ana), "Ana_Horvat");
  assert.match(await ana.said(), /^Your account is new\. You can read everything\./);
  await ana.open(PROFILES);
  assert.equal(await ana.page.locator(".message").count(), 0, "it is said once");
  assert.equal(await ana.heading(), "Profiles");

  // The browser keeps its login at the institution, which asks for no password.
  await ana.endSession();
  await ana.open(wanted);
  assert.equal(await ana.heading(), "Log in");
  await thereAndBack(ana, LINK);
  assert.equal(ana.page.url(), `${originOf("eudat")}${wanted}`);
  assert.equal(await userOf(ana), "Ana_Horvat");
  assert.equal(await ana.page.locator(".message").count(), 0);
});

journey("give up at the institution", async ({ visit }) => {
  const quitter = await visit(eudat());
  await comeAs("quitter", quitter, "/poem/admin/poem/metric/");
  assert.equal(await quitter.heading(), `${NAME} did not log you in`);
  assert.match(await quitter.page.locator("main").innerText(), /You cancelled[^]*Reference: [0-9a-f]{8}/);
  const again = quitter.page.getByRole("link", { name: "Try again", exact: true });
  assert.match(await again.getAttribute("href"), /\/saml2\/login\/\?next=%2Fpoem%2Fadmin%2Fpoem%2Fmetric%2F$/);
  await quitter.open(PROFILES);
  assert.equal(await quitter.heading(), "Log in");
});

journey("log out of POEM and of the institution: the other browser stays logged in", async ({ visit }) => {
  const idp = await institution();
  const [here, elsewhere] = [await visit(eudat()), await visit(eudat())];
  for (const person of [here, elsewhere]) await comeAs("bruno", person);
  await here.page.locator(".account summary").click();
  await here.press("Log out");
  assert.match(await here.page.locator("main").innerText(), new RegExp(`You are still logged in at ${NAME}\\.`));
  await thereAndBack(here, "Log out there as well");
  assert.match(await here.page.locator("main").innerText(), new RegExp(`You are logged out here and at ${NAME}\\.`));
  await here.go("Log in again");
  await here.go(LINK);
  assert.ok(here.page.url().startsWith(idp.base), "the institution asks who it is");

  await elsewhere.page.reload();
  assert.equal(await elsewhere.heading(), "Profiles");
});

journey("log out at the institution: POEM's session of this browser ends", async ({ visit }) => {
  const idp = await institution();
  const [here, elsewhere] = [await visit(eudat()), await visit(eudat())];
  for (const person of [here, elsewhere]) await comeAs("bruno", person);
  const after = `${originOf("eudat")}/poem/admin/logout/`;
  await here.open(idp.logoutUrl(after));
  assert.equal(here.page.url(), after);
  await here.open(PROFILES);
  assert.equal(await here.heading(), "Log in");

  await elsewhere.page.reload();
  assert.equal(await elsewhere.heading(), "Profiles");
});

journey("an account of POEM 2.3 is proven by its password, once", async ({ visit }) => {
  const nora = await visit(eudat());
  const wanted = "/poem/admin/poem/probe/";
  await comeAs("nora", nora, wanted);
  assert.equal(await nora.heading(), "Is this account yours?");
  await nora.page.getByLabel("Password of nora").fill("wrong");
  await nora.press("Yes, it is mine");
  assert.match(await nora.page.locator("#problems").innerText(), /not the password of the account/);
  await nora.page.getByLabel("Password of nora").fill("demo-nora");
  await nora.press("Yes, it is mine");
  assert.equal(nora.page.url(), `${originOf("eudat")}${wanted}`);
  assert.equal(await userOf(nora), "nora");

  await nora.endSession();
  await nora.open(wanted);
  await thereAndBack(nora, LINK);
  assert.equal(await userOf(nora), "nora");
});

journey("an account of POEM 2.3 that is another person's: a new one is made", async ({ visit }) => {
  const otto = await visit(eudat());
  await comeAs("otto", otto);
  assert.equal(await otto.heading(), "Is this account yours?");
  await otto.press("This is not my account");
  assert.equal(await userOf(otto), "otto_2");
  assert.match(await otto.said(), /^Your account is new\./);
});

journey("a session that ends in the middle of a form: log in through an institution in a new tab", async ({ visit }) => {
  const idp = await institution();
  const marek = await visit(eudat());
  await comeAs("marek", marek, "/poem/admin/poem/profile/add/");
  const typed = { name: "JOURNEY_FEDERATED", group: "EUDAT", description: "Typed for an hour; ends & quotes \"stay\"." };
  await marek.fill({ ...typed, vo: "eudat-pilot", "tuples-0-service_flavour": "B2SHARE", "tuples-0-metric": "argo.Typed" });
  // The login at the institution has ended too.
  await marek.context.clearCookies({ domain: "127.0.0.1" });
  await marek.endSession();
  await marek.press("Save");
  assert.equal(await marek.heading(), "Log in");
  assert.match(await marek.page.locator("main").innerText(), /Your unsaved changes are kept/);

  // Without a login, nothing goes on, and nothing is lost.
  await marek.press("I have logged in: go on");
  assert.match(await marek.page.locator("#problems").innerText(), /You are not logged in yet/);
  const link = marek.page.getByRole("link", { name: `${LINK} (new tab)`, exact: true });
  const tab = await marek.newTab(() => link.click());
  await idp.logIn(tab.page, "marek");
  assert.equal(await userOf(tab), "marek");
  await tab.page.close();

  await marek.press("I have logged in: go on");
  assert.equal(await marek.heading(), "You are logged in again");
  await marek.press("Back to the form");
  for (const [name, value] of Object.entries({ ...typed, vo: "eudat-pilot", "tuples-0-metric": "argo.Typed" })) {
    assert.equal(await marek.field(name).inputValue(), value);
  }
});

journey("a form that is open in another tab can be saved after the login", async ({ visit }) => {
  const marek = await visit(eudat());
  await comeAs("marek", marek, "/poem/admin/poem/probe/?group=Data+services");
  await marek.page.locator("table.list tbody th a").first().click();
  await marek.go("Edit");
  await marek.fill({ comment: "Saved after a login in another tab." });
  const token = await csrfToken(marek);
  assert.ok(token);
  await marek.endSession();
  const tab = await marek.newTab(() => marek.page.evaluate((address) => void window.open(address, "_blank", "noopener"), PROFILES));
  assert.equal(await tab.heading(), "Log in");
  await thereAndBack(tab, LINK);
  assert.equal(await userOf(tab), "marek");
  assert.equal(await csrfToken(marek), token);
  await marek.page.getByLabel("New version").uncheck();
  await marek.press("Save");
  assert.match(await marek.said(), /Changed comment\./);
});

any("log in at the demo identity provider of a trial, without a password", async ({ visit }) => {
  const hanna = await visit();
  await hanna.open("/poem/admin/poem/metric/");
  await hanna.go(LINK);
  assert.equal(await hanna.heading(), "Who are you?");
  assert.equal(new URL(hanna.page.url()).hostname, "127.0.0.1");
  await hanna.page.getByRole("button", { name: "Hanna Virtanen" }).click();
  await hanna.page.waitForURL("**/poem/admin/poem/metric/");
  assert.equal(await hanna.heading(), "Metrics");
  assert.equal(await userOf(hanna), "hanna@idp.example.org");

  await hanna.page.locator(".account summary").click();
  await hanna.press("Log out");
  await hanna.page.getByRole("link", { name: "Log out there as well" }).click();
  await hanna.page.getByText(/You are logged out here and at/).waitFor();
});
