// Tenants of a private POEM in addition to the demo data: an empty one, or one with a dump of POEM 2.3.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "./poem.js";

// The superuser of every tenant that is added.
export const SUPERUSER = { username: "root", password: "root-of-tests-1" };

// Adds a tenant at NAME.localhost, with its superuser. `dump` is a list of objects, a path, or null for no data.
export async function addTenant(poem, name, dump) {
  const key = `POEM__SUPERUSER_${name.toUpperCase()}`;
  const variables = {
    [`${key}__NAME`]: SUPERUSER.username,
    [`${key}__PASSWORD`]: SUPERUSER.password,
    [`${key}__EMAIL`]: "root@example.org",
  };
  const run = (...words) => command(poem, words, variables);
  await run("tenant", "-t", name, "-d", `${name}.localhost`);
  if (typeof dump === "string") await run("db", "-n", name, "-d", "-f", dump);
  else if (dump) await withFile(JSON.stringify(dump), (path) => run("db", "-n", name, "-d", "-f", path));
  await run("db", "-n", name, "-u");
  return `http://${name}.localhost:${poem.port}`;
}

async function withFile(text, act) {
  const directory = mkdtempSync(join(tmpdir(), "poem-dump-"));
  try {
    const path = join(directory, "dump.json");
    writeFileSync(path, text);
    await act(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
