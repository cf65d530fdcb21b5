// A private POEM: `poem try` with its PostgreSQL and demo data, in a temporary directory and on a free port.

import { execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// In milliseconds. Within it a database is created and filled, perhaps on a busy machine.
const START_TIMEOUT = 180_000;

// Returns the path of the executable.
export function program() {
  const path = process.env.POEM_PROGRAM ?? join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target"), "debug/poem");
  if (!existsSync(path)) throw new Error(`${path} does not exist: run \`cargo build\` first, or set POEM_PROGRAM.`);
  return path;
}

// Runs a command of POEM with the configuration of a started one; returns what it prints.
export async function command(poem, words, variables = {}) {
  const env = { ...process.env, POEM_CONF: poem.configuration, ...variables };
  return (await promisify(execFile)(program(), words, { env })).stdout;
}

// Returns an unused port of the loopback interface.
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// Starts a POEM. Returns its `origin`, its `port`, and the path of its `configuration`; `stop` ends it and removes its data.
export async function startPoem() {
  const directory = mkdtempSync(join(tmpdir(), "poem-journeys-"));
  // PostgreSQL refuses to run as root and is then run as another user, who must be able to enter the directory.
  chmodSync(directory, 0o755);
  const port = await freePort();
  const options = ["try", "--dir", directory, "--port", String(port)];
  const poem = spawn(program(), options, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => poem.once("exit", done).once("error", done));

  async function stop() {
    poem.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }

  try {
    await ready(poem, ended);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin: `http://localhost:${port}`, port, configuration: join(directory, "etc/poem/poem.conf"), stop };
}

// Returns the address of the object to which a link of a list leads, to which `change/` or `history/` is appended. The
// link may carry the query of the list.
export const objectAddress = (href) => href.replace(/(change\/)?(\?.*)?$/, "");

function ready(poem, ended) {
  return new Promise((done, fail) => {
    let output = "";
    const giveUp = (why) => fail(new Error(`POEM did not start: ${why}\n${output}`));
    const timer = setTimeout(giveUp, START_TIMEOUT, `not ready after ${START_TIMEOUT / 1000} seconds`);
    ended.then(() => {
      clearTimeout(timer);
      giveUp("the process ended");
    });
    // All output is read, so that POEM never blocks on a full pipe.
    for (const stream of [poem.stdout, poem.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-10_000);
        if (!output.includes("POEM is ready")) return;
        clearTimeout(timer);
        done();
      });
    }
  });
}
