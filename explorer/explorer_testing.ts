// SPDX-License-Identifier: GPL-2.0-only
// For the explorer's tests: the page, built once, in one browser. Most tests use one page, whose worker is warm: loading
// it anew and compiling the emulator takes half a second of CPU. Network requests and errors are recorded.

import { assertEquals } from "@std/assert";
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
  /** The page that tests share, 1280 pixels wide, at the place where the test before left it. It must not complain. */
  readonly page: Page;
  /** A page of the test's own, that was never anywhere else. It is closed with the test. */
  readonly open: (hash?: string) => Promise<Opened>;
}

let html: Promise<string> | null = null;

/** The page as built, once. */
export function builtExplorer(): Promise<string> {
  return html ??= buildExplorer();
}

/** A test in the browser, or one that says why it was left out. */
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
  readonly address: string;
  readonly opened: Opened;
}

let shared: Promise<Shared> | null = null;
const VIEWPORT = { width: 1280, height: 900 };

async function share(path: string): Promise<Shared> {
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, await builtExplorer());
  const browser = await launch(path);
  const address = `file://${file}`;
  return { browser, address, opened: await openPage(await browser.newPage(), address) };
}

Deno.test.afterAll(async () => {
  const started = await shared?.catch(() => null);
  await started?.browser.close();
  if (started) await Deno.remove(new URL(started.address));
});

async function withExplorer(path: string, run: (explorer: Explorer) => Promise<void>): Promise<void> {
  const { browser, address, opened: { page, complaints } } = await (shared ??= share(path));
  await page.setViewport(VIEWPORT);
  await page.emulateMediaFeatures([]);
  // A page behind another one of its window draws nothing; each profile has a window.
  const profiles: BrowserContext[] = [];
  const open = async (hash = "") => {
    const profile = await browser.createBrowserContext();
    profiles.push(profile);
    return await openPage(await profile.newPage(), address + hash);
  };
  try {
    await run({ address, page, open });
    assertEquals(complaints, []);
  } finally {
    complaints.length = 0;
    for (const profile of profiles) await profile.close();
  }
}

async function openPage(page: Page, address: string): Promise<Opened> {
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setViewport(VIEWPORT);
  await page.goto(address);
  await settled(page);
  return { page, requests, complaints };
}
