// The institution of the journeys: SimpleSAMLphp at 127.0.0.1, as the identity provider of the demo tenant EUDAT. That is
// at eudat.localhost, which is another site. (The demo tenant EGI keeps the demo identity provider.)

import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { command } from "../poem.js";
import { missing, startSimpleSaml } from "../simplesamlphp.js";
import { startedPoem } from "./stage.js";

// The name of the institution in its metadata.
export const NAME = "University of Tests";
// The words of the link of the login page.
export const LINK = "Log in with your institution";
// The options of a journey that needs it.
export const NEEDED = { skip: missing() };

const HOST = "eudat.localhost";
const identifier = (name) => `${name}@institution.example.org`;
// A display name alone: POEM 2.3 would have made the username of it, and the demo data have these usernames.
const person = (name) => ({ eduPersonUniqueId: [identifier(name)], displayName: [name] });
const PEOPLE = { marek: person("marek"), nora: person("nora"), otto: person("otto") };
// In milliseconds.
const RELOAD_TIMEOUT = 20_000;

let started;
// A start that failed is the complaint of its journey.
after(async () => (await started?.catch(() => null))?.stop());

// Returns the institution, which the first journey starts.
export function institution() {
  started ??= start();
  return started;
}

async function start() {
  const poem = startedPoem();
  const idp = await startSimpleSaml([], PEOPLE);
  try {
    idp.trustMetadata(await command(poem, ["saml", "metadata", "-n", "eudat"]));
    await command(poem, ["saml", "link", "-n", "eudat", "-u", "marek", "-i", identifier("marek")]);
    writeFileSync(join(dirname(poem.configuration), "metadata-eudat.xml"), await idp.metadata());
    await known(poem, idp);
  } catch (error) {
    await idp.stop();
    throw error;
  }
  return idp;
}

// Waits until POEM sends people to the institution: it looks at changed files once a second.
async function known(poem, idp) {
  const end = Date.now() + RELOAD_TIMEOUT;
  while (Date.now() < end) {
    if ((await loginTarget(poem.port))?.startsWith(idp.base)) return;
    await delay(100);
  }
  throw new Error("POEM does not send people to SimpleSAMLphp.");
}

// Returns where the federated login leads. Not every system knows the names below localhost, so it is asked by address.
function loginTarget(port) {
  const options = { host: "127.0.0.1", port, path: "/poem/saml2/login/", headers: { Host: `${HOST}:${port}` } };
  return new Promise((done, fail) => {
    const answered = (answer) => done(answer.resume().headers.location);
    get(options, answered).on("error", fail);
  });
}
