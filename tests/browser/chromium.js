// Finds and starts a Chromium. playwright-core does not include one, so nothing is downloaded without notice.

import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";

const COMMON_PATHS = [
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

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

// Returns the path of a Chromium: $CHROMIUM, or one at a common path.
export function chromiumPath() {
  const path = process.env.CHROMIUM || COMMON_PATHS.find(isExecutable);
  if (!path || !isExecutable(path)) throw new Error(process.env.CHROMIUM ? `CHROMIUM=${path} cannot be run.` : ADVICE);
  return path;
}

// Starts the browser. SHOW=1 opens a window; SLOW=500 waits 500 milliseconds before each step.
export function launch() {
  const { SHOW, SLOW } = process.env;
  return chromium.launch({
    executablePath: chromiumPath(),
    // The sandbox needs privileges that containers and root do not have. The browser opens only our own pages.
    args: ["--no-sandbox"],
    headless: !SHOW,
    slowMo: Number(SLOW ?? 0),
  });
}
