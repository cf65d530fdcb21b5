// An Apache with the packaged vhost, over TLS and in front of a started POEM.

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./poem.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAMS = ["/usr/sbin/apache2", "/usr/sbin/httpd"];
const MODULES = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"];
// Some distributions build some of them in.
const LOADED = [
  "mpm_event", "unixd", "authz_core", "alias", "dir", "headers", "mime", "proxy", "proxy_http", "reqtimeout", "rewrite", "ssl",
];
// In milliseconds.
const START_TIMEOUT = 30_000;

const program = () => PROGRAMS.find(existsSync);
const modules = () => MODULES.find((directory) => existsSync(join(directory, "mod_ssl.so")));

// Returns why it cannot be started, in words for the option `skip` of a test; false if it can. Where CI is set, a test is
// never skipped.
export function missing() {
  const complete = program() && modules();
  return complete || process.env.CI ? false : "Apache with mod_ssl is missing: ./check installs it";
}

// Starts an Apache. Returns its `origin`; `stop` ends it.
export async function startApache(poem) {
  const directory = mkdtempSync(join(tmpdir(), "poem-apache-"));
  // If root starts it, its children run as another user.
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "venv/usr/share/poem/media"), { recursive: true });
  cpSync(join(ROOT, "static"), join(directory, "venv/usr/share/poem/static"), { recursive: true });
  makeCertificate(directory);
  const [http, https] = [await freePort(), await freePort()];
  writeFileSync(join(directory, "poem.conf"), vhost(directory, http, https, poem.port));
  writeFileSync(join(directory, "httpd.conf"), configuration(directory, http, https));
  const options = ["-d", directory, "-f", join(directory, "httpd.conf"), "-DFOREGROUND"];
  // Apache may signal its whole process group.
  const apache = spawn(program(), options, { stdio: "ignore", detached: true });
  const ended = new Promise((done) => apache.once("exit", done).once("error", done));
  const kill = () => apache.kill("SIGTERM");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await ready(https, directory);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin: `https://localhost:${https}`, stop };
}

function makeCertificate(directory) {
  const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"];
  const files = ["-keyout", join(directory, "hostkey.pem"), "-out", join(directory, "hostcert.pem")];
  execFileSync("openssl", [...options, ...files], { stdio: "ignore" });
}

// Returns the packaged vhost with the paths and ports of this test.
function vhost(directory, http, https, poem) {
  const text = readFileSync(join(ROOT, "packaging/rpm/httpd/poem.conf"), "utf8");
  const replaced = {
    "/home/pyvenv/poem": join(directory, "venv"),
    "127.0.0.1:8008": `127.0.0.1:${poem}`,
    "/etc/grid-security/host": join(directory, "host"),
    "*:80>": `*:${http}>`,
    "*:443>": `*:${https}>`,
  };
  return Object.entries(replaced).reduce((result, [old, replacement]) => {
    if (!result.includes(old)) throw new Error(`The vhost has no ${old}.`);
    return result.replaceAll(old, replacement);
  }, text);
}

function configuration(directory, http, https) {
  const files = LOADED.map((name) => [name, join(modules(), `mod_${name}.so`)]).filter(([, file]) => existsSync(file));
  writeFileSync(join(directory, "mime.types"), "text/css css\napplication/javascript js\nimage/svg+xml svg\n");
  return [
    ...files.map(([name, file]) => `LoadModule ${name}_module ${file}`),
    "ServerName localhost",
    `Listen 127.0.0.1:${http}`,
    `Listen 127.0.0.1:${https} https`,
    `PidFile ${directory}/pid`,
    `DefaultRuntimeDir ${directory}`,
    `ErrorLog ${directory}/error_log`,
    `TypesConfig ${directory}/mime.types`,
    "User nobody",
    "Group #65534",
    "<Directory />\n    Require all denied\n</Directory>",
    `Include ${directory}/poem.conf`,
    "",
  ].join("\n");
}

async function ready(port, directory) {
  const end = Date.now() + START_TIMEOUT;
  const listens = () => new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
  while (Date.now() < end) {
    if (await listens()) return;
    await delay(50);
  }
  const log = join(directory, "error_log");
  throw new Error(`Apache is not ready:\n${existsSync(log) ? readFileSync(log, "utf8") : ""}`);
}
