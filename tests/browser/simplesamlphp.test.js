// SimpleSAMLphp itself, in a browser and without POEM: it shows its login form, and its page posts the response.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { launch } from "./chromium.js";
import { missing, startSimpleSaml } from "./simplesamlphp.js";

const request = (entityId, acs) => `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
  xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="2020-01-01T00:00:00Z"
  AssertionConsumerServiceURL="${acs}"><saml:Issuer>${entityId}</saml:Issuer></samlp:AuthnRequest>`;

// Answers everything, and keeps the last form that was posted.
function serviceProvider() {
  let posted = null;
  const server = createServer(async (incoming, answer) => {
    if (incoming.method === "POST") posted = new URLSearchParams((await incoming.toArray()).join(""));
    answer.end("received");
  });
  return { server, posted: () => posted };
}

test("a browser logs in at SimpleSAMLphp, which posts the response", { skip: missing() }, async (t) => {
  const { server, posted } = serviceProvider();
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  t.after(() => server.closeAllConnections?.());
  const origin = `http://sp.localhost:${server.address().port}`;
  const facts = { entity_id: `${origin}/metadata`, acs: `${origin}/acs` };
  const provider = await startSimpleSaml([facts]);
  t.after(provider.stop);
  const browser = await launch();
  t.after(() => browser.close());

  const page = await browser.newPage();
  const message = deflateRawSync(request(facts.entity_id, facts.acs)).toString("base64");
  const login = `${provider.base}saml2/idp/SSOService.php?SAMLRequest=${encodeURIComponent(message)}&RelayState=kept`;
  await page.goto(login);
  await provider.logIn(page, "ana");
  assert.equal(page.url(), facts.acs);
  assert.equal(posted().get("RelayState"), "kept");
  const response = Buffer.from(posted().get("SAMLResponse"), "base64").toString();
  assert.match(response, /InResponseTo="_r1"/);
  assert.match(response, /Ana Horvat/);

  // The second login needs no password.
  await page.goto(login);
  await page.waitForURL(facts.acs);
});
