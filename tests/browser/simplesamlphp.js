// SimpleSAMLphp, a real identity provider, with the configuration of tests/simplesamlphp. It is not installed but unpacked
// into the target directory (`make simplesamlphp`), and run by PHP's own server.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./poem.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONFIGURATION = join(ROOT, "tests/simplesamlphp");
const PROGRAM = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target"), "simplesamlphp");
// In milliseconds.
const START_TIMEOUT = 30_000;

// Returns why it cannot be started, in words for the option `skip` of a test; false if it can. Where CI is set, a test is
// never skipped.
export function missing() {
  const has = (command, ...options) => spawnSync(command, options, { stdio: "ignore" }).status === 0;
  const extensions = 'exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);';
  const complete = existsSync(join(PROGRAM, "usr/share/simplesamlphp/www")) && has("php", "-r", extensions) && has("openssl", "version");
  return complete || process.env.CI ? false : "PHP, openssl or SimpleSAMLphp is missing: make simplesamlphp";
}

// Starts an identity provider at 127.0.0.1, which is another site than localhost. A service provider is an object with
// `entity_id`, `acs`, and perhaps `logout` (an address) and `certificate` (base64 of the DER); `trustMetadata` takes one
// in XML. `people` are known in addition to those of people.json. Returns its `entityId` and its functions; `stop` ends it.
export async function startSimpleSaml(serviceProviders = [], people = {}) {
  const directory = mkdtempSync(join(tmpdir(), "poem-idp-"));
  for (const name of ["log", "data", "tmp", "sessions"]) mkdirSync(join(directory, name));
  makeKey(directory);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}/`;
  const known = JSON.parse(readFileSync(join(CONFIGURATION, "people.json"), "utf8"));
  const settings = {
    ...known,
    people: { ...known.people, ...people },
    base,
    keys: ["key"],
    sign_response: true,
    sign_assertion: true,
    session_seconds: 28_800,
    service_providers: serviceProviders.map(described),
    metadata: [],
  };
  const write = () => writeSettings(directory, settings);
  write();
  const stop = startPhp(directory, port);
  const entityId = `${base}saml2/idp/metadata.php`;
  const metadata = async () => (await fetch(entityId)).text();
  try {
    await ready(entityId, directory);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    base,
    entityId,
    metadata,
    stop,
    // Makes a service provider known by its metadata.
    trustMetadata(xml) {
      const file = join(directory, `metadata-${settings.metadata.length}.xml`);
      writeFileSync(file, xml);
      settings.metadata.push(file);
      write();
    },
    // Makes a service provider known.
    trust(serviceProvider) {
      settings.service_providers.push(described(serviceProvider));
      write();
    },
    // Submits the login form, which is the page's; the page then posts the response to the service provider.
    async logIn(page, username) {
      assert.equal(new URL(page.url()).origin, new URL(base).origin);
      await page.fill("#username", username);
      await page.fill("#password", settings.password);
      await page.press("#password", "Enter");
      await page.waitForURL((url) => !url.href.startsWith(base));
    },
    // The address of a logout that begins here.
    logoutUrl: (returnTo) => `${base}saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(returnTo)}`,
  };
}

const described = ({ entity_id, acs, logout = null, certificate = null }) => ({
  entity_id, acs, logout, certificate, validate_requests: false,
});

function makeKey(directory) {
  const file = (end) => join(directory, `key.${end}`);
  const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=idp.example.org"];
  execFileSync("openssl", [...options, "-keyout", file("key"), "-out", file("crt")], { stdio: "ignore" });
}

// Replaces the file at once: a request may read it in the same moment.
function writeSettings(directory, settings) {
  const file = join(directory, "settings.json");
  writeFileSync(`${file}.new`, JSON.stringify(settings));
  renameSync(`${file}.new`, file);
}

function startPhp(directory, port) {
  const log = openSync(join(directory, "php.log"), "w");
  const options = ["-d", "display_errors=0", "-S", `127.0.0.1:${port}`, "-t", join(PROGRAM, "usr/share/simplesamlphp/www")];
  const env = {
    ...process.env,
    SIMPLESAMLPHP_CONFIG_DIR: CONFIGURATION,
    POEM_SIMPLESAMLPHP: PROGRAM,
    POEM_TEST_IDP: directory,
  };
  // One process: workers would outlive it.
  delete env.PHP_CLI_SERVER_WORKERS;
  const php = spawn("php", options, { env, stdio: ["ignore", log, log] });
  const ended = new Promise((done) => php.once("exit", done).once("error", done));
  const kill = () => php.kill("SIGKILL");
  process.once("exit", kill);
  return async () => {
    process.off("exit", kill);
    kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
}

async function ready(address, directory) {
  const end = Date.now() + START_TIMEOUT;
  while (Date.now() < end) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.status === 200) return;
    await delay(50);
  }
  throw new Error(`SimpleSAMLphp is not ready:\n${readFileSync(join(directory, "php.log"), "utf8")}`);
}
