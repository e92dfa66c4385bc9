// SPDX-License-Identifier: GPL-2.0-only
// Accessibility of the page in a real browser: axe-core finds nothing in light and dark, the keyboard reaches every
// control, nothing is cut off from a phone to 4K, no request is made, and the drawing thread is never blocked for long.
/// <reference lib="dom" />

import axe from "axe-core";
import { assert, assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";
import { goTo } from "./browser.ts";
import { browserTest } from "./explorer_testing.ts";

/** Every view, with all its parts open. */
const PLACES = [
  "#1/map?page=1&compound=2",
  "#1/steps?at=20",
  "#1/kernels?size=256M",
  "#1/gup?size=16M",
  "#1/hugetlb?count=64",
  "#1/blocks?size=256M",
  "#1/box?example=on",
  "#1/claims?verdict=rounding&open=000-13",
];

async function show(page: Page, place: string): Promise<void> {
  await goTo(page, place);
  // These unpack what they show.
  if (place.includes("box")) await page.waitForSelector(".asked table");
  if (place.includes("claims")) await page.waitForSelector(".claim");
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

browserTest("axe-core finds nothing in any view, light or dark", async ({ page }) => {
  await page.evaluate(axe.source);
  for (const place of PLACES) {
    await show(page, place);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run: (where: unknown, options: unknown) => Promise<{ violations: Violation[] }> };
        };
        // Only violations are listed in full, which takes a seventh of the time.
        return (await axe.run(document, { resultTypes: ["violations"] })).violations;
      });
      const found = violations.map(({ id, nodes }) =>
        `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`
      );
      assertEquals(found, [], `${scheme} ${place}`);
    }
  }
});

browserTest("the keyboard reaches every control, and each has a name", async ({ page }) => {
  for (const place of PLACES) {
    await show(page, place);
    const names = await page.evaluate(() => {
      (document.activeElement as HTMLElement | null)?.blur();
      const all = [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")];
      const usable = all.filter((e) => !(e as HTMLButtonElement).disabled && e.getClientRects().length > 0);
      const reached = new Set<Element>();
      addEventListener("focusin", (event) => reached.add(event.target as Element));
      Object.assign(globalThis, { missed: () => usable.map((e, i) => reached.has(e) ? -1 : i).filter((i) => i >= 0) });
      const name = (e: Element) =>
        e.getAttribute("aria-label") ?? (e as HTMLInputElement).labels?.[0]?.textContent ?? e.textContent ?? "";
      return usable.map((element) => name(element).trim());
    });
    assertEquals(names.filter((name) => name === ""), [], place);
    // The key is held down: a frame for each press would be drawn for nobody.
    await Promise.all(Array.from({ length: names.length + 2 }, () => page.keyboard.down("Tab")));
    await page.keyboard.up("Tab");
    const missed = await page.evaluate(() => (globalThis as unknown as { missed: () => number[] }).missed());
    assertEquals(missed.map((i) => names[i]), [], place);
  }
});

browserTest("nothing is wider than the screen, from 375 pixels to 4K", async ({ page }) => {
  for (const width of [375, 768, 3840]) {
    await page.setViewport({ width, height: 900 });
    for (const place of PLACES) {
      await show(page, place);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= width, `${place}: ${wide} of ${width}`);
    }
  }
});

/** The fields of a traced event that are used. Microseconds; `tdur` is the thread's CPU time. */
interface Traced {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Milliseconds of the longest task of the page's own thread while `run` runs. This is CPU time, so other load on the
 * host does not count.
 */
async function longestTask(page: Page, run: () => Promise<void>): Promise<number> {
  await page.tracing.start({ categories: ["toplevel"] });
  await run();
  const trace = JSON.parse(new TextDecoder().decode(await page.tracing.stop()));
  const events: Traced[] = trace.traceEvents;
  const drawing = events.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain");
  const tasks = events.filter((e) =>
    e.name.endsWith("RunTask") && drawing.some(({ pid, tid }) => pid === e.pid && tid === e.tid)
  );
  assert(tasks.length > 100, `${tasks.length} tasks`);
  return Math.max(...tasks.map((task) => task.tdur ?? 0)) / 1000;
}

browserTest(
  "no request leaves, and the thread that draws has no task longer than 100 ms",
  async ({ open, address }) => {
    const { page, requests, complaints } = await open();
    const places = [...PLACES, "#1/map?size=64G", "#1/map?size=1T&contents=off&beside=none", "#1/claims"];
    const longest = await longestTask(page, async () => {
      await page.reload();
      for (const place of places) await show(page, place);
    });
    assert(longest > 0 && longest <= 100, `${longest} ms`);
    const away = requests.filter((url) => !url.startsWith(address) && !/^(blob|data):/.test(url));
    assertEquals([away, complaints], [[], []]);
    const answer = await page.evaluate(() =>
      fetch("http://127.0.0.1:1/").then(() => "answered", (error) => String(error))
    );
    assertEquals(answer, "TypeError: Failed to fetch");
  },
);

browserTest("motion is left out for those who ask for it", async ({ page }) => {
  await goTo(page, "#1/map");
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  const duration = await page.$eval(".ribbon", (ribbon) => getComputedStyle(ribbon).transitionDuration);
  assertEquals(duration, "0s");
});
