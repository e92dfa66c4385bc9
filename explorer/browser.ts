// SPDX-License-Identifier: GPL-2.0-only
// A real browser for the explorer's tests and its picture in README. Chromium as packaged by a distribution;
// nothing is downloaded.
/// <reference lib="dom" />

import puppeteer, { type Browser, type Page } from "puppeteer-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of Chromium: CHROMIUM in the environment, or where packages install it; null if there is none. */
export function chromium(): string | null {
  const places = [Deno.env.get("CHROMIUM") ?? "", ...PLACES];
  return places.find((path) => {
    try {
      return path !== "" && Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

/** Message if there is no browser. */
export const NO_CHROMIUM = `left out: no Chromium at ${PLACES.join(", ")} nor in CHROMIUM (apt-get install chromium)`;

/** Starts it. Its sandbox cannot run as root in a container, so it is off; only our own page is opened. */
export async function launch(executablePath: string): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"];
  for (let left = LAUNCHES;; left--) {
    try {
      return await puppeteer.launch({ executablePath, pipe: true, args });
    } catch (error) {
      // Other tests may use up the host's memory for a moment (ENOMEM).
      if (left === 0 || !String(error).includes("Cannot allocate memory")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
}

/** How often a launch that fails for lack of memory is retried. */
const LAUNCHES = 20;

/** Waits until the page has no question open and has drawn the last answer. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const busy = () =>
      document.documentElement.getAttribute("data-busy") !== "false" || document.querySelector("main [aria-busy=true]");
    // Drawing frames only to look at the page again would take a tenth of its CPU time.
    const idle = () =>
      new Promise<void>((resolve) => {
        const observer = new MutationObserver(look);
        function look() {
          if (busy()) return;
          observer.disconnect();
          resolve();
        }
        observer.observe(document, { attributes: true, childList: true, subtree: true });
        look();
      });
    // An effect may ask again after its answer is drawn.
    for (let quiet = 0; quiet < 2;) {
      await idle();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      quiet = busy() ? 0 : quiet + 1;
    }
  });
}

/** Navigates an open page to another place. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((hash) => void (location.hash = hash), hash);
  await settled(page);
}
