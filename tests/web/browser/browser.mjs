// tests/web/browser/browser.mjs
//
// Debian's Chromium, headless, and pages in it that notice everything which a page of ours must not do: errors on the console, exceptions,
// requests to anybody else, things that the policy refused.
import { createRequire } from "node:module";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { token } from "./host.mjs";

const require = createRequire(
  join(process.env.SIMPLEVISOR_WEB_TOOLS, "package.json"),
);
const { chromium } = require("playwright-core");

const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export class Browser {
  static async start() {
    if (!existsSync(chromiumPath))
      throw new Error(`there is no ${chromiumPath}: scripts/install-deps test`);
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), "simplevisor-chromium-"));
    browser.context = await chromium.launchPersistentContext(browser.profile, {
      executablePath: chromiumPath,
      args: flags,
      headless: true,
      viewport: { width: 1280, height: 800 },
    });
    browser.context.setDefaultTimeout(30_000);
    return browser;
  }

  // `misdeeds` stays empty as long as all is well.
  async open(url, { known = true, ...look } = {}) {
    const page = await this.context.newPage();
    const misdeeds = [];
    const allowed = new URL(url).origin;
    page.on(
      "console",
      (message) =>
        ["error", "warning"].includes(message.type()) &&
        misdeeds.push(`console: ${message.text()} ${message.location().url}`),
    );
    page.on("pageerror", (error) =>
      misdeeds.push(`exception: ${error.message}`),
    );
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== allowed)
        misdeeds.push(`request: ${request.url()}`);
    });
    if (look.viewport) await page.setViewportSize(look.viewport);
    if (look.colorScheme)
      await page.emulateMedia({ colorScheme: look.colorScheme });
    if (known)
      await page.addInitScript(
        (value) => sessionStorage.setItem("simplevisor-token", value),
        token,
      );
    await page.goto(url);
    return { page, misdeeds };
  }

  async end() {
    await this.context?.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
