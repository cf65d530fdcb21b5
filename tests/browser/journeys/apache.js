// POEM behind Apache with the packaged vhost, over TLS.

import assert from "node:assert/strict";
import { after } from "node:test";
import { missing, startApache } from "../apache.js";
import { journey, startedPoem } from "./stage.js";

let apache;
after(() => apache?.stop());

journey("log in over TLS through Apache: secure cookies, and pages in their colours", async ({ visit }) => {
  apache = await startApache(startedPoem());
  const bruno = await visit({ baseURL: apache.origin, ignoreHTTPSErrors: true });
  const files = [];
  bruno.page.on("response", (answer) => {
    const { pathname } = new URL(answer.url());
    if (pathname.startsWith("/static/")) files.push({ pathname, status: answer.status(), server: answer.headers().server });
  });
  await bruno.open("/");
  assert.equal(await bruno.heading(), "Log in");
  await bruno.logIn("bruno", "demo-bruno");
  assert.equal(await bruno.heading(), "Profiles");
  await bruno.go("Probes");
  assert.equal(new URL(bruno.page.url()).origin, apache.origin);
  assert.equal(await bruno.heading(), "Probes");
  assert.ok((await bruno.rows()).length > 0);

  const cookies = await bruno.context.cookies();
  assert.ok(cookies.some((cookie) => cookie.name === "__Host-sessionid" && cookie.httpOnly));
  assert.deepEqual(cookies.filter((cookie) => !cookie.secure), []);

  assert.ok(files.some((file) => file.pathname.endsWith(".css")) && files.some((file) => file.pathname.endsWith(".woff2")));
  for (const { pathname, status, server } of files) {
    assert.ok([200, 304].includes(status), `${pathname}: ${status}`);
    assert.match(server, /Apache/, pathname);
  }
  // The typeface is that of the style sheet, and it was loaded.
  const typeface = await bruno.page.evaluate(() => document.fonts.ready.then(() => getComputedStyle(document.body).fontFamily));
  assert.match(typeface, /Atkinson/);
  assert.ok(await bruno.page.evaluate((family) => document.fonts.check(`16px ${family}`), typeface));
}, { skip: missing() });
