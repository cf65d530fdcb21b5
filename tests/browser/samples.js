// Serves the rendered samples (target/pages, written by `cargo test --test it templates::`) as POEM serves its pages:
// together with /static/ and with the same Content-Security-Policy.

import { createServer } from "node:http";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = join(ROOT, "target/pages");
const POLICY = "content-security-policy";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

// Returns the names of all samples, or of the plain ones without extreme texts. SAMPLES=form,list limits them to names
// that contain one of the words.
export function samples({ plain = false } = {}) {
  if (!existsSync(join(PAGES, POLICY))) throw new Error("No samples: run `cargo test --test it templates::` first.");
  const names = readdirSync(PAGES).filter((name) => name.endsWith(".html"));
  const words = (process.env.SAMPLES ?? "").split(",");
  const isWanted = (name) => words.some((word) => name.includes(word)) && !(plain && /-(script|long|rtl)$/.test(name));
  return names.map((name) => name.slice(0, -".html".length)).filter(isWanted).sort();
}

// The response to the fields with suggestions.
const suggestions = (query) => ({
  results: ["argo.AMS-Check", "argo.AMSPublisher-Check", "org.nordugrid.ARC-CE-submit"]
    .filter((value) => value.toLowerCase().includes(query.toLowerCase()))
    .map((value) => ({ value, note: "Production" })),
});

// The response to the names that may be new.
const newNames = (names) => ({
  new: names.filter((name) => !/^(APEL|ARC-CE|SRM|org\.|eu\.|argo\.AMS)/.test(name))
    .map((name) => ({ name, near: name === "argo.Host-Alvie" ? "argo.Host-Alive" : null })),
});

// Starts a server on the loopback interface. `address(name)` returns the address of a sample; `close` ends it.
export async function serveSamples() {
  const policy = readFileSync(join(PAGES, POLICY), "utf8");
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    // By the query: in samples with extreme texts, the path is extreme too.
    if (searchParams.has("name")) {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(newNames(searchParams.getAll("name"))));
      return;
    }
    if (pathname.includes("/suggestions/")) {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(suggestions(searchParams.get("q") ?? "")));
      return;
    }
    if (pathname === "/poem/admin/search/" && searchParams.has("q")) {
      const name = "ams".startsWith(searchParams.get("q")) ? "search" : "search-nothing";
      response.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": policy });
      response.end(readFileSync(join(PAGES, `${name}.html`)));
      return;
    }
    const path = normalize(join(pathname.startsWith("/static/") ? ROOT : PAGES, pathname));
    if (!path.startsWith(ROOT) || !existsSync(path)) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Not here");
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "text/plain", "Content-Security-Policy": policy });
    response.end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { address: (name) => `${origin}/${name}.html`, close: () => server.close() };
}
