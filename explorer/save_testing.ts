// SPDX-License-Identifier: GPL-2.0-only
// Saving from the page: a picture as SVG and as PNG with its colours, a table as CSV with all digits.
/// <reference lib="dom" />

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { goTo } from "./browser.ts";
import { browserTest } from "./explorer_testing.ts";

/** A file: its type, its text, its first bytes. */
interface Saved {
  readonly type: string;
  readonly text: string;
  readonly bytes: number[];
}

/** Presses a button and returns the file that it saves. */
function saved(page: Page, button: string): Promise<Saved> {
  return page.evaluate((button) =>
    new Promise<Saved>((resolve) => {
      const { createObjectURL } = URL;
      URL.createObjectURL = (blob: Blob) => {
        // A PNG is drawn from an SVG; the saved file is the one with a link.
        if (blob.type !== "image/svg+xml" || button !== "Save PNG") {
          URL.createObjectURL = createObjectURL;
          const read = async () => ({
            type: blob.type,
            text: await blob.text(),
            bytes: [...new Uint8Array(await blob.arrayBuffer()).slice(0, 4)],
          });
          void read().then(resolve);
        }
        return createObjectURL(blob);
      };
      [...document.querySelectorAll("button")].find((element) => element.textContent === button)!.click();
    }), button);
}

browserTest("a picture is saved as SVG and as PNG, a table as CSV", async ({ page }) => {
  await goTo(page, "#1/kernels?size=256M");
  const chart = await saved(page, "Save SVG");
  assertEquals(chart.type, "image/svg+xml");
  assertMatch(chart.text, /^<svg [^]*<rect width="100%"[^]*rgb\([^]*<\/svg>$/);
  assertEquals((await saved(page, "Save PNG")).bytes, [0x89, 0x50, 0x4e, 0x47]);
  const { type, text } = await saved(page, "Save CSV");
  assertEquals(type, "text/csv");
  const [head, first] = text.split("\r\n");
  assertStringIncludes(head, 'Kernel,"DRAM, pages"');
  const shown = await page.$$eval(
    "tbody tr:first-child [data-value]",
    (all) => all.map((element) => element.getAttribute("data-value")),
  );
  assertEquals(first, ["5.14", ...shown].join(","));

  await page.evaluate(() => void (location.hash = "#1/map"));
  await page.waitForSelector(".drawing .ribbon");
  const map = await saved(page, "Save SVG");
  // Colours are written into the shapes: no class or variable is left.
  assert(!/class=|var\(/.test(map.text));
  assertEquals(map.text.match(/<path [^>]*fill="rgb/g)?.length, 8 + 1, "pages and tables");
});
