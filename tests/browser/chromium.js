// Finds a Chromium and starts it. playwright-core brings none, so that nothing is downloaded behind one's back.

import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";

const USUAL = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const ADVICE = `No Chromium was found, and the tests in a browser need one.
Debian, Ubuntu: apt-get install chromium
Fedora:         dnf install chromium
CentOS, RHEL:   dnf install epel-release && dnf install chromium
Elsewhere:      set CHROMIUM to the path of a Chromium or Chrome.`;

const isThere = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export function chromiumPath() {
  const path = process.env.CHROMIUM || USUAL.find(isThere);
  if (!path || !isThere(path)) throw new Error(process.env.CHROMIUM ? `CHROMIUM=${path} cannot be run.` : ADVICE);
  return path;
}

// SHOW=1 opens a window to look on; SLOW=500 waits so many milliseconds before each step.
export function launch() {
  const { SHOW, SLOW } = process.env;
  return chromium.launch({
    executablePath: chromiumPath(),
    // The browser's own sandbox wants privileges that containers and root do not have; it meets no page but ours.
    args: ["--no-sandbox"],
    headless: !SHOW,
    slowMo: Number(SLOW ?? 0),
  });
}
