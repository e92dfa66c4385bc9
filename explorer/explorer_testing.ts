// SPDX-License-Identifier: GPL-2.0-only
// For the explorer's tests: the page, built once, opened in one browser that all tests of a module share, each with a
// profile of its own. Its network requests and errors are recorded.

import type { Browser, BrowserContext, Page } from "puppeteer-core";
import { chromium, launch, NO_CHROMIUM, settled } from "./browser.ts";
import { buildExplorer } from "./build.ts";

/** A page, with its requests and errors. */
export interface Opened {
  readonly page: Page;
  /** Addresses it requested. */
  readonly requests: string[];
  /** Errors, and requests that its policy refused. */
  readonly complaints: string[];
}

/** A browser with the explorer loaded. */
export interface Explorer {
  /** Address of the page. */
  readonly address: string;
  readonly open: (hash?: string, width?: number) => Promise<Opened>;
}

/** A test in the browser, or one that says why it was left out. Pages are closed with the test. */
export function browserTest(name: string, run: (explorer: Explorer, t: Deno.TestContext) => Promise<void>): void {
  const path = chromium();
  if (path === null) {
    Deno.test({ name: `${name}: ${NO_CHROMIUM}`, ignore: true, fn: () => {} });
    return;
  }
  // The browser outlives the test.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: (t) => withExplorer(path, (e) => run(e, t)) });
}

/** What the tests of a module share. */
interface Shared {
  readonly browser: Browser;
  readonly file: string;
}

let shared: Promise<Shared> | null = null;

async function share(path: string): Promise<Shared> {
  const html = await buildExplorer();
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, html);
  return { browser: await launch(path), file };
}

Deno.test.afterAll(async () => {
  const started = await shared?.catch(() => null);
  await started?.browser.close();
  if (started) await Deno.remove(started.file);
});

async function withExplorer(path: string, run: (explorer: Explorer) => Promise<void>): Promise<void> {
  const { browser, file } = await (shared ??= share(path));
  const context = await browser.createBrowserContext();
  try {
    const address = `file://${file}`;
    const open = (hash = "", width = 1280) => openPage(context, address + hash, width);
    await run({ address, open });
  } finally {
    await context.close();
  }
}

async function openPage(context: BrowserContext, address: string, width: number): Promise<Opened> {
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setViewport({ width, height: 900 });
  await page.goto(address);
  await settled(page);
  return { page, requests, complaints };
}
